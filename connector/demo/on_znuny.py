"""Open a few tickets on a Znuny that is there, let the daemon's worker look at them, and close them again.

It is somebody's real helpdesk, so nothing but the demo's own tickets is looked at: no sweep runs and no door is open.
The demo's policy mails nobody, and proposes where it might surprise.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from connector.demo.story import PATIENCE, Scene
from connector.errors import HelpdeskPolicyError, Misconfigured, Transient
from connector.hosts.host import Host
from connector.hosts.znuny.client import ZnunyClient
from connector.hosts.znuny.fields import TAGS
from connector.model.case import Need
from connector.model.company import Company
from connector.model.message import Channel
from connector.policy.plan import SKIP
from connector.settings import Settings, ZammadSettings
from connector.store import audit, looks, overview
from connector.wiring import House, clock, open_house
from connector.worker import Worker

STRANGER = "somebody@nowhere.invalid"
"""Nobody's customer."""
CLOSED = "closed successful"
KNOWN = 2
"""Companies whose domains the demo writes from."""


@dataclass(kw_only=True)
class Played:
    """What came of it."""

    queue: str
    scenes: list[Scene] = field(default_factory=list)
    left_open: list[str] = field(default_factory=list)
    """Tickets that could not be closed again, each with why."""


async def play_on_znuny(settings: Settings, tell: Callable[[str], None], *, queue: str = "") -> Played:
    """Play it; raises Misconfigured where no Znuny is set up or the queue is unknown, Transient and Permanent."""
    znuny = settings.znuny
    if not znuny.url:
        raise Misconfigured("no Znuny is set up: set HELPDESK_POLICY_ZNUNY__URL with its login and password")
    client = ZnunyClient(znuny.url, znuny.login, znuny.password, web_service=znuny.web_service)
    async with _house(settings) as house, contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(client.aclose)
        host = house.host("znuny")
        played = Played(queue=await _queue(host, queue))
        opened: list[str] = []
        try:
            for sender in [each async for each in _senders(host)]:
                tell(f"a call of {sender}")
                opened.append(await _note_call(client, sender, played.queue))
                played.scenes.append(await _watch(house, host, opened[-1], sender))
        finally:
            for ticket in opened:
                if why := await _close(client, ticket):
                    played.left_open.append(f"{ticket} ({why})")
        return played


@asynccontextmanager
async def _house(settings: Settings) -> AsyncIterator[House]:
    """Put up a house of its own, whose worker looks at what it is told to and at nothing else."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-policy-demo-") as place:
        policy = Path(place) / "policy.yaml"
        policy.write_bytes((resources.files("connector.demo") / "policy-znuny.yaml").read_bytes())
        own = {
            "policy_file": policy,
            "data_dir": Path(place),
            "database_url": None,
            "zammad": ZammadSettings(),
            "rule_packages": (),
        }
        async with open_house(settings.model_copy(update=own)) as house:
            worker = Worker(house.store, house.take, name=house.name, clock=clock, at_once=1, poll=0.1)
            working = asyncio.create_task(worker.run(), name="worker")
            try:
                yield house
            finally:
                worker.stop()
                await working


async def _queue(host: Host, queue: str) -> str:
    known = sorted(name for name, group in (await host.desk()).groups.items() if group.is_active)
    if queue and queue not in known:
        raise Misconfigured(f"there is no queue {queue!r} that the daemon may use; it sees {', '.join(known)}")
    if not known:
        raise Misconfigured("the daemon's agent may use no queue: give it rw on one")
    return queue or known[0]


async def _senders(host: Host) -> AsyncIterator[str]:
    """Give an address of a few companies that claim a domain, then one of nobody's."""
    found = 0
    async for company in host.companies():
        for domain in _domains(company):
            found += 1
            yield f"helpdesk-policy-demo@{domain}"
        if found >= KNOWN:
            break
    yield STRANGER


def _domains(company: Company) -> Iterator[str]:
    if company.is_active:
        yield from company.domains[:1]


async def _note_call(client: ZnunyClient, sender: str, queue: str) -> str:
    ticket = {
        "Title": "Demo of helpdesk-policy, please leave alone",
        "Queue": queue,
        "State": "new",
        "Priority": "3 normal",
        "CustomerUser": sender,
    }
    article = {
        "CommunicationChannel": "Phone",
        "SenderType": "customer",
        "IsVisibleForCustomer": 0,
        "From": sender,
        "Subject": "Printer",
        "Body": "The printer in the office does not print.",
        "ContentType": "text/plain; charset=utf-8",
        "NoAgentNotify": 1,
    }
    answer = await client.send("POST", "/Ticket", {"Ticket": ticket, "Article": article})
    return str(answer["TicketID"])


async def _watch(house: House, host: Host, ticket: str, sender: str) -> Scene:
    """Ask for a look, wait until the worker is done with it, and write the scene down."""
    await looks.wake(house.store, host.name, ticket, now=clock(), reason="manual")
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not (rows := await audit.find(house.store, ticket=ticket)) or await overview.list_looks(
        house.store, now=clock()
    ):
        if asyncio.get_running_loop().time() > deadline:
            raise Transient(f"ticket id:{ticket} was not looked at within {PATIENCE:.0f} s")
        await asyncio.sleep(0.05)
    case = await host.fetch(ticket, Need.ARTICLES, now=clock())
    notes = [each for each in case.ticket.articles if each.decision and each.channel is Channel.NOTE]
    now = [
        f"group {case.ticket.group}, company {case.company.name if case.company else 'none'}",
        *([f"tags {', '.join(sorted(case.ticket.tags))}"] if case.ticket.tags else []),
        *(f"note: {each.body.strip().partition(chr(10))[0]}" for each in notes),
    ]
    return Scene(number=case.ticket.number, came_in=f"call from {sender}", decisions=list(reversed(rows)), now=now)


async def _close(client: ZnunyClient, ticket: str) -> str:
    """Close a ticket, and let no daemon look at it later; give why it could not be, or nothing."""
    done = {"Ticket": {"State": CLOSED}, "DynamicField": [{"Name": TAGS, "Value": SKIP}]}
    try:
        await client.send("PATCH", f"/Ticket/{ticket}", done)
    except HelpdeskPolicyError as exc:
        return str(exc)
    return ""
