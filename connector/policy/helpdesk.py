"""The part of the policy file that says how the helpdesk itself is to be set up."""

import re
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE: tuple[str, ...] = ("08:00-16:00",)
_SPAN = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")
_LENGTH = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?")


class Part(BaseModel):
    """Be the ancestor of these sections; a key that nobody reads is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def _minutes(value: Any) -> Any:
    """Read `90m`, `4h` or `1h30m`; working time has no days, since a day has as many hours as the calendar says."""
    found = _LENGTH.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or not any(found.groups()):
        raise ValueError("write a length of working time as in 30m, 4h or 1h30m")
    return 60 * int(found[1] or 0) + int(found[2] or 0)


Minutes = Annotated[int, BeforeValidator(_minutes, json_schema_input_type=str)]


class Calendar(Part):
    """The hours in which the clocks of the helpdesk's SLAs run."""

    time_zone: str = ""
    """Else the file's own."""
    hours: dict[Day, tuple[str, ...]] = Field(default_factory=lambda: dict.fromkeys(DAYS[:5], OFFICE))
    """Day to its spans, as in `mon: [08:00-12:00, 13:00-17:00]`; a day that is not named is off."""
    holidays: dict[date, str] = Field(default_factory=dict)
    """Day to its name; the helpdesk's clocks stand still on it."""
    ical: str = ""
    """Address of an iCal feed with holidays, which the helpdesk itself fetches and keeps up to date."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            return value and ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
            raise ValueError(f"{value!r} is no time zone; write it as in Europe/Warsaw") from exc

    @field_validator("hours")
    @classmethod
    def _spans(cls, value: dict[Day, tuple[str, ...]]) -> dict[Day, tuple[str, ...]]:
        for day, spans in value.items():
            for span in spans:
                if not _SPAN.fullmatch(span) or span[:5] >= span[6:]:
                    raise ValueError(f"{day}: write a span as in 08:00-16:00, found {span!r}")
        return value


class ServiceClass(Part):
    """What customers of one service class are promised, in working time."""

    calendar: str
    """One of the calendars above."""
    first_response: Minutes | None = None
    """Until the first answer, as in `4h`."""
    update: Minutes | None = None
    """Between two answers."""
    solution: Minutes | None = None
    """Until the ticket is closed."""


class Helpdesk(Part):
    """What `helpdesk-policy setup` makes in the helpdesk besides what the rules need."""

    groups: list[str] = Field(default_factory=list)
    """Groups besides those that the rules name."""
    calendars: dict[str, Calendar] = Field(default_factory=dict)
    """Calendars by name."""
    service_attribute: str = "support_contract"
    """The company's field that says its service class."""
    service_classes: dict[str, ServiceClass] = Field(default_factory=dict)
    """Value of that field to what was promised; each becomes an SLA of the helpdesk."""

    @model_validator(mode="after")
    def _known_calendars(self) -> "Helpdesk":
        for name, promised in self.service_classes.items():
            if promised.calendar not in self.calendars:
                known = ", ".join(self.calendars) or "none"
                raise ValueError(f"service class {name!r} names the calendar {promised.calendar!r}; there is {known}")
        return self
