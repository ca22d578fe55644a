"""Print what a look costs the helpdesk: requests, and seconds of its time, on the sandbox over real HTTP.

    python -m bench.looks_on_host [TICKETS]

The sandbox is quicker than any real helpdesk, so its seconds compare the lines of the table and nothing else. The last
column adds up what the same reads cost on the real Zammad that was recorded (100 agents, warm; writes are not in it).
"""

import asyncio
import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from tests.stand import POLICY, Stand, stand, until

TICKETS = 20
SLOW = 0.02
"""Pace at which the sandbox delivers: 40 ms after a change, as a real one does after 1 to 5 s."""
MILLISECONDS = {"tickets/N": 75, "ticket_articles/by_ticket/N": 90, "tags": 35, "links": 85}
"""Of the recorded Zammad, by endpoint."""


@dataclass
class Cost:
    """What looks of one kind have cost so far."""

    looks: int = 0
    seconds: float = 0.0
    requests: Counter[str] = field(default_factory=Counter)

    @property
    def read_milliseconds(self) -> float:
        """Add up what the reads of one look cost on the recorded Zammad."""
        reads = {name.removeprefix("GET "): count for name, count in self.requests.items() if name.startswith("GET ")}
        return sum(MILLISECONDS.get(name, 0) * count for name, count in reads.items()) / self.looks


async def look(made: Stand, ticket: int, cost: Cost) -> None:
    """Look once, and add what it cost."""
    made.box.requests.clear()
    looked = await made.house.look(made.host, str(ticket), dry_run=False)
    await made.house.keep(looked)
    cost.looks += 1
    cost.seconds += looked.record.durations["host"]
    cost.requests.update(f"{seen.method} {endpoint(seen.path)}" for seen in made.box.requests)


def endpoint(path: str) -> str:
    """Write a path without its ids."""
    return re.sub(r"/\d+", "/N", path.removeprefix("/api/v1/"))


async def measure(folder: Path, tickets: int) -> dict[str, Cost]:
    """Look at tickets that change, and again at the same, which do not."""
    costs = {name: Cost() for name in ("attach the company", "move, tag, note and mail", "nothing to do")}
    async with stand(folder, policy=POLICY, run=False) as made:
        first = made.mail("Warm <warm@freemail.example>")
        await made.house.look(made.host, str(first.ticket_id), dry_run=True)
        for number in range(tickets):
            company = made.mail(f"Otto <otto{number}@alpenglas-werk.example>").ticket_id
            contract = made.mail(f"Marc <marc{number}@dubois.example>").ticket_id
            await made.box.settle()
            await look(made, company, costs["attach the company"])
            await look(made, contract, costs["move, tag, note and mail"])
            await look(made, company, costs["nothing to do"])
            await look(made, contract, costs["nothing to do"])
    return costs


async def echo(folder: Path, tickets: int) -> Cost:
    """Let the daemon write, and count what it asks for when the helpdesk tells it of that."""
    cost = Cost()
    async with stand(folder, policy=POLICY, pace=SLOW) as made:
        for number in range(tickets):
            received = made.mail(f"Otto <otto{number}@alpenglas-werk.example>")
            path = f"/tickets/{received.ticket_id}$"
            await until(lambda path=path: made.box.requests.count("PUT", path) > 0)  # type: ignore[misc]  # bound
            await until(lambda made=made, ticket=received.ticket_id: _is_recorded(made, ticket))  # type: ignore[misc]
            made.box.requests.clear()
            await made.idle()
            cost.looks += sum(each.outcome == "echo" for each in await made.deliveries()) - cost.looks
            cost.requests.update(f"{seen.method} {endpoint(seen.path)}" for seen in made.box.requests)
    return cost


async def _is_recorded(made: Stand, ticket: int) -> bool:
    return any(row.changed for row in await made.decisions(ticket))


async def main(tickets: int) -> None:
    """Print the table."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        costs = await measure(Path(one), tickets) | {"echo of our own write": await echo(Path(two), tickets)}
    print(f"{'look':<26} {'looks':>5} {'reads':>6} {'writes':>6} {'host ms':>8} {'reads on a real Zammad, ms':>27}")
    for name, cost in costs.items():
        reads = sum(count for request, count in cost.requests.items() if request.startswith("GET")) / cost.looks
        writes = cost.requests.total() / cost.looks - reads
        print(
            f"{name:<26} {cost.looks:>5} {reads:>6.2f} {writes:>6.2f} {cost.seconds / cost.looks * 1000:>8.1f} "
            f"{cost.read_milliseconds:>27.0f}"
        )
    print()
    for name, cost in costs.items():
        each = ", ".join(f"{count / cost.looks:g} {request}" for request, count in cost.requests.items())
        print(f"{name}: {each or 'no request at all'}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else TICKETS))
