"""Say what stands about a company's support contract, and where that is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field

from connector.model.case import Case
from connector.model.company import Company
from connector.model.contract import Contract as Row
from connector.model.contract import folded
from connector.policy.identify import company_of
from connector.policy.memory import as_text
from connector.policy.rule import FieldKind, Options

T = TypeVar("T")

YES = frozenset({"true", "yes", "1", "ja", "tak", "igen", "да"})


class ContractFields(Options):
    """Where the host keeps what it knows of contracts, and how long one counts."""

    level_attribute: str = "support_contract"
    """The company's field that names its contract; missing or empty says nothing, which is not none."""
    from_attribute: str = ""
    """The company's field with the contract's first day; empty: there is none."""
    until_attribute: str = "contract_valid_until"
    """The company's field with the contract's last day."""
    services_attribute: str = ""
    """The company's field with the services that are covered, separated by commas; empty: there is none."""
    hours_attribute: str = ""
    """The company's field with the hours of work that the contract holds; empty: there is none."""
    hours_used_attribute: str = ""
    """The company's field with the hours that were used; empty: there is none."""
    on_call_attribute: str = ""
    """The company's field that says whether somebody is on duty outside working hours; empty: there is none."""
    service_attribute: str = ""
    """The ticket's field that names its service; empty: every contract covers everything."""
    none_values: tuple[str, ...] = ("none", "no", "false", "kein", "brak", "nincs", "нет")
    """Words for a level that mean: no contract, and we know it."""
    grace_days: int = Field(0, ge=0, le=365)
    """Days after the last one in which a contract still counts."""

    def company_fields(self) -> Mapping[str, FieldKind]:
        """Name the company's fields that tell a contract."""
        kinds: dict[str, FieldKind] = {
            self.level_attribute: "choice",
            self.from_attribute: "date",
            self.until_attribute: "date",
            self.services_attribute: "text",
            self.hours_attribute: "text",
            self.hours_used_attribute: "text",
            self.on_call_attribute: "text",
        }
        return {name: kind for name, kind in kinds.items() if name}


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a company's contract, and where from."""

    kind: Literal["valid", "none", "unknown"]
    why: str
    fact: str = ""
    """What it rests on, the same from day to day: people are told once of each."""
    level: str = ""
    on_call: bool = False
    spent: str = ""
    """That its hours are used up, in words; empty where some are left or none are counted."""


def contract_standing(case: Case, options: ContractFields) -> Standing:
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


def _by_fields(case: Case, options: ContractFields, company: Company) -> Standing | None:
    level = _field(company, options.level_attribute)
    if not level:
        return None
    if _is_none(level, options):
        return Standing("none", f"{company.name}'s {options.level_attribute} is {level!r}", "none")
    try:
        begins = _read(company, options.from_attribute, "date", lambda written: _day(written, case.time_zone))
        ends = _read(company, options.until_attribute, "date", lambda written: _day(written, case.time_zone))
        hours = _read(company, options.hours_attribute, "number of hours", _number)
        used = _read(company, options.hours_used_attribute, "number of hours", _number)
    except ValueError as exc:
        return Standing("unknown", str(exc))
    services = tuple(each.strip() for each in _field(company, options.services_attribute).split(",") if each.strip())
    on_call = _field(company, options.on_call_attribute).casefold() in YES
    row = Row(company=company.name, level=level, valid_from=begins, valid_until=ends, services=services, hours=hours)
    return _by_row(case, options, company, replace(row, on_call=on_call, hours_used=used or 0))


def _by_registry(case: Case, options: ContractFields, company: Company) -> Standing | None:
    rows = case.registry.contracts_of(company.id, company.name, *company.domains)
    if not rows:
        unlisted = f"{company.name} is not in the contract registry, which lists everybody with one"
        return Standing("none", unlisted, "unlisted") if case.registry.is_complete else None
    standings = [_of_row(case, options, company, row) for row in sorted(rows, key=_last_day)]
    valid = [each for each in standings if each.kind == "valid"]
    return next((each for each in valid if not each.spent), next(iter(valid), standings[-1]))


def _of_row(case: Case, options: ContractFields, company: Company, row: Row) -> Standing:
    if _is_none(row.level, options):
        return Standing("none", f"the registry's level for {company.name} is {row.level!r}", "none")
    return _by_row(case, options, company, row)


def _by_row(case: Case, options: ContractFields, company: Company, row: Row) -> Standing:
    standing = _by_dates(case, options, company, row)
    if standing.kind != "valid":
        return standing
    level, service = row.level or "contract", as_text(case.ticket.attributes.get(options.service_attribute)).strip()
    if service and row.services and folded(service) not in {folded(each) for each in row.services}:
        covered = ", ".join(row.services)
        return Standing("none", f"{company.name}'s {level} covers {covered}, not {service}", f"not covered.{service}")
    spent = row.hours is not None and row.hours_used >= row.hours
    words = f"{company.name} used {row.hours_used:g} of the {row.hours:g} hours of its {level}" if spent else ""
    return replace(standing, level=level, on_call=row.on_call, spent=words)


def _by_dates(case: Case, options: ContractFields, company: Company, row: Row) -> Standing:
    zone = ZoneInfo(row.time_zone) if row.time_zone else case.time_zone
    today, came = case.seen_at.astimezone(zone).date(), case.ticket.created_at.astimezone(zone).date()
    since, until, level = row.valid_from, row.valid_until, row.level or "contract"
    if since is not None and today < since:
        return Standing("none", f"{company.name}'s {level} starts on {since}, today is {today}", f"starts.{since}")
    if until is None or (today - until).days <= options.grace_days:
        return Standing("valid", f"{company.name} has {level}" + (f" until {until}" if until else ""), f"until.{until}")
    grace = f" plus {options.grace_days} days of grace" if options.grace_days else ""
    ended = f"{company.name}'s {level} ended on {until}{grace}"
    if (came - until).days <= options.grace_days and (since is None or since <= came):
        return Standing("valid", f"{ended}, the ticket came on {came}", f"until.{until}")
    return Standing("none", f"{ended}, the ticket came on {came}, today is {today}", f"ended.{until}")


def _is_none(level: str, options: ContractFields) -> bool:
    return level.strip().casefold() in {word.casefold() for word in options.none_values}


def _field(company: Company, name: str) -> str:
    return as_text(company.attributes.get(name)).strip() if name else ""


def _read(company: Company, name: str, kind: str, reader: Callable[[str], T]) -> T | None:
    """Read a field that may be empty; raises ValueError with what was found."""
    written = _field(company, name)
    try:
        return reader(written) if written else None
    except ValueError as exc:
        raise ValueError(f"{company.name}'s {name} is {written!r}, which is no {kind}") from exc


def _number(written: str) -> float:
    return float(written.replace(",", "."))


def _day(written: str, zone: ZoneInfo) -> date:
    """Read a day, or a moment as the day that it is for the company; raises ValueError for what is neither."""
    if len(written) <= len("2026-12-31"):
        return date.fromisoformat(written)
    moment = datetime.fromisoformat(written)
    return (moment.astimezone(zone) if moment.tzinfo else moment).date()


def _last_day(row: Row) -> date:
    return row.valid_until or date.max
