"""The story of one look."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from connector.apply import Applied, apply
from connector.hosts.host import Host
from connector.hosts.http import metered
from connector.model.action import Action
from connector.model.case import Case, Need
from connector.model.company import NO_DIRECTORY, Directory
from connector.model.contract import NO_REGISTRY, Registry
from connector.model.decision import More, Plan, Verdict
from connector.model.message import Message
from connector.model.messages import NO_MESSAGES, Messages
from connector.model.people import NO_PEOPLE, People
from connector.model.reading import Reading
from connector.model.record import Record
from connector.more import asked_for, read_more
from connector.policy import describe
from connector.policy.evaluate import evaluate
from connector.policy.memory import wish_of
from connector.policy.plan import make_plan
from connector.policy.policy import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a look knows besides the ticket."""

    policy: Policy
    directory: Directory = NO_DIRECTORY
    registry: Registry = NO_REGISTRY
    people: People = NO_PEOPLE
    messages: Messages = NO_MESSAGES
    reader: Callable[[Message], Reading] | None = None
    """Understands messages; None where no rule asks for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """Everything one look saw, decided and did."""

    case: Case
    verdicts: tuple[Verdict, ...]
    plan: Plan
    applied: Applied
    record: Record


MailsLately = Callable[[str], Awaitable[int]]
"""Counts our mails to an address within the last hour, over all tickets."""


async def look(
    ticket: str,
    host: Host,
    surroundings: Surroundings,
    mails_lately: MailsLately,
    *,
    now: datetime,
    decision: str,
    dry_run: bool,
) -> Looked:
    """Fetch, decide, plan, apply; an error of the writes is in the result, so that it is recorded before it is raised.

    Raises Transient, Permanent or Gone where the ticket cannot be read.
    """
    with metered() as cost:
        started = time.monotonic()
        needs = surroundings.policy.needs
        fetch = await host.fetch(ticket, needs, now=now)
        lately = await mails_lately(fetch.customer.address if fetch.customer else "")
        # Understanding takes milliseconds a message, a second for a huge one: the door must not wait for it.
        case = await asyncio.to_thread(surround, replace(fetch, parts=needs), surroundings, mails_lately=lately)
        fetched = time.monotonic()
        verdicts = evaluate(case, surroundings.policy)
        more = asked_for(verdicts)
        if more is not None:
            fetch = await read_more(ticket, host, More(needs | more.needs, more.numbers), now=now)
            case = await asyncio.to_thread(surround, fetch, surroundings, mails_lately=lately)
            fetched = time.monotonic()
            verdicts = evaluate(case, surroundings.policy)
        plan = make_plan(case, verdicts, surroundings.policy, decision=decision)
        decided = time.monotonic()
        applied = await apply(plan, case, host, dry_run=dry_run)
        ended = time.monotonic()
    durations = {
        "fetch": fetched - started,
        "decide": decided - fetched,
        "apply": ended - decided,
        "host": cost.seconds,
        "requests": float(len(cost.requests)),
    }
    record = _record(case, verdicts, plan, applied, surroundings.policy, durations, dry_run=dry_run)
    return Looked(case=case, verdicts=verdicts, plan=plan, applied=applied, record=record)


def surround(case: Case, surroundings: Surroundings, *, mails_lately: int) -> Case:
    """Put into the case what does not come from its ticket."""
    return replace(
        case,
        directory=surroundings.directory,
        registry=surroundings.registry,
        people=surroundings.people,
        messages=surroundings.messages,
        readings=readings_of(case, surroundings) if Need.READING in surroundings.policy.needs | case.parts else {},
        mails_lately=mails_lately,
        stamps=surroundings.policy.stamps,
        time_zone=surroundings.policy.time_zone,
    )


def readings_of(case: Case, surroundings: Surroundings) -> dict[str, Reading]:
    """Read what customers said on the ticket and on those linked to it, and what agents noted of their calls."""
    reader = surroundings.reader
    said = (*case.ticket.customer_articles, *(each for link in case.links for each in link.articles))
    return {each.id: reader(each.message) for each in said} if reader else {}


def _record(
    case: Case,
    verdicts: tuple[Verdict, ...],
    plan: Plan,
    applied: Applied,
    policy: Policy,
    durations: dict[str, float],
    *,
    dry_run: bool,
) -> Record:
    steps = [(step.rule, step.action, "do", "") for step in plan.steps]
    steps += [(step.rule, step.action, "observe", "") for step in plan.observed]
    steps += [(drop.rule, drop.action, "drop", drop.why) for drop in plan.dropped]
    return Record(
        id=plan.decision,
        host=case.host,
        ticket=case.ticket.id,
        number=case.ticket.number,
        at=case.seen_at,
        policy_revision=policy.revision,
        facts=facts_of(case),
        verdicts=tuple(
            {
                "rule": verdict.rule,
                "mode": str(verdict.mode),
                "outcome": str(verdict.decision.outcome),
                "reason": verdict.decision.reason,
                "actions": [describe.action(action) for action in verdict.decision.actions],
            }
            for verdict in verdicts
        ),
        plan=tuple(
            {"rule": rule, "what": describe.action(action), "fate": fate, "why": why}
            | (_change(case, action) if fate == "do" else {})
            for rule, action, fate, why in steps
        ),
        results=tuple(
            {
                "request": f"{result.write.method} {result.write.path}",
                "does": [describe.action(step.action) for step in result.write.steps] or ["write the memory"],
                "fate": str(result.fate),
                "detail": result.detail,
            }
            for result in applied.results
        ),
        durations={name: round(seconds, 4) for name, seconds in durations.items()},
        error=str(applied.error) if applied.error else "",
        changed=applied.changed,
        dry_run=dry_run,
    )


def _change(case: Case, action: Action) -> dict[str, str]:
    """Name what an action sets, from what and to what, so that it can be put back."""
    wish = wish_of(case, action)
    return {"thing": wish.thing, "was": wish.found, "now": wish.wanted} if wish else {}


def facts_of(case: Case) -> dict[str, str | int | list[str] | None]:
    """Name what was seen, without a word of what was said."""
    ticket = case.ticket
    return {
        "state": ticket.state_name,
        "group": ticket.group,
        "priority": ticket.priority,
        "tags": sorted(ticket.tags),
        "customer": case.customer.id if case.customer else None,
        "company": case.company.name if case.company else None,
        "version": ticket.version,
        "articles": ticket.article_count,
        "memory": sorted(case.memory),
    }
