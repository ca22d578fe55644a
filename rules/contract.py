"""Support is for those with a contract; the others are Sales' customers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from pydantic import Field

from connector.model.company import Company
from connector.model.contract import Contract as Row
from connector.policy import (
    Action,
    AddNote,
    AddTag,
    Case,
    Decision,
    MoveTo,
    Need,
    Options,
    Remember,
    RemoveTag,
    SendReply,
    is_our_tag,
    rule,
)
from connector.policy.identify import company_of
from connector.policy.memory import as_text
from connector.policy.rule import FieldKind

CAME_FROM = "contract.came_from"
"""Memory: the group out of which a ticket was moved to Sales, so that it can come back."""


class Contract(Options):
    """Options of `contract`."""

    group: str = "Sales"
    """Where tickets without a contract go."""
    level_attribute: str = "support_contract"
    """The company's field that names its contract; missing or empty says nothing, which is not none."""
    until_attribute: str = "contract_valid_until"
    """The company's field with the contract's last day."""
    none_values: tuple[str, ...] = ("none", "no", "false", "kein", "brak", "nincs", "нет")
    """Words for a level that mean: no contract, and we know it."""
    tag: str = "no-contract"
    """Put on a ticket that goes to Sales."""
    unknown_tag: str = "contract-unknown"
    """Put on a ticket whose contract nobody can tell."""
    subject: str = "Your request"
    """Subject of the mail to a customer without a contract."""
    text: str = ""
    """Mail to a customer without a contract, sent once; empty sends none."""
    grace_days: int = Field(0, ge=0, le=365)
    """Days after the last one in which a contract still counts."""

    def needs(self) -> Need:
        """Read what was said before a mail is sent: never one to an automatic message."""
        return Need.ARTICLES if self.text else Need.NOTHING

    def groups(self) -> tuple[str, ...]:
        """Name the group of Sales."""
        return (self.group,)

    def company_fields(self) -> Mapping[str, FieldKind]:
        """Name the two fields that tell a contract."""
        return {self.level_attribute: "choice", self.until_attribute: "date"}


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a company's contract, and where from."""

    kind: Literal["valid", "none", "unknown"]
    why: str
    fact: str = ""
    """What it rests on, the same from day to day: people are told once of each."""


@rule(options=Contract, needs=Need.NOTHING, clauses=("B3", "D1", "A21"))
def route_by_contract(case: Case, options: Contract) -> Decision:
    """Move a ticket without a contract to Sales, and back when one appears. Clauses B3, D1, A21.

    Unknown is not none: it stays where it is, with a note for a person. A contract that was valid when the ticket came
    covers it to its end.
    """
    if case.ticket.is_settled:
        return Decision.skip(f"ticket is {case.ticket.state}, its work is over")
    if case.customer is None or case.customer.is_system:
        return Decision.skip("the ticket has no customer")
    if case.customer.is_agent:
        return Decision.skip(f"{case.customer.address or case.customer.name} is an agent, not a customer")

    standing = contract_standing(case, options)
    if standing.kind == "valid":
        return _let_through(case, options, standing)
    if standing.kind == "unknown":
        text = f"Is this covered by a contract? {_sentence(standing.why)} A person must find out."
        asked = AddTag(options.unknown_tag), AddNote(text, once="unknown")
        return Decision.act(standing.why, *asked, *_taken_off(case, options.tag))
    return _send_to_sales(case, options, standing)


def contract_standing(case: Case, options: Contract) -> Standing:
    """Tell valid, none and unknown apart, by the company's own fields and the registry.

    The host's fields win, but for one thing: they say no and the registry says yes. That nobody can know.
    """
    company = company_of(case)
    if company is None:
        address = case.customer.address if case.customer else "nobody"
        return Standing("unknown", f"the company of {address or 'the customer'} is not known")
    fields, registry = _by_fields(case, options, company), _by_registry(case, options, company)
    if fields and registry and fields.kind == "none" and registry.kind == "valid":
        return Standing("unknown", f"{fields.why}, but by the registry {registry.why}")
    if fields and registry and fields.kind == "unknown":
        return registry if registry.kind == "valid" else fields
    found = fields or registry
    return found or Standing(
        "unknown", f"neither {company.name}'s field {options.level_attribute!r} nor a registry names a contract"
    )


