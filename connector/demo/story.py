"""Start a helpdesk, the daemon and its database, send a morning's mail, and see what comes of it."""

import asyncio
import contextlib
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from connector import setup
from connector.daemon import running
from connector.errors import Transient
from connector.hosts.sandbox import Sandbox
from connector.hosts.sandbox.serve import serve
from connector.hosts.zammad.admin import Admin
from connector.settings import Settings, load_settings
from connector.store import audit, overview
from connector.store.audit import AuditRow
from connector.wiring import House, clock, open_house

PACE = 0.02
"""The sandbox's background queue runs fifty times as fast as Zammad's."""
PATIENCE = 30.0
"""Seconds that the daemon has for one message before the demo says that something is wrong."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One message, what was decided about it, and how the helpdesk shows it now."""

    number: str
    came_in: str
    decisions: list[AuditRow]
    now: list[str]


@dataclass(kw_only=True)
class Stage:
    """Everything that runs during the demo."""

    helpdesk: str
    door: str
    token: str
    house: House
    desk: httpx.AsyncClient
    """Speaks with the helpdesk as its administrator, over HTTP like anybody else."""
    box: Sandbox
    settings: Settings
    scenes: list[Scene] = field(default_factory=list)


@asynccontextmanager
async def stage(*, port: int = 0, listen_port: int = 0) -> AsyncIterator[Stage]:
    """Put everything up, and take it down in order."""
    box = Sandbox(clock=clock, pace=PACE, back_doors=True)
    demo = box.seed_demo()
    secret = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory(prefix="helpdesk-policy-demo-") as place:
        policy = Path(place) / "policy.yaml"
        for name in ("policy.yaml", "people.csv"):
            (Path(place) / name).write_bytes(_read(name))
        async with contextlib.AsyncExitStack() as stack:
            helpdesk = await stack.enter_async_context(serve(box, port=port))
            settings = load_settings(
                policy_file=policy,
                data_dir=Path(place),
                listen_port=listen_port,
                settle_seconds=0.2,
                log_level="error",
                zammad={"url": helpdesk, "token": demo.bot_token, "webhook_secrets": secret},
            )
            house = await stack.enter_async_context(open_house(settings))
            daemon = await stack.enter_async_context(running(house))
            await asyncio.to_thread(set_up, helpdesk, demo.admin_token, house, f"{daemon.url}/hooks/zammad")
            admin = {"Authorization": f"Token token={demo.admin_token}"}
            desk = await stack.enter_async_context(httpx.AsyncClient(base_url=helpdesk, headers=admin, timeout=10))
            yield Stage(
                helpdesk=helpdesk,
                door=daemon.url,
                token=demo.bot_token,
                house=house,
                desk=desk,
                box=box,
                settings=settings,
            )


def set_up(helpdesk: str, token: str, house: House, endpoint: str) -> None:
    """Make the webhook and its triggers, as `helpdesk-policy setup apply` does."""
    with Admin(helpdesk, SecretStr(token)) as admin:
        planned = setup.plan(admin, house.settings, house.rulebook, endpoint=endpoint, only=setup.ALONE)
        setup.carry_out(admin, planned, tell=lambda _: None)


async def play(stage: Stage, tell: Callable[[str], None]) -> None:
    """Send every mail, note two calls, let one be confirmed, and wait until the policy has had its say on all."""
    folder = resources.files("connector.demo") / "mails"
    mails = sorted(each.name for each in folder.iterdir() if each.name.endswith(".eml"))
    sent = [(await _send(stage, (folder / each).read_bytes(), each, tell), "mail") for each in mails if each != ANSWER]
    calls = [(await _note_call(stage, *each, tell), "call") for each in CALLS]
    for ticket, kind in [*sent, *calls]:
        stage.scenes.append(await _watch(stage, ticket, kind))
    # The customer answers the mail that asked him to confirm in writing what he asked for on the phone.
    held = stage.scenes[-1].number
    answer = (folder / ANSWER).read_bytes().replace(b"Ticket#CALL", f"Ticket#{held}".encode())
    answer = answer.replace(b"DATE", format_datetime(clock()).encode())  # one sent before the request proves nothing
    stage.scenes.append(await _watch(stage, await _send(stage, answer, ANSWER, tell), "call, then his mail"))


ANSWER = "90-confirmation.eml"
CALLS = (
    ("marc@dubois.example", "Telefon: Kasse 2 hängt", "Herr Dubois rief an: Kasse 2 hängt seit heute früh."),
    (
        "bernd@brandt.example",
        "Telefon: Rechte für Frau Neumann",
        "Herr Brandt bittet am Telefon, Frau Neumann Zugriff auf den Ordner Lohn zu geben.",
    ),
)


async def _send(stage: Stage, raw: bytes, name: str, tell: Callable[[str], None]) -> str:
    tell(name.removesuffix(".eml"))
    return str(_checked(await stage.desk.post("/sandbox/mail", content=raw))["ticket_id"])


async def _note_call(stage: Stage, customer: str, title: str, body: str, tell: Callable[[str], None]) -> str:
    tell("a phone call, noted by an agent")
    article = {"type": "phone", "sender": "Customer", "body": body, "internal": False}
    call = {"title": title, "group": "Support", "customer_id": f"guess:{customer}", "article": article}
    return str(_checked(await stage.desk.post("/api/v1/tickets", json=call))["id"])


async def _watch(stage: Stage, ticket: str, kind: str) -> Scene:
    """Wait until the ticket was looked at and nothing waits any more, then write the scene down."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not (rows := await audit.find(stage.house.store, ticket=ticket)) or await _busy(stage):
        if asyncio.get_running_loop().time() > deadline:
            raise Transient(f"ticket id:{ticket} was not looked at within {PATIENCE:.0f} s; what does the log say?")
        await asyncio.sleep(0.05)
    shown = _checked(await stage.desk.get(f"/api/v1/tickets/{ticket}?expand=true"))
    articles = _checked(await stage.desk.get(f"/api/v1/ticket_articles/by_ticket/{ticket}"))
    tags = _checked(await stage.desk.get(f"/api/v1/tags?object=Ticket&o_id={ticket}"))["tags"]
    came_in = f"{kind} from {articles[0]['from'] or shown['customer']}: {shown['title']}"
    return Scene(
        number=str(shown["number"]),
        came_in=came_in,
        decisions=list(reversed(rows)),
        now=_summary(shown, articles, tags),
    )


async def _busy(stage: Stage) -> bool:
    """Tell whether something is still to come; a reminder in two days is not waited for."""
    soon = clock() + timedelta(minutes=1)
    rows = await overview.list_looks(stage.house.store, now=clock())
    return bool(stage.box.worker.pending) or any(row.due_at < soon for row in rows)


def _summary(ticket: dict[str, Any], articles: list[dict[str, Any]], tags: list[str]) -> list[str]:
    ours = [each for each in articles if "helpdesk_policy" in (each["preferences"] or {})]
    notes = [each["body"].partition("\n")[0] for each in ours if each["internal"]]
    mails = [f"{each['to']}: {each['subject']}" for each in ours if not each["internal"]]
    return [
        f"group {ticket['group']}, company {ticket.get('organization') or 'none'}",
        *([f"tags {', '.join(tags)}"] if tags else []),
        *(f"note: {note}" for note in notes),
        *(f"mail to {mail}" for mail in mails),
    ]


def _checked(response: httpx.Response) -> Any:
    if not response.is_success:
        raise Transient(f"the sandbox answered {response.status_code} to {response.request.url.path}: {response.text}")
    return response.json()


def _read(name: str) -> bytes:
    return (resources.files("connector.demo") / name).read_bytes()
