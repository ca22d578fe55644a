"""Lend a Zammad, real or pretended, to the contract: everything is made by the admin's API under names of its own."""

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime
from email import message_from_bytes
from email.utils import parseaddr
from typing import Any, TypeVar

import httpx
from pydantic import SecretStr

from connector.hosts.host import Host
from connector.hosts.http import writing_transport
from connector.hosts.zammad.client import ZammadClient
from connector.hosts.zammad.webhook import Proof
from connector.hosts.zammad.zammad import Zammad
from connector.model.message import Channel
from connector.model.ticket import LinkKind, Sender, State
from tests.hosts.ground import Customer, Delivery, Groups, Lack, Mail, Said, View
from tests.hosts.sandbox.receiver import Receiver, receiver
from tests.hosts.zammad.attributes import CONTRACT, ensure_attributes

SECRET = "contract-" + secrets.token_hex(8)
STATES = {State.NEW: "new", State.OPEN: "open", State.CLOSED: "closed"}
SENT = 90.0
"""Seconds within which a mail leaves, or fails for the first time."""
HEARD = 60.0
"""Seconds within which a webhook comes."""
TAKEN_IN = 60.0
"""Seconds within which a mail that was handed in is a ticket."""
GIVEN_UP = 300.0
"""Seconds within which five tries of one delivery have failed; they take 111 on a real Zammad."""
TRIES = 5
QUIET = {
    kind: {
        "criteria": {"owned_by_me": False, "owned_by_nobody": False, "subscribed": False, "no": False},
        "channel": {"email": False, "online": False},
    }
    for kind in ("create", "update", "reminder_reached", "escalation")
}


class Api:
    """Ask a Zammad as one of its people."""

    def __init__(self, url: str, *, headers: dict[str, str], auth: tuple[str, str] | None = None) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/api/v1/",
            headers={"Accept": "application/json"} | headers,
            auth=auth,
            timeout=60.0,
            trust_env=False,
        )

    async def __call__(self, method: str, path: str, json: Any = None) -> Any:
        """Send one request; give the JSON of its answer, which must be a success."""
        answer = await self._http.request(method, path, json=json)
        assert answer.is_success, f"{method} {path} {json}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    async def status(self, method: str, path: str, json: Any = None) -> int:
        """Send one request; give its status."""
        return (await self._http.request(method, path, json=json)).status_code

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


