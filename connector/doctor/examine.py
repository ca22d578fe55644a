"""Look at everything once; the only part of the doctor that reads anything."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import requests
from pydantic import SecretStr
from sqlalchemy import select

from connector import setup
from connector.doctor.facts import Administration, Door, Facts, Helpdesk, Work
from connector.doctor.trip import travel
from connector.errors import HelpdeskPolicyError, Misconfigured
from connector.hosts.host import FailedDelivery
from connector.hosts.zammad.admin import Admin, Forbidden
from connector.hosts.zammad.client import ZammadClient
from connector.hosts.zammad.webhook import Proof
from connector.hosts.zammad.zammad import Zammad
from connector.model.company import Company
from connector.rulebook import Rulebook
from connector.settings import Settings
from connector.store import Store, open_store, overview
from connector.store.overview import State
from connector.store.tables import leases
from connector.sweep import lease_of
from connector.wiring import clock, companies_of, database_url

PROBES = {
    "version": "admin",
    "triggers": "admin.trigger",
    "overviews": "admin.overview",
    "object_manager_attributes": "admin.object",
    "slas": "admin.sla",
}
"""What only an administrator may read, and the permission that it takes; `admin.webhook` is let pass, for the log."""


def examine(
    settings: Settings, rulebook: Rulebook, *, admin_token: str = "", endpoint: str = "", goes_round: bool = True
) -> Facts:
    """Read all that can be read; what cannot says why. With `goes_round` a test ticket in the helpdesk is changed."""
    where = endpoint or setup.endpoint_of(settings)
    work, work_error = _work(settings)
    door = _door(where, settings)
    helpdesk, error = _helpdesk(settings, rulebook)
    administration, refused = (None, "the helpdesk does not answer")
    if helpdesk is not None:
        administration, refused = _administration(settings, rulebook, admin_token, where, str(helpdesk.me["login"]))
    trip = None
    if goes_round and helpdesk is not None and helpdesk.is_agent:
        reason = work_error or door.error
        trip = travel(settings, reason=reason, failed=lambda: _failed(settings, admin_token))
    return Facts(
        now=clock(),
        settings=settings,
        rulebook=rulebook,
        endpoint=where,
        helpdesk=helpdesk,
        helpdesk_error=error,
        administration=administration,
        administration_error=refused,
        failed=_failed(settings, admin_token) if helpdesk is not None else None,
        work=work,
        work_error=work_error,
        door=door,
        trip=trip,
    )


def _work(settings: Settings) -> tuple[Work | None, str]:
    async def read() -> Work:
        async with open_store(database_url(settings)) as store:
            return Work(
                counts=await overview.counts(store, now=clock()),
                parked=await overview.list_looks(store, now=clock(), state=State.PARKED, limit=100),
                swept=await _swept(store, settings),
            )

    try:
        return asyncio.run(read()), ""
    except HelpdeskPolicyError as exc:
        return None, str(exc)


async def _swept(store: Store, settings: Settings) -> datetime | None:
    """Tell when the last sweep began, from the lease that it took for nine tenths of the time to the next."""
    found = await store.read(select(leases.c.lease_until).where(leases.c.name == lease_of("zammad")))
    return found[0].lease_until - timedelta(minutes=settings.sweep_minutes) * 0.9 if found else None


def _door(endpoint: str, settings: Settings) -> Door:
    zammad = settings.zammad
    try:
        answer = requests.post(endpoint, data=b"{}", timeout=10, allow_redirects=False)
        if answer.is_redirect:
            return Door(unsigned=answer.status_code, location=answer.headers.get("location", "elsewhere"))
        signed = None
        if zammad.webhook_secrets:
            accepted = setup.is_accepted(endpoint, zammad.webhook_secrets[0], basic=zammad.webhook_basic)
            signed = 202 if accepted else 401
    except requests.RequestException as exc:
        return Door(error="the connection is refused" if "refused" in str(exc) else type(exc).__name__)
    return Door(unsigned=answer.status_code, signed=signed)


def _helpdesk(settings: Settings, rulebook: Rulebook) -> tuple[Helpdesk | None, str]:
    zammad = settings.zammad
    if not zammad.url or not zammad.token.get_secret_value():
        missing = "URL" if not zammad.url else "TOKEN"
        return None, f"HELPDESK_POLICY_ZAMMAD__{missing} is not set"
    try:
        with Admin(zammad.url, zammad.token) as client:
            return _seen_by_us(client, settings, rulebook), ""
    except HelpdeskPolicyError as exc:
        return None, str(exc)


def _seen_by_us(client: Admin, settings: Settings, rulebook: Rulebook) -> Helpdesk:
    me = client.get("users/me")
    told = client.last.headers.get("date") if client.last is not None else None
    ahead = parsedate_to_datetime(told) - clock() if told else None
    extra = tuple(permission for path, permission in PROBES.items() if _may(client, path))
    if not _may(client, "roles"):  # open to agents and administrators only
        return Helpdesk(me=me, clock_ahead=ahead, is_agent=False, extra=extra)
    first = client.get("organizations?per_page=1&page=1")
    known, twice = asyncio.run(_directory(settings, rulebook))
    return Helpdesk(
        me=me,
        clock_ahead=ahead,
        is_agent=_may(client, "macros") and _may(client, "tickets?per_page=1"),
        extra=extra,
        groups=list(client.list("groups")),
        roles=list(client.list("roles")),
        states=client.get("ticket_states?expand=true"),
        priorities=client.get("ticket_priorities"),
        companies=known,
        company_fields=frozenset(first[0]) if first else None,
        claimed_twice=twice,
    )


async def _directory(
    settings: Settings, rulebook: Rulebook
) -> tuple[Sequence[Company], dict[str, tuple[Company, ...]]]:
    host = _host(settings, settings.zammad.token, rulebook.content.companies.attribute)
    try:
        directory = await companies_of(host, rulebook).directory(clock())
    finally:
        await host.aclose()
    return tuple(directory.by_id.values()), dict(directory.claimed_twice)


def _administration(
    settings: Settings, rulebook: Rulebook, token: str, endpoint: str, bot: str
) -> tuple[Administration | None, str]:
    if not token:
        return None, "webhook, triggers, settings and calendars were not looked at: no administrator's token was given"
    try:
        with Admin(settings.zammad.url, SecretStr(token)) as admin:
            planned = setup.plan(admin, settings, rulebook, endpoint=endpoint, bot=bot)
            return (
                Administration(
                    version=str(admin.get("version")["version"]),
                    changes=planned.changes,
                    seen=planned.seen,
                    settings={row["name"]: row["state_current"].get("value") for row in admin.get("settings")},
                ),
                "",
            )
    except Forbidden as exc:
        return None, f"the administrator's token may not read everything: {exc}"
    except Misconfigured as exc:
        return None, str(exc)
    except HelpdeskPolicyError as exc:
        return None, f"the administrator's token does not work: {exc}"


def _failed(settings: Settings, admin_token: str) -> tuple[FailedDelivery, ...] | None:
    """Read the log of deliveries with the token that may."""

    async def read() -> tuple[FailedDelivery, ...] | None:
        host = _host(settings, SecretStr(admin_token) if admin_token else settings.zammad.token, "")
        try:
            return await host.failed_deliveries()
        finally:
            await host.aclose()

    try:
        return asyncio.run(read())
    except HelpdeskPolicyError:
        return None


def _host(settings: Settings, token: SecretStr, attribute: str) -> Zammad:
    return Zammad(ZammadClient(settings.zammad.url, token), Proof(secrets=()), domains_attribute=attribute)


def _may(client: Admin, path: str) -> bool:
    try:
        client.get(path)
    except Forbidden:
        return False
    return True
