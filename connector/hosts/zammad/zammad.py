"""Zammad behind the protocol of all hosts."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from connector.errors import HelpdeskPolicyError, Permanent
from connector.hosts.host import Capability, Done, FailedDelivery, Touched, Write
from connector.hosts.zammad import translate, webhook
from connector.hosts.zammad.client import ZammadClient
from connector.hosts.zammad.lists import Lists, lists_of
from connector.hosts.zammad.writes import FILES, complaint, opened_by, version_after, writes_of, written_files
from connector.model.case import Case, Need
from connector.model.company import Company
from connector.model.decision import Plan
from connector.model.desk import Desk
from connector.model.event import Event
from connector.model.ticket import State

LOGGED = 1000
"""Rows of the delivery log read at once; five tries of one delivery are five rows."""

UNSETTLED = frozenset({State.NEW, State.OPEN, State.PENDING})


class Zammad:
    """One Zammad, as the user whose token we hold."""

    capabilities = frozenset(Capability)

    def __init__(
        self, client: ZammadClient, proof: webhook.Proof, *, name: str = "zammad", domains_attribute: str = "domains"
    ) -> None:
        """Bind the client; nothing is sent yet."""
        self.name = name
        self._client = client
        self._proof = proof
        self._domains_attribute = domains_attribute
        self._lists: Lists | None = None
        self._doubtful = False
        self._reading = asyncio.Lock()

    def verify(self, headers: Mapping[str, str], body: bytes) -> Event:
        """See `Host.verify`."""
        return webhook.verify(headers, body, self._proof, host=self.name)

    async def fetch(self, ticket: str, needs: Need, *, now: datetime) -> Case:
        """See `Host.fetch`; ticket and tags are read always, since `policy:skip` is a tag."""
        main, tags, articles, links, history = await asyncio.gather(
            self._client.ticket(ticket),
            self._client.tags(ticket),
            self._client.articles(ticket) if needs & (Need.ARTICLES | Need.RAW_MAIL) else _nothing(),
            self._client.links(ticket) if Need.LINKS in needs else _nothing(),
            self._client.history(ticket) if Need.HISTORY in needs else _nothing(),
        )
        lists = await self._lists_for(main)
        siblings, customer_history = await asyncio.gather(
            self._company_tickets(main, lists) if Need.COMPANY_TICKETS in needs else _nothing(),
            self._customer_history(main) if Need.CUSTOMER_HISTORY in needs else _nothing(),
        )
        return translate.case_of(
            host=self.name,
            ticket=main,
            tags=tags,
            articles=articles,
            links=links,
            history=history,
            raw_mails=await self._raw_mails(articles or []) if Need.RAW_MAIL in needs else {},
            siblings=siblings,
            customer_history=customer_history,
            lists=lists,
            domains_attribute=self._domains_attribute,
            now=now,
        )

    async def find(self, number: str) -> str | None:
        """See `Host.find`; a search finds parts of numbers and of texts too, so the number is compared."""
        found = await self._client.tickets_like(number)
        return next((str(each["id"]) for each in found if str(each["number"]) == number), None)

    async def desk(self) -> Desk:
        """See `Host.desk`; always read anew."""
        self._lists = await self._read_lists()
        return self._lists.desk

    def writes(self, case: Case, plan: Plan) -> tuple[Write, ...]:
        """See `Host.writes`."""
        with self._doubting_lists():
            return writes_of(case, plan, self._known_lists())

    async def perform(self, write: Write, case: Case) -> Done:
        """See `Host.perform`."""
        with self._doubting_lists():
            answer = await self._client.send(write.method, write.path, dict(write.body))
            if FILES in write.expect:
                answer = answer | {FILES: await self._files_of(str(answer["id"]))}
        # What was ignored is no doing of somebody else's: the echo of this write is known all the same.
        shown = replace(write, expect={name: answer.get(name) for name in write.expect})
        version = version_after(shown, answer, case, self._known_lists())
        return Done(complaint=complaint(write, answer), version=version, opened=opened_by(write, answer))

    async def _files_of(self, ticket: str) -> str:
        """Read what attachments a new ticket has."""
        articles = [translate.article_of(each) for each in await self._client.articles(ticket)]
        return written_files(file for each in articles for file in each.files)

    async def changed_since(self, moment: datetime) -> AsyncIterator[Touched]:
        """See `Host.changed_since`."""
        async for raw in self._client.tickets_updated_since(translate.written(moment)):
            yield Touched(ticket=str(raw["id"]), at=translate.moment(raw["updated_at"]), version=str(raw["updated_at"]))

    async def failed_deliveries(self) -> tuple[FailedDelivery, ...] | None:
        """See `Host.failed_deliveries`; counted by delivery id, since one try can be two rows in the log."""
        rows = await self._client.delivery_log(LOGGED)
        if rows is None:
            return None
        tries: dict[str, list[FailedDelivery]] = defaultdict(list)
        for failed in map(_failed, rows):
            tries[failed.delivery].append(failed)
        return tuple(
            FailedDelivery(
                delivery=delivery,
                ticket=last.ticket,
                trigger=last.trigger,
                url=last.url,
                last_at=last.last_at,
                status=last.status,
                tries=_tries(rows_of_one),
            )
            for delivery, rows_of_one in tries.items()
            if not any(each.status.startswith("2") for each in rows_of_one)  # a later try came through
            for last in [max(rows_of_one, key=lambda each: each.last_at)]
        )

    async def companies(self, changed_since: datetime | None = None) -> AsyncIterator[Company]:
        """See `Host.companies`."""
        if changed_since is None:
            found = self._client.organizations()
        else:
            found = self._client.organizations_updated_since(translate.written(changed_since))
        async for raw in found:
            yield translate.company_of(raw, domains_attribute=self._domains_attribute)

    async def aclose(self) -> None:
        """See `Host.aclose`."""
        await self._client.aclose()

    async def _company_tickets(self, ticket: Mapping[str, Any], lists: Lists) -> Any:
        company = translate.main_of(ticket)["organization_id"]
        still_open = [str(number) for number, name in lists.states.items() if lists.desk.states.get(name) in UNSETTLED]
        return await self._client.tickets_of_organization(company, still_open) if company else None

    async def _customer_history(self, ticket: Mapping[str, Any]) -> Any:
        return await self._client.user_history(str(translate.main_of(ticket)["customer_id"]))

    async def _raw_mails(self, articles: list[dict[str, Any]]) -> dict[str, bytes]:
        mails = [str(each["id"]) for each in articles if each["type"] == "email" and each["sender"] == "Customer"]
        sources = await asyncio.gather(*(self._client.raw_mail(each) for each in mails))
        return {article: source for article, source in zip(mails, sources, strict=True) if source is not None}

    async def _lists_for(self, ticket: dict[str, Any]) -> Lists:
        """Give lists that know this ticket's group, state and priority; read again where one is new."""
        main = ticket["assets"]["Ticket"][str(ticket["id"])]
        async with self._reading:
            known = self._lists
            if (
                known is None
                or self._doubtful
                or main["group_id"] not in known.groups
                or main["state_id"] not in known.states
                or main["priority_id"] not in known.priorities
            ):
                self._lists = known = await self._read_lists()
            return known

    @contextmanager
    def _doubting_lists(self) -> Iterator[None]:
        """Let the next look read the lists anew after an error: a group may have come, or lost its mail address.

        Zammad answers 500 to a mail from a group without address (fact 20), for ever if we still believed in it.
        """
        try:
            yield
        except HelpdeskPolicyError:
            self._doubtful = True
            raise

    async def _read_lists(self) -> Lists:
        self._doubtful = False
        me, groups, roles, states, priorities, addresses, settings = await asyncio.gather(
            self._client.me(),
            self._client.groups(),
            self._client.roles(),
            self._client.states(),
            self._client.priorities(),
            self._client.email_addresses(),
            self._client.settings(),
        )
        return lists_of(
            me=me,
            groups=groups,
            roles=roles,
            states=states,
            priorities=priorities,
            addresses=addresses,
            settings=settings,
        )

    def _known_lists(self) -> Lists:
        if self._lists is None:
            raise Permanent("a plan can only be written after its ticket was fetched")
        return self._lists


def _tries(rows: Sequence[FailedDelivery]) -> int:
    """Count the tries of one delivery; Zammad writes a second row, of status 0, after each redirect."""
    statuses = [each.status for each in sorted(rows, key=lambda each: each.last_at)]
    return len(statuses) - sum(before.startswith("3") and after == "0" for before, after in pairwise(statuses))


def _failed(row: Mapping[str, Any]) -> FailedDelivery:
    """Read one row of the log: headers as lines, an empty line, then the body with long words cut."""
    content = str((row.get("request") or {}).get("content") or "")
    head, _, body = content.partition("\n\n")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\n"))
    }
    return FailedDelivery(
        delivery=headers.get("x-zammad-delivery", f"log row {row['id']}"),
        ticket=_ticket_in(body),
        trigger=headers.get("x-zammad-trigger", ""),
        url=str(row["url"]),
        last_at=translate.moment(row["created_at"]),
        status=str(row["status"]),
        tries=1,
    )


def _ticket_in(body: str) -> str | None:
    try:
        return str(json.loads(body)["ticket"]["id"])
    except (ValueError, KeyError, TypeError):
        return None


async def _nothing() -> None:
    return None
