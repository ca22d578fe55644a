"""A real Znuny as the ground of the hosts' contract: hands that act beside the product, and eyes into the database."""

import asyncio
import json
import queue
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

import httpx
from pydantic import SecretStr

from connector.hosts.host import Host
from connector.hosts.znuny.client import WEB_SERVICE, ZnunyClient
from connector.hosts.znuny.webhook import Proof
from connector.hosts.znuny.znuny import Znuny
from connector.model.message import Channel
from connector.model.ticket import LinkKind, Sender, State
from tests.hosts.contract import fresh
from tests.hosts.ground import Customer, Delivery, Groups, Lack, Mail, Said, View
from tests.hosts.znuny.running import (
    AGENT,
    AGENT_PASSWORD,
    BASIC,
    BOT,
    HANDS,
    PASSWORD,
    STOCK,
    TOKEN,
    Receiver,
    Server,
    receiving,
    web_service,
)

PROOF = Proof(tokens=[SecretStr(TOKEN)], basic=SecretStr(BASIC))
GROUPS = Groups(inbox="Support", second="Sales", silent="Silent", foreign="Secret")
STATES = {State.NEW: "new", State.OPEN: "open", State.CLOSED: "closed successful"}
READ = {1: Channel.EMAIL, 2: Channel.PHONE, 3: Channel.NOTE, 4: Channel.CHAT}
MEANINGS = {"new": State.NEW, "open": State.OPEN, "closed": State.CLOSED, "merged": State.MERGED}
READS = ("/TicketSearch", "/Companies", "/Changed", "/Session")
"""What is asked by POST and changes nothing."""


