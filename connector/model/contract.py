"""What a registry says about a company's support contract."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """One row of a contract registry; dates are whole days in the company's time zone, both included."""

    company: str
    """The company's name or host id, or one of its domains, as the registry writes it."""
    level: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    services: tuple[str, ...] = ()
    """What it covers, in the words of the ticket's own field; empty covers everything."""
    on_call: bool = False
    """Whether somebody is on duty for it outside working hours."""
    hours: float | None = None
    """Hours of work that it holds; None where it is not counted."""
    hours_used: float = 0
    time_zone: str = ""
    """In which its days are counted; else the policy's own."""


def folded(key: str) -> str:
    """Compare names as people do: without regard to case and outer or doubled spaces."""
    return " ".join(key.casefold().split())


@dataclass(frozen=True, slots=True)
class Registry:
    """All contracts known outside the host; `is_complete` says that a company not listed has none."""

    by_company: Mapping[str, tuple[Contract, ...]] = field(default_factory=dict, hash=False)
    is_complete: bool = False

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """Give every row."""
        return tuple(row for rows in self.by_company.values() for row in rows)

    @classmethod
    def of(cls, contracts: Iterable[Contract], *, is_complete: bool) -> "Registry":
        """Index contracts by what they call their company."""
        index: dict[str, list[Contract]] = {}
        for contract in contracts:
            index.setdefault(folded(contract.company), []).append(contract)
        return cls(MappingProxyType({key: tuple(rows) for key, rows in index.items()}), is_complete)

    def contracts_of(self, *keys: str) -> tuple[Contract, ...]:
        """Collect the rows under any of the keys (id, name, domains) a company goes by."""
        return tuple(row for key in dict.fromkeys(map(folded, keys)) for row in self.by_company.get(key, ()))


NO_REGISTRY = Registry()