class Cutting(httpx.AsyncBaseTransport):
    """Carry every request to its end, but lose the answer to the n-th write when told so."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.left: int | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        answer = await self._inner.handle_async_request(request)
        if self.left is None or not is_write(request.method, request.url.path):
            return answer
        self.left -= 1
        if self.left >= 0:
            return answer
        await answer.aread()
        await answer.aclose()
        raise httpx.RemoteProtocolError("the connection was closed after the write was carried out")

    async def aclose(self) -> None:
        """See `httpx.AsyncBaseTransport`."""
        await self._inner.aclose()


def by_token(token: SecretStr) -> dict[str, str]:
    """Give the header that says who asks."""
    return {"Authorization": f"Token token={token.get_secret_value()}"}


def is_write(method: str, path: str) -> bool:
    """Tell a write from a read; a search is a POST as well."""
    return method != "GET" and not path.endswith("/search")


HandIn = Callable[[bytes], Awaitable[None]]


class ZammadGround:
    """A `Ground` on a Zammad."""

    lacks: frozenset[Lack]
    groups: Groups

    def __init__(self, *, url: str, token: SecretStr, admin: Api, hooks: Receiver, hand_in: HandIn) -> None:
        """Bind what is open; `zammad_ground` fills in the rest."""
        self.mark = "c" + secrets.token_hex(3)
        self._cutting = Cutting(writing_transport())
        proof = Proof(secrets=[SecretStr(SECRET)])
        self.host: Host = Zammad(ZammadClient(url, token, transport=self._cutting), proof)
        self.leafing: Host = Zammad(ZammadClient(url, token, page=2), proof)
        self.auditor: Host | None = None
        self.contract = CONTRACT
        self.priority = ""
        self.attribute = ""
        self.address = ""
        self.agent = ""
        self.admin, self.bot = admin, Api(url, headers=by_token(token))
        self.human = self.bot
        self.hooks, self._hand_in = hooks, hand_in
        self._numbers = iter(range(1, 1_000_000))
        self.tickets: set[str] = set()
        self.customers: list[str] = []
        self.companies: list[str] = []
        self._refused: set[str] = set()
        self._turned_away: set[str] = set()
        hooks.answer = self._answer

    def _answer(self, _path: str) -> int:
        """Answer the delivery that has just come: 500 where it speaks of a ticket to be refused."""
        delivery = self.hooks.got[-1]
        if _ticket_in(delivery.raw) not in self._refused:
            return 200
        self._turned_away.add(delivery.headers["x-zammad-delivery"])
        return 500

    # making

    async def company(self, domain: str) -> str:
        """See `Ground.company`."""
        name, value = self.contract
        body = {"name": f"{self.mark} {domain}", "domain": domain, "domain_assignment": False, "shared": False}
        made = await self.admin("POST", "organizations", body | {"active": True, name: value})
        self.companies.append(str(made["id"]))
        return str(made["id"])

    async def customer(self, company: str | None = None) -> Customer:
        """See `Ground.customer`."""
        address = f"{self.mark}.{next(self._numbers)}@{self.mark}-nobody.example"
        body: dict[str, Any] = {"firstname": "Carla", "lastname": self.mark, "email": address, "roles": ["Customer"]}
        made = await self.admin("POST", "users", body | ({"organization_id": int(company)} if company else {}))
        self.customers.append(str(made["id"]))
        return Customer(id=str(made["id"]), address=address)

    async def phoned(self, customer: Customer) -> str:
        """See `Ground.phoned`."""
        title = f"Printer {self.mark}-{next(self._numbers)}"
        article = {"subject": title, "body": "It does not print.", "type": "phone", "sender": "Customer"}
        article |= {"internal": False, "content_type": "text/plain"}  # type: ignore[dict-item]  # JSON
        body = {"title": title, "group": self.groups.inbox, "customer": customer.address, "article": article}
        made = await self.human("POST", "tickets", body)
        self.tickets.add(str(made["id"]))
        return str(made["id"])

    async def receive(self, mail: bytes) -> str:
        """See `Ground.receive`; where the mail landed is found by its Message-ID among the tickets of its subject."""
        heads = message_from_bytes(mail)
        await self._hand_in(mail)
        words = str(heads["Subject"]).removeprefix("Re: ").partition(" [")[0]
        ticket = await wait_for(lambda: self._ticket_of(words, str(heads["Message-ID"])), within=TAKEN_IN)
        self.tickets.add(ticket)
        shown = await self.human("GET", f"tickets/{ticket}?expand=true")
        if not shown["group"].startswith(self.mark):  # which group takes a mail is the channel's matter
            await self.human("PUT", f"tickets/{ticket}", {"group": self.groups.inbox})
        return ticket

    async def _ticket_of(self, words: str, message_id: str) -> str | None:
        for found in await self.human("GET", f"tickets/search?query={words.replace(' ', '%20')}&limit=50"):
            articles = await self.human("GET", f"ticket_articles/by_ticket/{found['id']}")
            if any(each["message_id"] == message_id for each in articles):
                return str(found["id"])
        return None

    # acting

    async def act(
        self,
        ticket: str,
        *,
        group: str | None = None,
        state: State | None = None,
        owner: str | None = None,
        note: str | None = None,
        tag: str | None = None,
        untag: str | None = None,
        link: str | None = None,
    ) -> None:
        """See `Ground.act`."""
        body: dict[str, Any] = {}
        if group:
            body["group"] = group
        if state:
            body["state"] = STATES[state]
        if owner:
            body["owner_id"] = int(owner)
        if note:
            body["article"] = {"subject": "note", "body": note, "type": "note", "internal": True}
        if body:
            await self.human("PUT", f"tickets/{ticket}", body)
        tagged = {"object": "Ticket", "o_id": int(ticket)}
        if tag:
            await self.human("POST", "tags/add", tagged | {"item": tag})
        if untag:
            await self.human("DELETE", "tags/remove", tagged | {"item": untag})
        if link:
            number = (await self.human("GET", f"tickets/{link}"))["number"]
            ends = {"link_object_target": "Ticket", "link_object_target_value": int(ticket)}
            ends |= {"link_object_source": "Ticket", "link_object_source_number": number}
            await self.human("POST", "links/add", ends | {"link_type": "normal"})

    async def scribble(self, ticket: str, text: str) -> None:
        """See `Ground.scribble`."""
        await self.human("PUT", f"tickets/{ticket}", {"preferences": {"another_program": text}})

    async def delete(self, ticket: str) -> None:
        """See `Ground.delete`."""
        await self.admin("DELETE", f"tickets/{ticket}")
        self.tickets.discard(ticket)

    # seeing

    async def view(self, ticket: str) -> View:
        """See `Ground.view`; by the bot's account, since the human does not see the silent group."""
        shown, articles, tags, links = await asyncio.gather(
            self.bot("GET", f"tickets/{ticket}?expand=true"),
            self.bot("GET", f"ticket_articles/by_ticket/{ticket}"),
            self.bot("GET", f"tags?object=Ticket&o_id={ticket}"),
            self.bot("GET", f"links?link_object=Ticket&link_object_value={ticket}"),
        )
        customer = await self.bot("GET", f"users/{shown['customer_id']}")
        self.tickets |= {str(each["link_object_value"]) for each in links["links"]}
        pending = shown["pending_time"]
        memory = shown["preferences"].get("helpdesk_policy") or {}
        return View(
            id=str(shown["id"]),
            number=shown["number"],
            title=shown["title"],
            group=shown["group"],
            state=_state(shown["state"]),
            priority=shown["priority"],
            changed_at=datetime.fromisoformat(shown["updated_at"]),
            pending_until=datetime.fromisoformat(pending) if pending else None,
            owner=None if shown["owner"] == "-" else str(shown["owner_id"]),
            customer=str(shown["customer_id"]),
            company=_optional(shown["organization_id"]),
            company_of_customer=_optional(customer["organization_id"]),
            tags=frozenset(tags["tags"]),
            links=frozenset((LinkKind(each["link_type"]), str(each["link_object_value"])) for each in links["links"]),
            said=[_said(each) for each in articles],
            memory={key: value for key, value in memory.items() if value},
            scribble=shown["preferences"].get("another_program", ""),
            attribute=str(shown.get(self.attribute) or ""),
        )

    async def mails(self, ticket: str) -> Sequence[Mail]:
        """See `Ground.mails`; Zammad notes on each article whether its mail left."""

        async def all_tried() -> list[Any] | None:
            me = (await self.bot("GET", "users/me"))["id"]
            articles = await self.bot("GET", f"ticket_articles/by_ticket/{ticket}")
            ours = [each for each in articles if each["type"] == "email" and each["created_by_id"] == me]
            return ours if all("delivery_status" in each["preferences"] for each in ours) else None

        return [
            Mail(to=each["to"], sender=parseaddr(each["from"])[1], subject=each["subject"])
            for each in await wait_for(all_tried, within=SENT)
        ]

    async def delivery(self, ticket: str) -> Delivery:
        """See `Ground.delivery`."""

        async def heard() -> Delivery | None:
            for each in self.hooks.got:
                if _ticket_in(each.raw) == ticket:
                    return Delivery(headers=each.headers, body=each.raw)
            return None

        return await wait_for(heard, within=HEARD)

    async def lose(self, ticket: str) -> None:
        """See `Ground.lose`."""
        await self.delivery(ticket)  # that of its creation, so that only the update's is lost
        self._turned_away.clear()
        self._refused.add(ticket)
        try:
            await self.act(ticket, note="nobody hears of it")
            await wait_for(self._given_up, within=GIVEN_UP)
        finally:
            self._refused.discard(ticket)

    async def _given_up(self) -> bool | None:
        log = await self.admin("GET", "http_logs/webhook?limit=200")
        heads = [str(row["request"]["content"]).partition("\n\n")[0] for row in log if str(row["status"]) == "500"]
        tries = [sum(each in head for head in heads) for each in self._turned_away]
        return True if tries and min(tries) >= TRIES else None

    @contextmanager
    def cut(self, write: int) -> Iterator[None]:
        """See `Ground.cut`."""
        self._cutting.left = write
        try:
            yield
        finally:
            self._cutting.left = None

    # tidying

    async def aclose(self) -> None:
        """Close what is open."""
        await self.bot.aclose()
        for host in (self.host, self.leafing, self.auditor):
            if host is not None:
                await host.aclose()


