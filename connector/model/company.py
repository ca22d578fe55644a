"""The organisations that customers belong to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Attributes = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Company:
    """One organisation as the host knows it."""

    id: str
    name: str
    domains: tuple[str, ...] = ()
    """Folded to lower-case ASCII, without a leading `@`."""
    is_active: bool = True
    is_shared: bool = False
    """Whether its members see one another's tickets."""
    attributes: Attributes = field(default_factory=dict, hash=False)
    """The host's own fields of the organisation, by the host's names."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Which companies claim which mail domain, as of one moment."""

    by_domain: Mapping[str, tuple[Company, ...]] = field(default_factory=dict, hash=False)
    public: frozenset[str] = frozenset()
    """Mail domains that anybody may have an address in; no company is known by them."""
    subdomains: bool = False
    """Whether `mail.acme.example` counts as `acme.example`."""
    by_id: Mapping[str, Company] = field(default_factory=dict, hash=False)

    @classmethod
    def of(
        cls, companies: Iterable[Company], *, public: frozenset[str] = frozenset(), subdomains: bool = False
    ) -> "Directory":
        """Index active companies by their domains; a domain claimed twice keeps both, by name."""
        known = sorted(companies, key=lambda each: (each.name, each.id))
        index: dict[str, list[Company]] = {}
        for company in known:
            for domain in company.domains if company.is_active else ():
                index.setdefault(domain, []).append(company)
        by_domain = MappingProxyType({domain: tuple(claims) for domain, claims in index.items()})
        return cls(by_domain, public, subdomains, MappingProxyType({company.id: company for company in known}))

    def claims(self, domain: str) -> tuple[Company, ...]:
        """Name the companies that claim this domain or, where subdomains count, the nearest domain above it."""
        while domain and domain not in self.public:
            if domain in self.by_domain:
                return self.by_domain[domain]
            domain = domain.partition(".")[2] if self.subdomains else ""
        return ()

    @property
    def claimed_twice(self) -> Mapping[str, tuple[Company, ...]]:
        """Give the domains with more than one claim: a configuration error that a person must settle."""
        return {domain: claims for domain, claims in self.by_domain.items() if len(claims) > 1}


NO_DIRECTORY = Directory()
