"""One look: what it saw, decided and did is told, and never a word of what was said."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import pytest

from connector.apply import Fate
from connector.errors import Gone, Permanent, Transient
from connector.wiring import audit_row
from tests.stand import Stand, stand

SAID = "the vault's combination is 8-15-4711"


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Stand]:
    """Give a helpdesk, and a house that does not run."""
    async with stand(tmp_path, run=False) as made:
        yield made


async def test_a_look_tells_what_it_saw_decided_and_did(made: Stand) -> None:
    received = made.mail("Marc <marc@dubois.example>", text=SAID)
    looked = await made.house.look(made.host, str(received.ticket_id), dry_run=False)
    record = looked.record

    assert (record.number, record.changed, record.error, record.dry_run) == (received.number, True, "", False)
    assert (record.facts["group"], record.facts["company"], record.facts["articles"]) == (
        "Support",
        "Dubois Transports",
        2,  # the mail, and the helpdesk's own reply to it
    )
    assert [each["rule"] for each in record.verdicts] == ["company", "contract"]
    assert [each["fate"] for each in record.results] == ["done"] * 3
    assert record.durations["requests"] == made.box.requests.count() - made.box.requests.count(path="/organizations")
    assert record.durations["host"] > 0


async def test_a_second_look_finds_nothing_left_to_do(made: Stand) -> None:
    received = made.mail("Marc <marc@dubois.example>")
    for _ in range(2):
        looked = await made.house.look(made.host, str(received.ticket_id), dry_run=False)

    assert (looked.plan.is_empty, looked.record.changed, looked.record.results) == (True, False, ())


async def test_a_dry_run_tells_the_exact_writes_and_sends_none(made: Stand) -> None:
    received = made.mail("Marc <marc@dubois.example>")
    looked = await made.house.look(made.host, str(received.ticket_id), dry_run=True)

    assert {each.fate for each in looked.applied.results} == {Fate.WOULD}
    assert made.box.requests.count("PUT|DELETE") + made.box.requests.count("POST", "/tags|/tickets$") == 0


async def test_nothing_of_what_was_said_is_in_the_record(made: Stand) -> None:
    received = made.mail("Marc <marc@dubois.example>", subject=SAID, text=SAID)
    looked = await made.house.look(made.host, str(received.ticket_id), dry_run=False)

    assert SAID in (looked.case.ticket.articles[0].body, looked.case.ticket.title)
    assert "4711" not in str(asdict(audit_row(looked.record)))


async def test_a_write_that_failed_is_in_the_record_and_is_raised_only_after_it(made: Stand) -> None:
    received = made.mail("Marc <marc@dubois.example>")
    made.box.fault("status", method="PUT", path="/tickets/", status=503)
    looked = await made.house.look(made.host, str(received.ticket_id), dry_run=False)

    assert isinstance(looked.applied.error, Transient)
    assert [each["fate"] for each in looked.record.results] == ["done", "failed"]
    assert looked.record.error == "Zammad answered 503 to PUT /api/v1/tickets/2: fault: 503"
    assert looked.record.changed


@pytest.mark.parametrize(("status", "error"), [(503, Transient), (404, Gone), (401, Permanent)])
async def test_a_ticket_that_cannot_be_read_is_raised_at_once(made: Stand, status: int, error: type[Exception]) -> None:
    received = made.mail("Marc <marc@dubois.example>")
    made.box.fault("status", path=f"/tickets/{received.ticket_id}$", status=status, times=3)

    with pytest.raises(error):
        await made.house.look(made.host, str(received.ticket_id), dry_run=False)


async def test_without_the_directory_nothing_is_decided(made: Stand) -> None:
    received = made.mail("Otto <otto@alpenglas-werk.example>")
    made.box.fault("status", path="/organizations", status=502, times=3)

    with pytest.raises(Transient, match="502"):
        await made.house.look(made.host, str(received.ticket_id), dry_run=False)
    assert made.box.requests.count("GET", "/tickets/") == 0