T = TypeVar("T")


async def wait_for(look: Callable[[], Awaitable[T | None]], *, within: float) -> T:
    """Ask until there is an answer; slower with each time, so that a slow helpdesk is not made slower."""
    deadline, pause = time.monotonic() + within, 0.01
    while (found := await look()) is None:
        assert time.monotonic() < deadline, f"nothing came within {within} s"
        await asyncio.sleep(pause)
        pause = min(2 * pause, 2.0)
    return found


def _said(article: dict[str, Any]) -> Said:
    kinds = {"email": Channel.EMAIL, "phone": Channel.PHONE, "note": Channel.NOTE, "web": Channel.WEB}
    senders = {"Customer": Sender.CUSTOMER, "Agent": Sender.AGENT, "System": Sender.SYSTEM}
    return Said(
        internal=article["internal"],
        channel=kinds[article["type"]],
        sender=senders[article["sender"]],
        body=article["body"],
    )


def _state(name: str) -> State:
    names = {"pending reminder": State.PENDING, "pending close": State.PENDING}
    return names.get(name) or State(name)


def _optional(number: int | None) -> str | None:
    return None if number is None else str(number)


def _ticket_in(body: bytes) -> str:
    return str(json.loads(body)["ticket"]["id"])


@asynccontextmanager
async def zammad_ground(
    *, url: str, token: SecretStr, admin_token: SecretStr, hand_in: HandIn
) -> AsyncIterator[ZammadGround]:
    """Make groups, people, webhook and triggers; remove afterwards what can be removed, and switch off the rest."""
    async with AsyncExitStack() as stack:
        hooks = await stack.enter_async_context(receiver())
        admin = Api(url, headers=by_token(admin_token))
        stack.push_async_callback(admin.aclose)
        ground = ZammadGround(url=url, token=token, admin=admin, hooks=hooks, hand_in=hand_in)
        stack.push_async_callback(ground.aclose)
        proof = Proof(secrets=[SecretStr(SECRET)])
        ground.auditor = Zammad(ZammadClient(url, admin_token), proof)
        ground.attribute = await ensure_attributes(admin)
        await _set_up(ground, stack, url, admin_token)
        stack.push_async_callback(_tidy, ground)
        yield ground