def _by_fields(case: Case, options: Contract, company: Company) -> Standing | None:
    level = as_text(company.attributes.get(options.level_attribute)).strip()
    if not level:
        return None
    if _is_none(level, options):
        return Standing("none", f"{company.name}'s {options.level_attribute} is {level!r}", "none")
    written = as_text(company.attributes.get(options.until_attribute)).strip()
    try:
        until = _day(written, case) if written else None
    except ValueError:
        return Standing("unknown", f"{company.name}'s {options.until_attribute} is {written!r}, which is no date")
    return _by_dates(case, options, company, level, since=None, until=until)


def _by_registry(case: Case, options: Contract, company: Company) -> Standing | None:
    rows = case.registry.contracts_of(company.id, company.name, *company.domains)
    if not rows:
        unlisted = f"{company.name} is not in the contract registry, which lists everybody with one"
        return Standing("none", unlisted, "unlisted") if case.registry.is_complete else None
    standings = [_by_row(case, options, company, row) for row in sorted(rows, key=_last_day)]
    return next((each for each in standings if each.kind == "valid"), standings[-1])


def _by_row(case: Case, options: Contract, company: Company, row: Row) -> Standing:
    if _is_none(row.level, options):
        return Standing("none", f"the registry's level for {company.name} is {row.level!r}", "none")
    return _by_dates(case, options, company, row.level or "contract", since=row.valid_from, until=row.valid_until)


def _by_dates(
    case: Case, options: Contract, company: Company, level: str, *, since: date | None, until: date | None
) -> Standing:
    came = case.ticket.created_at.astimezone(case.time_zone).date()
    if since is not None and case.today < since:
        return Standing("none", f"{company.name}'s {level} starts on {since}, today is {case.today}", f"starts.{since}")
    if until is None or (case.today - until).days <= options.grace_days:
        return Standing("valid", f"{company.name} has {level}" + (f" until {until}" if until else ""), f"until.{until}")
    grace = f" plus {options.grace_days} days of grace" if options.grace_days else ""
    ended = f"{company.name}'s {level} ended on {until}{grace}"
    if (came - until).days <= options.grace_days and (since is None or since <= came):
        return Standing("valid", f"{ended}, the ticket came on {came}", f"until.{until}")
    return Standing("none", f"{ended}, the ticket came on {came}, today is {case.today}", f"ended.{until}")


def _let_through(case: Case, options: Contract, standing: Standing) -> Decision:
    back: list[Action] = _taken_off(case, options.tag, options.unknown_tag)
    came_from = case.memory.get(CAME_FROM)
    if came_from and case.ticket.group == options.group:
        text = f"{_sentence(standing.why)} The ticket goes back to {came_from}."
        back += [MoveTo(came_from), AddNote(text, once=f"back.{standing.fact}")]
    if came_from:
        back.append(Remember(CAME_FROM, ""))
    return Decision.act(standing.why, *back) if back else Decision.skip(standing.why)


def _send_to_sales(case: Case, options: Contract, standing: Standing) -> Decision:
    came_from = case.memory.get(CAME_FROM) or case.ticket.group
    if came_from == options.group:
        reason = f"{standing.why}; the ticket came to {options.group} by itself"
        return Decision.skip(reason, *_taken_off(case, options.unknown_tag))
    text = f"{_sentence(standing.why)} Therefore it is a matter of {options.group}."
    actions: list[Action] = [
        MoveTo(options.group),
        AddTag(options.tag),
        *_taken_off(case, options.unknown_tag),
        AddNote(text, once=f"none.{standing.fact}"),
        Remember(CAME_FROM, came_from),
    ]
    if options.text and case.customer is not None and case.customer.address:
        actions.append(SendReply(options.subject, options.text, to=case.customer.address, once="none"))
    return Decision.act(standing.why, *actions)


def _taken_off(case: Case, *tags: str) -> list[Action]:
    """Take back marks of ours that are true no longer; a person's tag of the same name stays."""
    return [RemoveTag(tag) for tag in tags if is_our_tag(case, tag)]


def _is_none(level: str, options: Contract) -> bool:
    return level.strip().casefold() in {word.casefold() for word in options.none_values}


def _day(written: str, case: Case) -> date:
    """Read a day, or a moment as the day that it is for the company; raises ValueError for what is neither."""
    if len(written) <= len("2026-12-31"):
        return date.fromisoformat(written)
    moment = datetime.fromisoformat(written)
    return (moment.astimezone(case.time_zone) if moment.tzinfo else moment).date()


def _last_day(row: Row) -> date:
    return row.valid_until or date.max


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
