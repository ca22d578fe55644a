"""Stand the whole product up for a test: a helpdesk over real HTTP, a house with its database, and the daemon.

async with stand(tmp_path, policy=POLICY) as made:
    received = made.mail("marc@dubois.example", "Printer")
    await made.idle()
    assert (await made.ticket(received.ticket_id))["group"] == "Sales"
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from connector.daemon import running
from connector.hosts.host import Host
from connector.hosts.sandbox import Demo, Received, Sandbox
from connector.hosts.sandbox.serve import serve
from connector.settings import Settings, load_settings
from connector.store import deliveries, overview, sqlite_url
from connector.store.audit import AuditRow, find
from connector.wiring import House, open_house
from connector.wiring import clock as wall_clock

SECRET = "signed-with-this"
PACE = 0.001
"""The helpdesk's seconds are milliseconds."""
POLL = 0.02
"""Seconds after which an idle worker asks again."""
PATIENCE = 30.0
"""Seconds a test waits for what must come; on a good day it waits for none of them."""

OBSERVING = "version: 1\nmode: observe\nrules: {company: {}, contract: {}}\n"
POLICY = """
version: 1
mode: enforce
companies:
  domains:
    Alpenglas GmbH: [alpenglas-werk.example]
rules:
  company: {accepted_reassignment: true}
  contract: {}
"""

_numbers = itertools.count(1)


