"""The directory of companies: whole at first, then what changed, and never a guess."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from connector.directory import Companies
from connector.errors import Transient
from connector.model.company import Company
from tests.cases import NOW, company

MINUTE = timedelta(minutes=1)


@dataclass
class Host:
    """A helpdesk of which only the companies are known, each with the moment of its last change."""

    companies_at: dict[str, tuple[Company, datetime]] = field(default_factory=dict)
    asked: list[datetime | None] = field(default_factory=list)
    is_down: bool = False

    def keep(self, each: Company, at: datetime = NOW - timedelta(days=9)) -> None:
        self.companies_at[each.id] = (each, at)

    async def companies(self, changed_since: datetime | None = None) -> AsyncIterator[Company]:
        self.asked.append(changed_since)
        if self.is_down:
            raise Transient("the host did not answer")
        for each, at in self.companies_at.values():
            await asyncio.sleep(0)
            if changed_since is None or at >= changed_since:
                yield each


@pytest.fixture
def host() -> Host:
    host = Host()
    host.keep(company("Acme GmbH", "acme.example"))
    return host


def companies_of(host: Host, **more: tuple[str, ...]) -> Companies:
    names = {name.replace("_", " "): domains for name, domains in more.items()}
    return Companies(host, more_domains=names, public=frozenset({"freemail.example"}))  # type: ignore[arg-type]  # asked for companies alone


async def claims(companies: Companies, domain: str, now: datetime = NOW) -> list[str]:
    return [each.name for each in (await companies.directory(now)).claims(domain)]


async def test_the_first_question_reads_all_companies_once_however_many_ask(host: Host) -> None:
    companies = companies_of(host)
    found = await asyncio.gather(*(claims(companies, "acme.example") for _ in range(5)))

    assert found == [["Acme GmbH"]] * 5
    assert host.asked == [None]


async def test_within_a_minute_nothing_is_asked_and_then_only_what_changed(host: Host) -> None:
    companies = companies_of(host)
    await claims(companies, "acme.example")
    await claims(companies, "acme.example", NOW + MINUTE / 2)
    await claims(companies, "acme.example", NOW + MINUTE)

    assert host.asked == [None, NOW - timedelta(hours=1)]


async def test_a_company_that_came_changed_or_was_switched_off_is_known_a_minute_later(host: Host) -> None:
    host.keep(company("Brandt", "brandt.example"))
    host.keep(company("Cordis", "cordis.example"))
    companies = companies_of(host)
    await companies.directory(NOW)
    late = NOW + MINUTE / 2
    host.keep(company("Dubois", "dubois.example"), late)
    host.keep(company("Brandt", "brandt.example", "brandt-brot.example"), late)
    host.keep(replace(company("Cordis", "cordis.example"), is_active=False), late)
    later = NOW + MINUTE
    domains = ("dubois.example", "brandt-brot.example", "cordis.example", "acme.example")

    assert [await claims(companies, domain, later) for domain in domains] == [["Dubois"], ["Brandt"], [], ["Acme GmbH"]]


async def test_a_helpdesk_whose_clock_is_half_an_hour_behind_hides_no_change(host: Host) -> None:
    companies = companies_of(host)
    await companies.directory(NOW)
    host.keep(company("Dubois", "dubois.example"), NOW - timedelta(minutes=30))

    assert await claims(companies, "dubois.example", NOW + MINUTE) == ["Dubois"]


async def test_once_a_day_all_is_read_anew_so_that_deleted_companies_go(host: Host) -> None:
    host.keep(company("Brandt", "brandt.example"))
    companies = companies_of(host)
    await companies.directory(NOW)
    del host.companies_at[company("Brandt").id]
    before = await claims(companies, "brandt.example", NOW + timedelta(hours=23))

    assert (before, await claims(companies, "brandt.example", NOW + timedelta(hours=24))) == (["Brandt"], [])


async def test_without_a_first_reading_nobody_is_told_that_a_company_is_unknown(host: Host) -> None:
    host.is_down = True
    companies = companies_of(host)
    with pytest.raises(Transient):
        await companies.directory(NOW)
    host.is_down = False

    assert await claims(companies, "acme.example", NOW + timedelta(seconds=1)) == ["Acme GmbH"]


async def test_a_refresh_that_failed_is_tried_with_the_next_question(host: Host) -> None:
    companies = companies_of(host)
    await companies.directory(NOW)
    host.is_down = True
    with pytest.raises(Transient):
        await companies.directory(NOW + MINUTE)
    host.is_down = False
    host.keep(company("Dubois", "dubois.example"), NOW + MINUTE)

    assert await claims(companies, "dubois.example", NOW + MINUTE) == ["Dubois"]


async def test_domains_that_stand_outside_of_the_helpdesk_count_however_the_name_is_written(host: Host) -> None:
    companies = companies_of(host, ACME__gmbh=("Acme-Werk.example", "ÄCME.example"))

    assert await claims(companies, "acme-werk.example") == ["Acme GmbH"]
    assert await claims(companies, "xn--cme-pla.example") == ["Acme GmbH"]


async def test_a_public_mail_domain_is_nobodys_even_if_a_company_claims_it(host: Host) -> None:
    host.keep(company("Solo", "freemail.example"))

    assert await claims(companies_of(host), "freemail.example") == []
