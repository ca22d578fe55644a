"""The contract against a Zammad that is known by four variables only, in another process."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_contract_runs_against_a_zammad_known_by_four_variables_only() -> None:
    said = run_contract()

    assert "41 passed" in said


def test_where_no_group_can_mail_the_contract_sees_mails_held_back() -> None:
    said = run_contract("-k", "mail or cut", pretended=("without-addresses",))

    assert "4 passed" in said
    assert "held back: no group has an address to mail from" in said


def run_contract(*arguments: str, pretended: tuple[str, ...] = ()) -> str:
    """Serve a pretended Zammad, run the contract against it as against a real one, and give what pytest printed."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.hosts.zammad.pretended", *pretended],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        told = json.loads(server.stdout.readline())
        told["mail_command"] = f"{sys.executable} -m tests.hosts.zammad.hand_in {told['url']}"
        variables = {f"ZAMMAD_TEST_{name.upper()}": value for name, value in told.items()}
        contract = ["tests/hosts/test_contract_zammad.py", *arguments]
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *contract],
            cwd=ROOT,
            env=dict(os.environ) | variables,  # noqa: TID251 - the child is given ours and four more
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        server.stdin.close()
    assert ran.returncode == 0, ran.stdout[-4000:]
    assert not re.search(r"\d+ (skipped|failed|error)", ran.stdout)
    return ran.stdout
