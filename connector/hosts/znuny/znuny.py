"""Znuny behind the protocol of all hosts."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from connector.errors import Permanent
from connector.hosts.host import Capability, Done, FailedDelivery, Touched, Write
from connector.hosts.znuny import translate, webhook
from connector.hosts.znuny.client import ZnunyClient
from connector.hosts.znuny.lists import Lists, lists_of, stock_lists, zone
from connector.hosts.znuny.writes import asked, complaint, opened_by, writes_of
from connector.model.case import Case, Need
from connector.model.company import Company
from connector.model.decision import Plan
from connector.model.desk import Desk
from connector.model.event import Event

STOCK = frozenset({Capability.HISTORY})
"""What Znuny can do for us as it is delivered."""
ADD_ON = STOCK | {
    Capability.ATOMIC_UPDATES,
    Capability.LINKS,
    Capability.SET_COMPANY,
    Capability.COMPANIES,
    Capability.RAW_MAIL,
}
"""What it can do with our add-on. Deliveries are never signed, and no log of failed ones is kept."""

OPEN = ["new", "open", "pending reminder", "pending auto"]
"""Types of the states in which a ticket is not done; `Open`, as documented, finds nothing (fact 16)."""
SIBLINGS = 100
"""The most tickets of a company that one look reads; the last changed."""


class Znuny:
    """One Znuny, as the agent whose login we hold."""

    def __init__(
        self,
        client: ZnunyClient,
        proof: webhook.Proof,
        *,
        name: str = "znuny",
        domains_attribute: str = "MailDomains",
        queues: Iterable[str] = (),
        time_zone: str = "UTC",
    ) -> None:
        """Bind the client; nothing is sent yet. `queues` and `time_zone` are asked of the add-on where there is one."""
        self.name = name
        self._client = client
        self._proof = proof
        self._domains_attribute = domains_attribute
        self._queues = tuple(queues)
        self._time_zone = zone(time_zone)
        self._lists: Lists | None = None
        self._doubtful = False
        self._reading = asyncio.Lock()

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See `Host.capabilities`; those of the add-on are known once the desk was read."""
        return ADD_ON if self._lists is not None and self._lists.add_on else STOCK

    def verify(self, headers: Mapping[str, str], body: bytes) -> Event:
        """See `Host.verify`."""
        return webhook.verify(headers, body, self._proof, host=self.name)

    async def fetch(self, ticket: str, needs: Need, *, now: datetime) -> Case:
        """See `Host.fetch`; one request with the add-on.

        Without it the articles are read always: they tell whether a mail left that was about to.
        """
        lists = await self._known_lists()
        raw = await self._raw(ticket, needs, lists)
        if lists.add_on and (str(raw["Ticket"]["Queue"]) not in lists.desk.groups):
            await self.desk()
            lists = await self._known_lists()
        case = translate.case_of(
            raw,
            host=self.name,
            lists=lists,
            domains_attribute=self._domains_attribute,
            now=now,
            with_articles="Articles" in raw,
        )
        if Need.COMPANY_TICKETS not in needs or case.company is None:
            return case
        query = {"CustomerID": case.company.id, "StateType": OPEN, "SortBy": "Changed", "OrderBy": "Down"}
        others = [each for each in await self._client.search(query, limit=SIBLINGS) if each != ticket]
        tickets = await self._client.tickets(others)
        return replace(case, company_tickets=tuple(map(translate.sibling_of, tickets)))

    async def find(self, number: str) -> str | None:
        """See `Host.find`; a search by something else than a number would find everything (fact 16)."""
        if not number.isascii() or not number.isdecimal():
            return None
        found = await self._client.search({"TicketNumber": number}, limit=2)
        rows = await self._client.tickets(found)
        return next((str(each["TicketID"]) for each in rows if str(each["TicketNumber"]) == number), None)

    async def desk(self) -> Desk:
        """See `Host.desk`; always read anew, and with it whether the add-on is there."""
        self._doubtful = False
        raw = await self._client.desk()
        if raw is None:
            me = await self._client.me()
            address = str(me.get("UserEmail") or "")
            self._lists = stock_lists(bot=me["UserID"], address=address, queues=self._queues, time_zone=self._time_zone)
        else:
            self._lists = lists_of(raw)
        return self._lists.desk

    def writes(self, case: Case, plan: Plan) -> tuple[Write, ...]:
        """See `Host.writes`."""
        if self._lists is None:
            raise Permanent("a plan can only be written after its ticket was fetched")
        try:
            return writes_of(case, plan, self._lists)
        except Permanent:
            self._doubtful = True
            raise

    async def perform(self, write: Write, case: Case) -> Done:
        """See `Host.perform`; no answer tells a mark by which our echo is known, since Znuny sends us none."""
        try:
            answer = await self._client.send(write.method, write.path, dict(write.body))
        except Permanent as exc:
            self._doubtful = True  # a queue may have come, or lost its address: the next look reads the lists anew
            raise Permanent(f"{exc} ({asked(write, case)})") from exc
        return Done(complaint=complaint(write, answer), opened=opened_by(write, answer))

    async def changed_since(self, moment: datetime) -> AsyncIterator[Touched]:
        """See `Host.changed_since`."""
        lists = await self._known_lists()
        since = translate.written(moment, lists.time_zone)
        if lists.add_on:
            async for row in self._client.changed(since):
                at = translate.moment(str(row["At"]), lists.time_zone)
                yield Touched(ticket=str(row["TicketID"]), at=at, version=translate.version_of({}, row["HistoryID"]))
            return
        async for raw in self._client.changed_by_search(since):
            at = translate.moment(str(raw["Changed"]), lists.time_zone)
            yield Touched(ticket=str(raw["TicketID"]), at=at, version=translate.version_of(raw, None))

    async def failed_deliveries(self) -> tuple[FailedDelivery, ...] | None:
        """See `Host.failed_deliveries`; Znuny keeps no log of them."""
        return None

    async def companies(self, changed_since: datetime | None = None) -> AsyncIterator[Company]:
        """See `Host.companies`; none without the add-on."""
        lists = await self._known_lists()
        if not lists.add_on:
            return
        since = translate.written(changed_since, lists.time_zone) if changed_since else None
        async for raw in self._client.companies(since):
            yield translate.company_of(raw, domains_attribute=self._domains_attribute)

    async def aclose(self) -> None:
        """See `Host.aclose`."""
        await self._client.aclose()

    async def _known_lists(self) -> Lists:
        async with self._reading:
            if self._lists is None or self._doubtful:
                await self.desk()
        if self._lists is None:
            raise AssertionError("unreachable")
        return self._lists

    async def _raw(self, ticket: str, needs: Need, lists: Lists) -> dict[str, Any]:
        if not lists.add_on:
            main, history = await asyncio.gather(
                self._client.ticket(ticket, articles=True),
                self._client.history(ticket) if Need.HISTORY in needs else _nothing(),
            )
            return translate.stock(main, history)
        looked = await self._client.look(
            ticket,
            articles=bool(needs & (Need.ARTICLES | Need.RAW_MAIL | Need.READING)),
            links=Need.LINKS in needs,
            raw_mail=Need.RAW_MAIL in needs,
            history=Need.HISTORY in needs,
        )
        return dict(looked)


async def _nothing() -> None:
    return None