async def _set_up(ground: ZammadGround, stack: AsyncExitStack, url: str, admin_token: SecretStr) -> None:
    """Make what the play needs; everything is undone in the opposite order, whatever happens."""
    before = [str(each["id"]) for each in await ground.admin("GET", "groups") if each["active"]]
    ids = await _set_up_groups(ground, stack)
    everywhere = [*before, ids["inbox"], ids["second"], ids["foreign"]]
    ground.human = await _set_up_human(ground, stack, url, admin_token, groups=everywhere)
    stack.push_async_callback(ground.human.aclose)

    bot = await ground.bot("GET", "users/me")
    stack.push_async_callback(ground.admin, "PUT", f"users/{bot['id']}", {"group_ids": bot["group_ids"]})
    mine = {ids[name]: ["full"] for name in ("inbox", "second", "silent")}
    await ground.admin("PUT", f"users/{bot['id']}", {"group_ids": bot["group_ids"] | mine})
    priorities = await ground.admin("GET", "ticket_priorities")
    ground.priority = [each["name"] for each in priorities if each["active"] and not each["default_create"]][-1]
    await _set_up_hooks(ground, stack)


async def _set_up_groups(ground: ZammadGround, stack: AsyncExitStack) -> dict[str, str]:
    """Make the four groups; two of them send from an address of the host's own, where it has one."""
    addresses = [
        each for each in await ground.admin("GET", "email_addresses") if each.get("active") and each.get("channel_id")
    ]
    ground.lacks = frozenset() if addresses else frozenset({Lack.MAIL_OUT})
    ground.address = addresses[0]["email"] if addresses else ""
    names = {name: f"{ground.mark} {name}" for name in ("inbox", "second", "silent", "foreign")}
    ids: dict[str, str] = {}
    for name, full in names.items():
        body = {"name": full, "note": "made by a test", "active": True, "follow_up_possible": "yes"}
        if addresses and name in ("inbox", "second"):
            body["email_address_id"] = addresses[0]["id"]
        ids[name] = str((await ground.admin("POST", "groups", body | {"follow_up_assignment": True}))["id"])
        stack.push_async_callback(ground.admin, "PUT", f"groups/{ids[name]}", {"active": False})
    ground.groups = Groups(**names)
    return ids


