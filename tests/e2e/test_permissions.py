"""A change of rights goes its whole way: asked for, held, confirmed from elsewhere, released; killed in between."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from connector.policy.reference import PATTERN
from tests.e2e.gate import Gate, Stop
from tests.e2e.process import Process, daemon_of
from tests.stand import Helpdesk, Stand, helpdesk, stand, until

SERVER = "mx.msp.example"
POLICY = f"""
version: 1
mode: enforce
mail: {{authserv_ids: [{SERVER}], per_ticket_and_hour: 10, per_address_and_hour: 100}}
people: {{file: people.csv}}
rules:
  written_permissions: {{}}
"""
PEOPLE = "company,address,name\nAlpenglas GmbH,carla@alpenglas.example,Carla\n"
ASK = "Please give Otto write access to the wages folder."
HELD = "permission-held"


def mail(text: str, *, subject: str, is_proven: bool = True) -> bytes:
    """Write Carla's mail as our server hands it on."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "carla@alpenglas.example", "support@msp.example", subject
    made["Date"] = format_datetime(datetime.now(UTC))  # noqa: TID251 - a mail is sent now
    made["Message-ID"] = f"<{abs(hash((text, subject)))}@alpenglas.example>"
    made.set_content(text)
    stamp = f"Authentication-Results: {SERVER}; dmarc=pass header.from=alpenglas.example\r\n" if is_proven else ""
    return stamp.encode() + made.as_bytes()


def reference_in(desk: Helpdesk) -> str:
    """Read the reference off the last mail that left."""
    found = PATTERN.search(desk.box.outbox[-1].decode())
    assert found is not None
    return found.group()


async def state_of(desk: Helpdesk, ticket: int) -> tuple[str, list[str]]:
    shown = await desk.ticket(ticket)
    return shown["state"], shown["tags"]


async def test_a_mail_that_opens_a_ticket_of_its_own_releases_the_one_that_waits(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    async with stand(tmp_path, policy=POLICY) as made:
        held = made.box.receive_mail(mail(ASK, subject="Wages", is_proven=False))
        await made.idle()
        waits = await state_of(made, held.ticket_id)
        other = made.box.receive_mail(mail(f"Yes, I confirm {reference_in(made)}.", subject="Confirmation"))
        await made.idle()
        released = await state_of(made, held.ticket_id)
        links = await made.ask(f"links?link_object=Ticket&link_object_value={other.ticket_id}")
        notes = await notes_of(made, held.ticket_id)

    assert waits == ("pending reminder", [HELD])
    assert released == ("open", [])
    assert [(each["link_type"], each["link_object_value"]) for each in links["links"]] == [("normal", held.ticket_id)]
    assert [note.partition(":")[0] for note in notes] == ["Held", "Confirmed in writing"]


async def notes_of(desk: Helpdesk | Stand, ticket: int) -> list[str]:
    articles = await desk.articles(ticket)
    return [each["body"] for each in articles if each["internal"] and each["created_by"] == "policy-bot@msp.example"]


async def outcome(desk: Helpdesk, ticket: int) -> dict[str, Any]:
    """Say what stands in the helpdesk in the end."""
    state, tags = await state_of(desk, ticket)
    mails = [each for each in await desk.articles(ticket) if each["sender"] == "Agent" and each["type"] == "email"]
    notes = [note.partition(":")[0] for note in await notes_of(desk, ticket)]
    return {"state": state, "tags": tags, "mails": len(mails), "notes": notes}


async def rest(desk: Helpdesk, process: Process) -> None:
    """Wait until nothing is due: a held ticket waits for its reminder."""
    await until(lambda: not desk.box.worker.pending and not _due(process), within=30)
    await until(lambda: not desk.box.worker.pending and not _due(process), within=30)


def _due(process: Process) -> int:
    soon = datetime.now(UTC).timestamp() + 3600  # noqa: TID251 - what is due within the hour is due for a test
    with closing(sqlite3.connect(process.folder / "helpdesk-policy.sqlite3", 60)) as database:
        moments = [row[0] for row in database.execute("SELECT due_at FROM looks").fetchall()]
    return sum(1 for each in moments if _seconds(each) < soon)


def _seconds(moment: Any) -> float:
    return moment / 1_000_000 if isinstance(moment, int) else datetime.fromisoformat(str(moment)).timestamp()


async def test_killed_at_any_step_of_a_hold_or_a_release_all_of_it_is_done_once(tmp_path: Path) -> None:
    gates: list[Gate] = []

    def around(app: Any) -> Gate:
        gates.append(Gate(app=app, token="sandbox-bot"))
        return gates[0]

    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    async with helpdesk(around=around) as desk, daemon_of(desk, tmp_path, POLICY) as process:
        (gate,) = gates
        await desk.hook(process.door)
        expected, writes = await _undisturbed(desk, gate, process)
        found = []
        for before in writes[0]:
            ticket = desk.box.receive_mail(mail(ASK, subject=f"Wages {before}", is_proven=False))
            await _killed(desk, gate, process, ticket.ticket_id, before=before)
            found.append(await outcome(desk, ticket.ticket_id))
        for before in writes[1]:
            ticket = desk.box.receive_mail(mail(ASK, subject=f"Bonus {before}", is_proven=False))
            await rest(desk, process)
            desk.box.receive_mail(mail("Yes, I confirm.", subject=f"Re: Bonus [Ticket#{ticket.number}] {before}"))
            await _killed(desk, gate, process, ticket.ticket_id, before=before)
            found.append(await outcome(desk, ticket.ticket_id))

    held, released = expected
    assert (held["state"], held["tags"], held["mails"]) == ("pending reminder", [HELD], 1)
    assert (released["state"], released["tags"], released["mails"]) == ("open", [], 1)
    assert found == [held] * len(writes[0]) + [released] * len(writes[1])


async def _undisturbed(desk: Helpdesk, gate: Gate, process: Process) -> tuple[list[dict[str, Any]], list[list[int]]]:
    """Hold and release one ticket, and count at which requests the daemon can be stopped."""
    ticket = desk.box.receive_mail(mail(ASK, subject="Wages", is_proven=False))
    outcomes: list[dict[str, Any]] = []
    writes: list[list[int]] = []
    for _ in range(2):
        gate.stops.append(Stop(keys=frozenset({f"ticket {ticket.ticket_id}"})))
        if outcomes:
            desk.box.receive_mail(mail("Yes, I confirm.", subject=f"Re: Wages [Ticket#{ticket.number}]"))
        await rest(desk, process)
        stop = gate.stops.pop()
        outcomes.append(await outcome(desk, ticket.ticket_id))
        writes.append([at for at, request in enumerate(stop.seen, 1) if not request.startswith("GET")])
    return outcomes, writes


async def _killed(desk: Helpdesk, gate: Gate, process: Process, ticket: int, *, before: int) -> None:
    """Kill the daemon where it is about to send a request, and start it again."""
    stop = Stop(keys=frozenset({f"ticket {ticket}"}), before=before)
    gate.stops.append(stop)
    await until(lambda: stop.held, within=30)
    await process.kill()
    process.let_leases_run_out()
    gate.stops.clear()
    await process.start()
    await rest(desk, process)