def raw_mail(sender: str, subject: str = "Printer", text: str = "It does not print.", **headers: str) -> bytes:
    """Write a mail as it comes by SMTP; a keyword such as `auto_submitted` is a header."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "support@msp.example", subject
    mail["Message-ID"] = f"<{next(_numbers)}@mails.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


@dataclass(kw_only=True)
class Helpdesk:
    """A sandbox over real HTTP, with a client for each of its people."""

    box: Sandbox
    demo: Demo
    url: str
    admin: httpx.AsyncClient
    anna: httpx.AsyncClient
    bot: httpx.AsyncClient

    def mail(self, sender: str, subject: str = "Printer", text: str = "It does not print.", **headers: str) -> Received:
        """Receive a mail."""
        return self.box.receive_mail(raw_mail(sender, subject, text, **headers))

    async def ask(
        self, path: str, *, method: str = "GET", json: Any = None, by: httpx.AsyncClient | None = None
    ) -> Any:
        """Send one request to the API, by the admin unless told otherwise; give what it answered."""
        answer = await (by or self.admin).request(method, path, json=json)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def ticket(self, ticket: int | str) -> Any:
        """Read a ticket with names in place of ids, and with its tags."""
        content = await self.ask(f"tickets/{ticket}?expand=true")
        return content | {"tags": (await self.ask(f"tags?object=Ticket&o_id={ticket}"))["tags"]}

    async def articles(self, ticket: int | str) -> Any:
        """Read the articles of a ticket."""
        return await self.ask(f"ticket_articles/by_ticket/{ticket}")

    async def hook(self, door: str, *, own_changes: bool = True, secret: str = SECRET) -> int:
        """Let every new and every changed ticket send a signed webhook, as an admin would; give the webhook's id.

        Without `own_changes` the changes made by the bot send none.
        """
        webhook = {"name": "policy", "endpoint": f"{door}/hooks/zammad", "signature_token": secret, "ssl_verify": False}
        made = await self.ask("webhooks", method="POST", json=webhook)
        for kind in ("create", "update"):
            condition: dict[str, Any] = {"ticket.action": {"operator": "is", "value": kind}}
            if not own_changes:
                bot = {"operator": "is not", "pre_condition": "specific", "value": [str(self.demo.bot_id)]}
                condition["ticket.updated_by_id"] = bot
            trigger = {
                "name": f"policy {kind}",
                "activator": "action",
                "execution_condition_mode": "always",
                "condition": condition,
                "perform": {"notification.webhook": {"webhook_id": made["id"]}},
            }
            await self.ask("triggers", method="POST", json=trigger)
        return int(made["id"])


@asynccontextmanager
async def helpdesk(
    *,
    pace: float = PACE,
    clock: Callable[[], datetime] = wall_clock,
    around: Callable[[Any], Any] = lambda app: app,
) -> AsyncIterator[Helpdesk]:
    """Serve a sandbox with the demo company in it; `around` may wrap its ASGI application."""
    box = Sandbox(clock=clock, pace=pace, back_doors=True)
    demo = box.seed_demo()
    box.app = around(box.app)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serve(box))
        admin, anna, bot = [
            await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=f"{url}/api/v1/",
                    headers={"Authorization": f"Token token={token}"},
                    trust_env=False,
                    verify=False,  # plain HTTP: spares the reading of certificates
                )
            )
            for token in (demo.admin_token, demo.agent_token, demo.bot_token)
        ]
        yield Helpdesk(box=box, demo=demo, url=url, admin=admin, anna=anna, bot=bot)


def settings_for(desk: Helpdesk, folder: Path, *, policy: str = POLICY, **more: Any) -> Settings:
    """Give the settings of a daemon beside this helpdesk, on a SQLite database in the folder unless told otherwise."""
    file = folder / "policy.yaml"
    file.write_text(policy, encoding="utf-8")
    zammad = {"url": desk.url, "token": desk.demo.bot_token, "webhook_secrets": SECRET} | more.pop("zammad", {})
    given: dict[str, Any] = {
        "policy_file": file,
        "data_dir": folder,
        "database_url": SecretStr(sqlite_url(folder / "helpdesk-policy.sqlite3")),
        "listen_port": 0,
        "settle_seconds": 0.0,
        "log_level": "error",
        "zammad": zammad,
    }
    return load_settings(**(given | more))


@dataclass(kw_only=True)
class Stand(Helpdesk):
    """A helpdesk and a house beside it; `door` is empty where the daemon does not run."""

    house: House
    door: str = ""

    @property
    def host(self) -> Host:
        """Give the one host of the house."""
        return self.house.host(None)

    async def idle(self, within: float = PATIENCE) -> None:
        """Wait until the helpdesk has delivered everything and the daemon has looked at it all."""
        await until(self._is_idle, within=within)

    async def looks(self, state: overview.State | None = None) -> list[overview.Row]:
        """List the rows of the table of looks."""
        return await overview.list_looks(self.house.store, now=wall_clock(), state=state)

    async def decisions(self, ticket: int | str | None = None, *, limit: int = 100) -> list[AuditRow]:
        """List the decision records, newest first."""
        return await find(self.house.store, ticket=None if ticket is None else str(ticket), limit=limit)

    async def deliveries(self) -> list[deliveries.Delivery]:
        """List the deliveries that came to the door, newest first."""
        return await deliveries.list_deliveries(self.house.store, limit=10_000)

    def has_swept(self) -> bool:
        """Tell whether a sweep of this house has come to its end."""
        return self.host.name in self.house.swept

    async def _is_idle(self) -> bool:
        if self.box.worker.pending:
            return False
        soon = datetime.now(UTC) + timedelta(seconds=5)  # noqa: TID251 - a test may ask what time it is
        rows = await self.looks()
        busy = [row for row in rows if row.state is not overview.State.PARKED and row.due_at <= soon]
        return not busy and not self.box.worker.pending


def beside(desk: Helpdesk, house: House, door: str = "") -> Stand:
    """Put a house beside a helpdesk that stands already."""
    own = {each.name: getattr(desk, each.name) for each in fields(Helpdesk)}
    return Stand(**own, house=house, door=door)


@asynccontextmanager
async def stand(
    folder: Path,
    *,
    policy: str = POLICY,
    run: bool = True,
    hooked: bool = True,
    own_changes: bool = True,
    pace: float = PACE,
    clock: Callable[[], datetime] = wall_clock,
    **settings: Any,
) -> AsyncIterator[Stand]:
    """Stand up a helpdesk and a house and, unless told otherwise, the running daemon with its webhook and triggers.

    When this is entered the daemon has swept once and is idle, and the requests are counted from nought.
    Keywords are settings, as in `looks_at_once=1` or `database_url=SecretStr(postgres_url)`.
    """
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(helpdesk(pace=pace, clock=clock))
        house = await stack.enter_async_context(open_house(settings_for(desk, folder, policy=policy, **settings)))
        made = beside(desk, house)
        if run:
            daemon = await stack.enter_async_context(running(house, poll=POLL))
            made.door = daemon.url
            if hooked:
                await made.hook(daemon.url, own_changes=own_changes)
            await until(made.has_swept)
            await made.idle()
            made.box.requests.clear()
        yield made


async def until(holds: Callable[[], bool | Awaitable[bool]], *, within: float = PATIENCE) -> None:
    """Wait for a fact; raises TimeoutError where it does not come true."""
    async with asyncio.timeout(within):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.005)