async def _set_up_human(
    ground: ZammadGround, stack: AsyncExitStack, url: str, admin_token: SecretStr, *, groups: list[str]
) -> Api:
    """Make an agent who logs in by himself; where passwords are not taken, the administrator acts in his name."""
    login, password = f"anna.{ground.mark}@contract-agent.example", f"AbCd1-{secrets.token_hex(12)}"
    body = {"firstname": "Anna", "lastname": ground.mark, "email": login, "password": password, "roles": ["Agent"]}
    made = await ground.admin("POST", "users", body)
    ground.agent = str(made["id"])
    stack.push_async_callback(ground.admin, "PUT", f"users/{made['id']}", {"active": False})
    await ground.admin("PUT", f"users/{made['id']}", {"group_ids": {each: ["full"] for each in groups}})
    human = Api(url, headers={}, auth=(login, password))
    if await human.status("GET", "users/me") != 200:
        await human.aclose()
        human = Api(url, headers=by_token(admin_token) | {"From": login})
    await human.status("PUT", "users/preferences", {"notification_config": {"matrix": QUIET}})  # spares mails
    return human


async def _set_up_hooks(ground: ZammadGround, stack: AsyncExitStack) -> None:
    webhook = {"name": ground.mark, "endpoint": f"{ground.hooks.url}/hooks/zammad", "signature_token": SECRET}
    made = await ground.admin("POST", "webhooks", webhook | {"ssl_verify": True, "note": "", "active": True})
    stack.push_async_callback(ground.admin, "DELETE", f"webhooks/{made['id']}")
    for kind in ("create", "update"):
        trigger = {
            "name": f"{ground.mark} {kind}",
            "condition": {"ticket.action": {"operator": "is", "value": kind}},
            "perform": {"notification.webhook": {"webhook_id": made["id"]}},
            "active": True,
            "activator": "action",
            "execution_condition_mode": "always",
            "disable_notification": True,
            "note": "",
        }
        trigger_id = (await ground.admin("POST", "triggers", trigger))["id"]
        stack.push_async_callback(ground.admin, "DELETE", f"triggers/{trigger_id}")


async def _tidy(ground: ZammadGround) -> None:
    """Delete the tickets, switch off customers and companies: Zammad keeps what anything refers to."""
    for ticket in sorted(ground.tickets):
        with contextlib.suppress(AssertionError):  # some were deleted by a fact
            await ground.admin("DELETE", f"tickets/{ticket}")
    for kind, ids in (("users", ground.customers), ("organizations", ground.companies)):
        for id_ in ids:
            await ground.admin("PUT", f"{kind}/{id_}", {"active": False})
