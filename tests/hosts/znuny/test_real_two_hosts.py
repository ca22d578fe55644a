"""One daemon beside two helpdesks, a Zammad and a real Znuny, each of which tells it of its own tickets."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from connector.daemon import running
from connector.hosts.znuny.client import WEB_SERVICE
from connector.store.audit import find
from connector.store.deliveries import list_deliveries
from connector.wiring import House, open_house
from tests.hosts.znuny.ground import ZnunyGround, znuny_ground
from tests.hosts.znuny.running import BASIC, BOT, PASSWORD, TOKEN, Server, web_service
from tests.stand import POLL, Helpdesk, helpdesk, raw_mail, settings_for, until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("znuny")]

POLICY = """
version: 1
mode: enforce
companies:
  domains:
    Alpenglas GmbH: [works.test]
    Globex GmbH: [works.test]
rules:
  company: {accepted_reassignment: true}
"""
PATIENCE = 90.0
"""Znuny's own daemon sends deliveries, and is in no hurry."""


@dataclass(kw_only=True)
class Both:
    """Two helpdesks, and the one house beside them."""

    desk: Helpdesk
    ground: ZnunyGround
    house: House
    door: str

    async def is_done(self, host: str, ticket: str) -> bool:
        """Tell whether the daemon was told of a ticket of this host, and wrote to it."""
        told = [each for each in await list_deliveries(self.house.store, limit=1000) if each.ticket == ticket]
        looks = await find(self.house.store, ticket=ticket)
        return any(each.host == host for each in told) and any(each.host == host and each.changed for each in looks)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Both]:
    znuny = {
        "url": server.url,
        "login": BOT,
        "password": PASSWORD,
        "webhook_tokens": TOKEN,
        "webhook_basic": BASIC,
    }
    folder: Path = tmp_path_factory.mktemp("two-hosts")
    async with helpdesk() as desk, znuny_ground(server) as ground:
        settings = settings_for(desk, folder, policy=POLICY, znuny=znuny)
        async with open_house(settings) as house, running(house, poll=POLL) as daemon:
            await until(lambda: house.swept.keys() == house.hosts.keys(), within=PATIENCE)
            await desk.hook(daemon.url)
            service = web_service(server, hook=f"{daemon.url}/hooks/znuny")
            await asyncio.to_thread(server.service, "Update", WEB_SERVICE, service)
            yield Both(desk=desk, ground=ground, house=house, door=daemon.url)


async def test_each_helpdesk_tells_of_its_own_ticket_and_both_are_looked_at(both: Both) -> None:
    """The domain is a company's on each of the two, under another name and another id."""
    zammad = str(both.desk.mail("new@works.test").ticket_id)
    znuny = await both.ground.receive(raw_mail("Carl <carl@works.test>"))

    await until(lambda: both.is_done("zammad", zammad), within=PATIENCE)
    await until(lambda: both.is_done("znuny", znuny), within=PATIENCE)

    assert (await both.desk.ticket(zammad))["organization"] == "Alpenglas GmbH"
    assert (await both.ground.view(znuny)).company == "GLOBEX"
    for host, ticket in (("zammad", zammad), ("znuny", znuny)):
        again = await both.house.look(both.house.host(host), ticket, dry_run=False)
        assert (again.plan.steps, again.applied.results) == ((), ())


async def test_a_delivery_for_one_helpdesk_is_no_delivery_for_the_other(both: Both) -> None:
    delivery = b'{"Event":{"Event":"ArticleCreate","TicketID":"1"}}'
    user, _, password = BASIC.partition(":")
    proof = {"X-Helpdesk-Policy-Token": TOKEN}

    async with httpx.AsyncClient(base_url=both.door, auth=(user, password), headers=proof) as client:
        answers = [await client.post(f"/hooks/{host}", content=delivery) for host in ("znuny", "zammad")]

    assert [each.status_code for each in answers] == [202, 401]
