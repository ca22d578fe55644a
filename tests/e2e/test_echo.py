"""What comes back to us of our own writes costs the helpdesk nothing, and hides nobody else's."""

from pathlib import Path
from typing import Any

import pytest

from connector.hosts.sandbox.seed import add_attribute
from tests.stand import Stand, stand, until

QUICK = 0.02
"""The helpdesk delivers after 20 ms and more, as a real one does after a second and more."""


async def kinds(made: Stand, ticket: int) -> list[str]:
    return [each.outcome for each in reversed(await made.deliveries()) if each.ticket == str(ticket)]


async def test_the_echo_of_our_own_write_costs_no_request_at_all(tmp_path: Path) -> None:
    async with stand(tmp_path, pace=QUICK) as made:
        received = made.mail("Otto <otto@alpenglas-werk.example>")
        await until(lambda: made.box.requests.count("PUT", "/tickets/") == 1)
        await until(lambda: _has_recorded(made, received.ticket_id))
        after_the_write = len(made.box.requests)
        await made.idle()

        assert (await kinds(made, received.ticket_id))[-1] == "echo"
        assert len(made.box.requests) == after_the_write


async def _has_recorded(made: Stand, ticket: int) -> bool:
    return any(row.changed for row in await made.decisions(ticket))


CHANGES: dict[str, dict[str, Any]] = {
    "a title": {"title": "Somebody was quicker"},
    "an owner": {"owner": "anna@msp.example"},
    "a priority": {"priority": "3 high"},
    "a state": {"state": "open"},
    "a time": {"state": "pending reminder", "pending_time": "2030-01-01T08:00:00.000Z"},
    "a field of the admin's own": {"floor": "third"},
    "a note": {"article": {"body": "I am on it.", "type": "note", "internal": True}},
}


@pytest.mark.parametrize("change", CHANGES)
async def test_what_a_person_changes_between_our_reading_and_our_writing_is_no_echo(
    tmp_path: Path, change: str
) -> None:
    async with stand(tmp_path, pace=QUICK) as made:
        add_attribute(made.box.world, "Ticket", "floor", "input")
        held = made.box.fault("hang", method="PUT", path="/api/v1/tickets/", seconds=0.15)
        received = made.mail("Otto <otto@alpenglas-werk.example>")
        await until(lambda: held.times == 0)
        made.box.worker.pause()  # the helpdesk is slow to deliver: what it tells of is the state after both
        await made.ask(f"tickets/{received.ticket_id}", method="PUT", json=CHANGES[change], by=made.anna)
        await until(lambda: _has_recorded(made, received.ticket_id))
        made.box.worker.resume()
        await made.idle()
        ticket = await made.ticket(received.ticket_id)
        (latest, *_) = await made.decisions(received.ticket_id)
        outcomes = await kinds(made, received.ticket_id)

    assert ticket["organization"] == "Alpenglas GmbH"
    assert "echo" not in outcomes
    assert latest.facts["version"] == ticket["updated_at"]


async def test_what_a_person_changes_after_our_write_is_no_echo(tmp_path: Path) -> None:
    async with stand(tmp_path, pace=QUICK) as made:
        received = made.mail("Otto <otto@alpenglas-werk.example>")
        await until(lambda: made.box.requests.count("PUT", "/tickets/") == 1)
        made.box.worker.pause()
        await made.ask(f"tickets/{received.ticket_id}", method="PUT", json={"title": "Later"}, by=made.anna)
        made.box.worker.resume()
        await made.idle()
        ticket = await made.ticket(received.ticket_id)
        (latest, *_) = await made.decisions(received.ticket_id)

    assert latest.facts["version"] == ticket["updated_at"]
