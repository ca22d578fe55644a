"""Keep the companies of a host at hand, by domain."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from connector.hosts.host import Host
from connector.model.company import Company, Directory
from connector.model.contract import folded
from connector.policy.address import fold_domain

OVERLAP = timedelta(hours=1)
"""How far a refresh reaches back: host's and our clock may differ, and companies change too seldom for it to cost."""


class Companies:
    """A host's companies, read whole at first and then only what changed."""

    def __init__(
        self,
        host: Host,
        *,
        more_domains: Mapping[str, tuple[str, ...]],
        public: frozenset[str],
        subdomains: bool = False,
        every: timedelta = timedelta(minutes=1),
        whole_every: timedelta = timedelta(hours=24),
    ) -> None:
        """Bind the host; `more_domains` maps company names to domains that stand outside of it."""
        self._host = host
        self._more = {folded(name): domains for name, domains in more_domains.items()}
        self._public = public
        self._subdomains = subdomains
        self._every = every
        self._whole_every = whole_every
        self._known: dict[str, Company] = {}
        self._directory = Directory(public=public)
        self._read_at: datetime | None = None
        self._whole_at: datetime | None = None
        self._reading = asyncio.Lock()

    async def directory(self, now: datetime) -> Directory:
        """Give the directory, refreshed where it is older than it may be.

        Raises Transient or Permanent where the host cannot be read: without a directory nobody's company is known, and
        a decision would be wrong.
        """
        async with self._reading:
            if self._read_at is None or now - self._read_at >= self._every:
                await self._refresh(now)
            return self._directory

    async def _refresh(self, now: datetime) -> None:
        whole = self._whole_at is None or now - self._whole_at >= self._whole_every
        since = None if whole or self._read_at is None else self._read_at - OVERLAP
        found = {company.id: self._with_more(company) async for company in self._host.companies(since)}
        if since is None:
            self._known, self._whole_at = found, now
        else:
            self._known |= found
        if found or since is None:
            self._directory = Directory.of(self._known.values(), public=self._public, subdomains=self._subdomains)
        self._read_at = now

    def _with_more(self, company: Company) -> Company:
        more = (fold_domain(domain) for domain in self._more.get(folded(company.name), ()))
        return replace(company, domains=tuple(dict.fromkeys((*company.domains, *(each for each in more if each)))))
