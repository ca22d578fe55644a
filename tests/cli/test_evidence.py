"""An auditor gets the proofs of a ticket in one file, and can check it without us."""

import asyncio
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

from connector.evidence import bundle, packed
from connector.store.audit import AuditRow
from tests.cases import NOW, link
from tests.rules.letters import ANNA, SERVER, answered, asking, mailed
from tests.stand import stand

CASE = answered(asking(), mailed(ANNA))
ROW = AuditRow(
    id="01JD3GZ6Q0Y8W5T2M4N7P9R1S3",
    host="zammad",
    ticket="1",
    ticket_number="10001",
    at=NOW,
    policy_revision="abc",
    facts={},
    decisions=[{"rule": "written_permissions", "outcome": "act", "reason": "message 10 is confirmed"}],
    plan=[],
    results=[],
    durations={},
    changed=True,
    dry_run=False,
)


def test_the_mail_lies_in_it_byte_by_byte_with_its_hash_and_what_our_server_said() -> None:
    files = bundle(CASE, [ROW], made_at=NOW)

    raw = CASE.ticket.articles[1].raw
    (mail,) = json.loads(files["mails.json"])
    assert files["mails/10001-20.eml"] == raw
    assert mail["digest"] == hashlib.sha256(raw or b"").hexdigest()
    assert (mail["address"], mail["verdict"]) == (ANNA, f"{SERVER} says dmarc=pass for acme.example")


def test_the_summary_tells_the_story() -> None:
    summary = bundle(CASE, [ROW], made_at=NOW)["summary.txt"].decode()

    for words in (
        "Evidence on ticket 10001 of zammad",
        "| Please give Carl access to the wages folder.",
        "customer by phone, user 3, no raw mail",
        "authentication yes: mx.helpdesk.example says dmarc=pass for acme.example",
        "01JD3GZ6Q0Y8W5T2M4N7P9R1S3",
        "written_permissions act: message 10 is confirmed",
    ):
        assert words in summary


def test_mails_of_linked_tickets_are_in_it() -> None:
    there = replace(link("2"), articles=(mailed(ANNA, id_="30"),))

    assert "mails/10002-30.eml" in bundle(replace(CASE, links=(there,)), [], made_at=NOW)


def test_the_same_content_makes_the_same_file_and_sha256sum_checks_it(tmp_path: Path) -> None:
    files = bundle(CASE, [ROW], made_at=NOW)

    zipfile.ZipFile(io.BytesIO(packed(files))).extractall(tmp_path)
    checked = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert packed(files) == packed(bundle(CASE, [ROW], made_at=NOW))
    assert (checked.returncode, checked.stdout.count(": OK")) == (0, len(files) - 1)


async def test_the_command_writes_it_for_a_real_ticket_and_never_over_another(tmp_path: Path) -> None:
    async with stand(tmp_path) as made:
        received = made.mail("Marc <marc@dubois.example>")
        await made.idle()
        settings = {
            "HELPDESK_POLICY_POLICY_FILE": "policy.yaml",
            "HELPDESK_POLICY_ZAMMAD__URL": made.url,
            "HELPDESK_POLICY_ZAMMAD__TOKEN": made.demo.bot_token,
            "HELPDESK_POLICY_DATA_DIR": str(tmp_path),
        }
        first = await command(tmp_path, settings, "evidence", received.number)
        second = await command(tmp_path, settings, "evidence", received.number)

    made_file = zipfile.ZipFile(tmp_path / f"evidence-{received.number}.zip")
    assert (first[0], second[0]) == (0, 2), (first, second)
    assert "cannot be written: File exists" in second[1]
    assert f"mails/{received.number}-{received.article_id}.eml" in made_file.namelist()
    assert json.loads(made_file.read("decisions.json"))


async def command(folder: Path, settings: dict[str, str], *words: str) -> tuple[int | None, str]:
    """Run a command as an admin does; give its exit code and what it said."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from connector.cli import main; main()", *words),
        env={**os.environ, **settings},  # noqa: TID251 - a child needs PATH and the like
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(running.communicate(), timeout=60)
    return running.returncode, said.decode()
