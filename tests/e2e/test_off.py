"""The daemon off for ten minutes, or away from the table, loses nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector.daemon import running
from connector.wiring import clock as wall_clock
from connector.wiring import open_house
from tests.stand import POLICY, POLL, Helpdesk, Stand, beside, helpdesk, settings_for, stand, until


class Clock:
    """The helpdesk's time, ahead of or behind ours by as much as told."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead  # noqa: TID251 - the time that a test lives in


@asynccontextmanager
async def daemon(desk: Helpdesk, folder: Path, port: int = 0) -> AsyncIterator[Stand]:
    """Run a daemon that may read the helpdesk's delivery log, on the folder's database."""
    settings = settings_for(desk, folder, policy=POLICY, listen_port=port, zammad={"token": desk.demo.admin_token})
    async with open_house(settings) as house, running(house, poll=POLL) as started:
        made = beside(desk, house, started.url)
        await until(made.has_swept)
        yield made


async def test_what_happened_while_the_daemon_was_off_is_found_when_it_is_back(tmp_path: Path) -> None:
    clock = Clock()
    clock.ahead = -timedelta(minutes=20)
    async with helpdesk(clock=clock) as desk:
        async with daemon(desk, tmp_path) as made:
            await desk.hook(made.door)
            changed, tagged = [desk.mail(f"Petra <petra{number}@cordis.example>") for number in range(2)]
            await made.idle()
            port = int(made.door.rpartition(":")[2])

        clock.ahead = -timedelta(minutes=9)
        created = desk.mail("Otto <otto@alpenglas-werk.example>")
        title = {"title": "Changed meanwhile"}
        await desk.ask(f"tickets/{changed.ticket_id}", method="PUT", json=title, by=desk.anna)
        await desk.box.settle()
        clock.ahead = -timedelta(minutes=5)
        tag = {"object": "Ticket", "o_id": tagged.ticket_id, "item": "by-hand"}
        await desk.ask("tags/add", method="POST", json=tag, by=desk.anna)
        clock.ahead = -timedelta(minutes=1)
        late = desk.mail("Ewan <office@esker.example>")
        await desk.box.settle()
        failed = [each for each in await desk.ask("http_logs/webhook") if not each["status"].startswith("2")]
        clock.ahead = timedelta()

        back_at = wall_clock()
        async with daemon(desk, tmp_path, port) as made:
            await made.idle()
            counted = made.house.metrics.exposition(None).decode()
            looked_at = {row.ticket for row in await made.decisions() if row.last_at and row.last_at > back_at}
            after = {each: await desk.ticket(each.ticket_id) for each in (created, late)}

    assert len(failed) == 3 * 5  # three deliveries, five tries each
    assert 'helpdesk_policy_lost_deliveries_total{host="zammad"} 3.0' in counted
    assert {str(each.ticket_id) for each in (changed, tagged, created, late)} <= looked_at
    assert after[created]["organization"] == "Alpenglas GmbH"
    assert (after[late]["group"], after[late]["tags"]) == ("Sales", ["no-contract"])


async def test_a_tag_that_switches_the_policy_off_is_found_by_a_sweep_and_looked_at_once(tmp_path: Path) -> None:
    async with stand(tmp_path, sweep_minutes=0.005) as made:
        received = made.mail("Petra <dr.lange@cordis.example>")
        await made.idle()
        await until(lambda: _is_quiet(made))
        tag = {"object": "Ticket", "o_id": received.ticket_id, "item": "policy:skip"}
        await made.ask("tags/add", method="POST", json=tag, by=made.anna)
        await until(lambda: made.box.requests.count("GET", f"/tickets/{received.ticket_id}$") == 1)
        await until(lambda: made.box.requests.count("POST", "/tickets/search") >= 5)
        await made.idle()

    assert made.box.requests.count("GET", f"/tickets/{received.ticket_id}$") == 1


async def _is_quiet(made: Stand) -> bool:
    """Wait for two sweeps that make nobody look, and count the requests from there."""
    made.box.requests.clear()
    await until(lambda: made.box.requests.count("POST", "/tickets/search") >= 2)
    await made.idle()
    quiet = made.box.requests.count("GET", "/tickets/") == 0
    made.box.requests.clear()
    return quiet


async def test_of_two_daemons_on_one_database_one_sweeps_and_nothing_is_done_twice(tmp_path: Path) -> None:
    async with stand(tmp_path) as made, open_house(made.house.settings) as second, running(second, poll=POLL):
        received = [made.mail(f"Marc <marc{number}@dubois.example>") for number in range(8)]
        await made.idle()

    assert made.box.requests.count("POST", "/tickets/search") == 0
    assert made.box.requests.count("PUT", "/api/v1/tickets/") == 2 * len(received)  # the mail, then the note
    assert len([mail for mail in made.box.outbox if b"no support contract for" in mail]) == len(received)
