"""Who may ask for and approve what, for which company, from which address."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

PERMISSIONS = "permissions"
ORDERS = "orders"
ACCOUNT = "account"


@dataclass(frozen=True, kw_only=True, slots=True)
class Authority:
    """One person's standing word for one company; dates are whole days, both included."""

    company: str
    """The company's name, host id or one of its domains, as the registry writes it."""
    address: str
    """Lower case."""
    name: str = ""
    phone: str = ""
    """On file, for a call back; never taken from a message."""
    matters: frozenset[str] = frozenset({PERMISSIONS, ORDERS, ACCOUNT})
    language: str = ""
    valid_from: date | None = None
    valid_until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Tell whether it is in force on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )


@dataclass(frozen=True, slots=True)
class People:
    """All registered persons."""

    authorities: tuple[Authority, ...] = ()

    @classmethod
    def of(cls, authorities: Iterable[Authority]) -> "People":
        """Keep them in the registry's order, by which the first of a company is asked first."""
        return cls(tuple(authorities))

    def known_as(self, address: str) -> tuple[Authority, ...]:
        """Give what is registered under an address."""
        return tuple(each for each in self.authorities if each.address == address.casefold())

    def of_company(self, keys: Iterable[str], *, matter: str, day: date) -> tuple[Authority, ...]:
        """Give who may speak for a company (by id, name or domains) in a matter on a day."""
        wanted = {" ".join(key.casefold().split()) for key in keys}
        return tuple(
            each
            for each in self.authorities
            if " ".join(each.company.casefold().split()) in wanted and matter in each.matters and each.holds_on(day)
        )


NO_PEOPLE = People()