class Scissors(httpx.AsyncBaseTransport):
    """A transport that loses the answer to one write."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport()
        self.cut_at: int | None = None
        self._writes = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if request.method == "GET" or request.url.path.endswith(READS):
            return response
        self._writes += 1
        if self.cut_at is not None and self._writes == self.cut_at + 1:
            await response.aread()
            raise httpx.ReadError("the connection was cut")
        return response

    @contextmanager
    def cutting(self, write: int) -> Iterator[None]:
        self.cut_at, self._writes = write, 0
        yield
        self.cut_at = None

    async def aclose(self) -> None:
        await self._inner.aclose()


class ZnunyGround:
    """One real Znuny; `stock` leaves the add-on unused."""

    host: Host
    leafing: Host
    auditor: Host | None = None
    groups = GROUPS
    address = "help@helpdesk.test"
    priority = "4 high"
    attribute = "ProjectCode"
    contract = ("ContractLevel", "gold")

    def __init__(self, server: Server, hands: httpx.AsyncClient, receiver: Receiver, *, stock: bool) -> None:
        self.lacks = frozenset({Lack.LINKS_SEEN} if stock else ())
        self._server = server
        self._hands = hands
        self.receiver = receiver
        self._service = STOCK if stock else WEB_SERVICE
        self._stock = stock
        self._scissors = Scissors()
        self._listens = False
        self._second: list[tuple[Any, ...]] = []
        self.host = host_of(server, service=self._service, transport=self._scissors)
        self.leafing = host_of(server, service=self._service, page=2)
        [(number,)] = server.sql("SELECT id FROM users WHERE login = %s", AGENT)
        self.agent = str(number)

    async def company(self, domain: str) -> str:
        await self._next_second()
        name = fresh("COMPANY")
        await self._act(
            "company", CustomerID=name, Name=f"{name} Inc", Fields={"ContractLevel": "gold", "MailDomains": domain}
        )
        return name

    async def customer(self, company: str | None = None) -> Customer:
        login = fresh("carla")
        address = f"{login}@{fresh('nobody')}.example"
        await self._act("customer", Login=login, Address=address, CustomerID=company or address)
        return Customer(id=login, address=address)

    async def phoned(self, customer: Customer) -> str:
        await self._next_second()
        [(company,)] = self._server.sql("SELECT customer_id FROM customer_user WHERE login = %s", customer.id)
        ticket = {
            "Title": "A call",
            "Queue": GROUPS.inbox,
            "State": "new",
            "Priority": "3 normal",
            "CustomerUser": customer.id,
            "CustomerID": company,
            "OwnerID": 1,
        }
        article = {
            "CommunicationChannel": "Phone",
            "SenderType": "customer",
            "IsVisibleForCustomer": 1,
            "Subject": "A call",
            "Body": "It does not print.",
            "ContentType": "text/plain; charset=utf-8",
        }
        made = await self._hand("POST", "/Ticket", {"Ticket": ticket, "Article": article})
        return str(made["TicketID"])

    async def receive(self, mail: bytes) -> str:
        return await asyncio.to_thread(self._server.receive, mail, GROUPS.inbox)

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
        changes: dict[str, Any] = {}
        if group is not None:
            changes["Queue"] = group
        if state is not None:
            changes["State"] = STATES[state]
        if owner is not None:
            changes |= {"OwnerID": owner, "Lock": "lock"}
        body: dict[str, Any] = {"Ticket": changes} if changes else {}
        if note is not None:
            body["Article"] = {
                "CommunicationChannel": "Internal",
                "SenderType": "agent",
                "IsVisibleForCustomer": 0,
                "Subject": "Note",
                "Body": note,
                "ContentType": "text/plain; charset=utf-8",
            }
        if tag is not None or untag is not None:
            tags = (await self.view(ticket)).tags - {untag} | ({tag} if tag else set())
            body["DynamicField"] = [{"Name": "HelpdeskPolicyTags", "Value": ",".join(sorted(map(str, tags)))}]
        if body:
            await self._hand("PATCH", f"/Ticket/{ticket}", body)
        if link is not None:
            await self._act("link", Source=ticket, Target=link)

    async def scribble(self, ticket: str, text: str) -> None:
        await self._hand("PATCH", f"/Ticket/{ticket}", {"DynamicField": [{"Name": "Scribble", "Value": text}]})

    async def delete(self, ticket: str) -> None:
        await self._act("delete", TicketID=ticket)

    async def view(self, ticket: str) -> View:
        """Look into the database; Znuny's times there are UTC, as the server is set up."""
        [(number, title, group, state, priority, changed, until, owner, lock, customer, company, own)] = (
            self._server.sql(
                """
            SELECT t.tn, t.title, q.name, k.name, p.name,
                   GREATEST(t.change_time, (SELECT MAX(h.create_time) FROM ticket_history h WHERE h.ticket_id = t.id)),
                   t.until_time, t.user_id, l.name, t.customer_user_id, t.customer_id,
                   (SELECT c.customer_id FROM customer_user u JOIN customer_company c ON c.customer_id = u.customer_id
                    WHERE u.login = t.customer_user_id)
            FROM ticket t JOIN queue q ON q.id = t.queue_id JOIN ticket_state s ON s.id = t.ticket_state_id
            JOIN ticket_state_type k ON k.id = s.type_id JOIN ticket_priority p ON p.id = t.ticket_priority_id
            JOIN ticket_lock_type l ON l.id = t.ticket_lock_id
            WHERE t.id = %s
            """,
                int(ticket),
            )
        )
        if self._stock:
            changed = self._server.sql("SELECT change_time FROM ticket WHERE id = %s", int(ticket))[0][0]
        is_company = bool(self._server.sql("SELECT 1 FROM customer_company WHERE customer_id = %s", company))
        meaning = MEANINGS.get(state, State.PENDING)
        fields = self._fields(ticket)
        return View(
            id=ticket,
            number=number,
            title=title,
            group=group,
            state=meaning,
            priority=priority,
            changed_at=changed.replace(tzinfo=UTC),
            pending_until=datetime.fromtimestamp(until, UTC) if meaning is State.PENDING else None,
            owner=str(owner) if lock == "lock" else None,
            customer=customer,
            company=company if is_company else None,
            company_of_customer=own or (company if is_company else None),
            tags=frozenset(tag.strip() for tag in (fields.get("HelpdeskPolicyTags") or "").split(",") if tag.strip()),
            links=frozenset() if self._stock else self._links(ticket),  # the stock interface shows none
            said=self._said(ticket),
            memory=json.loads(fields.get("HelpdeskPolicy") or "{}"),
            scribble=fields.get("Scribble") or "",
            attribute=fields.get("ProjectCode") or "",
        )

    async def mails(self, ticket: str) -> Sequence[Mail]:
        [(number,)] = self._server.sql("SELECT tn FROM ticket WHERE id = %s", int(ticket))
        left = await asyncio.to_thread(self._server.mails)
        hook = f"[Ticket#{number}] "
        return [
            Mail(
                to=parseaddr(str(each["To"]))[1],
                sender=parseaddr(str(each["From"]))[1],
                subject=str(each["Subject"]).removeprefix(hook),  # which Znuny puts before it
            )
            for each in left
            if str(each["Subject"]).startswith(hook)
        ]

    async def delivery(self, ticket: str) -> Delivery:
        if not self._listens:
            content = web_service(self._server, hook=self.receiver.url, with_add_on=not self._stock)
            await asyncio.to_thread(self._server.service, "Update", self._service, content)
            self._listens = True
        await self.act(ticket, note="Is anybody there?")
        async with asyncio.timeout(150):  # Znuny delivers when its daemon comes to it, on a busy machine late
            while True:
                try:
                    delivery = await asyncio.to_thread(self.receiver.deliveries.get, True, 1)
                except queue.Empty:
                    continue
                if str(json.loads(delivery.body)["Event"]["TicketID"]) == ticket:
                    return delivery

    async def lose(self, ticket: str) -> None:
        raise AssertionError("Znuny keeps no log of deliveries that failed")

    def cut(self, write: int) -> Any:
        return self._scissors.cutting(write)

    async def _next_second(self) -> None:
        """Wait until what is made now is newer than what was made before: Znuny's times are to the second."""
        while (second := self._server.sql("SELECT date_trunc('second', now())")) == self._second:  # noqa: ASYNC110 - a clock tells nobody
            await asyncio.sleep(0.1)
        self._second = second

    async def _hand(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = (await self._hands.request(method, path, json=body)).raise_for_status().json()
        assert "Error" not in answer, answer
        return dict(answer)

    async def _act(self, what: str, **needed: Any) -> None:
        await self._hand("POST", "/Act", {"Do": what, **needed})

    def _fields(self, ticket: str) -> dict[str, str]:
        rows = self._server.sql(
            "SELECT f.name, v.value_text FROM dynamic_field_value v JOIN dynamic_field f ON f.id = v.field_id"
            " WHERE f.object_type = 'Ticket' AND v.object_id = %s",
            int(ticket),
        )
        return dict(rows)

    def _links(self, ticket: str) -> frozenset[tuple[LinkKind, str]]:
        rows = self._server.sql(
            "SELECT t.name, r.source_key, r.target_key FROM link_relation r JOIN link_type t ON t.id = r.type_id"
            " WHERE r.source_key = %s OR r.target_key = %s",
            ticket,
            ticket,
        )
        ways = {True: LinkKind.CHILD, False: LinkKind.PARENT}
        return frozenset(
            (LinkKind.NORMAL if name == "Normal" else ways[source == ticket], target if source == ticket else source)
            for name, source, target in rows
        )

    def _said(self, ticket: str) -> list[Said]:
        rows = self._server.sql(
            "SELECT a.is_visible_for_customer, a.communication_channel_id, s.name, m.a_body FROM article a"
            " JOIN article_sender_type s ON s.id = a.article_sender_type_id"
            " JOIN article_data_mime m ON m.article_id = a.id WHERE a.ticket_id = %s ORDER BY a.id",
            int(ticket),
        )
        return [
            Said(internal=not visible, channel=READ[channel], sender=Sender(sender), body=body)
            for visible, channel, sender, body in rows
        ]


def host_of(
    server: Server, *, service: str, page: int = 500, transport: httpx.AsyncBaseTransport | None = None
) -> Znuny:
    """Make a host as the daemon does."""
    client = ZnunyClient(server.url, BOT, SecretStr(PASSWORD), web_service=service, page=page, transport=transport)
    return Znuny(client, PROOF, queues=(GROUPS.inbox, GROUPS.second))


@asynccontextmanager
async def znuny_ground(server: Server, *, stock: bool = False) -> AsyncIterator[ZnunyGround]:
    """Lend the ground; capabilities are known once the desk was read."""
    headers = {"X-OTRS-Header-UserLogin": AGENT, "X-OTRS-Header-Password": AGENT_PASSWORD}
    base = f"{server.url}/nph-genericinterface.pl/Webservice/{HANDS}"
    with receiving() as receiver:
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60) as hands:
            ground = ZnunyGround(server, hands, receiver, stock=stock)
            await ground.host.desk()
            yield ground
            await ground.host.aclose()
            await ground.leafing.aclose()
