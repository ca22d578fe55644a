"""Build everything once; the only place that reads the clock."""

import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from functools import partial

import structlog

from connector import intake
from connector.directory import Companies
from connector.echo import Echoes
from connector.endpoint import Endpoint
from connector.errors import Gone, HelpdeskPolicyError, Misconfigured, Transient
from connector.hosts.host import Host, Touched
from connector.hosts.zammad.client import ZammadClient
from connector.hosts.zammad.webhook import Proof
from connector.hosts.zammad.zammad import Zammad
from connector.hosts.znuny.client import ZnunyClient
from connector.hosts.znuny.webhook import Proof as TokenProof
from connector.hosts.znuny.znuny import Znuny
from connector.metrics import Metrics
from connector.model.action import SendReply
from connector.model.contract import Contract, Registry
from connector.model.record import Record
from connector.process import Looked, Surroundings, look
from connector.reading import read
from connector.rulebook import Rulebook, read_rulebook
from connector.settings import Settings
from connector.store import Store, audit, deliveries, leases, looks, mails, open_store, overview, sqlite_url
from connector.store.asked import claim_one
from connector.store.overview import Counts
from connector.sweep import Swept, lease_of, sweep

HOUR = timedelta(hours=1)
LEASE = timedelta(minutes=2)
RELOADED = {"policy_file", "rule_packages", "zammad", "znuny", "dry_run", "settle_seconds", "sweep_minutes"}
"""Settings that a reload takes up; the others need a restart."""
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

log = structlog.get_logger()


def clock() -> datetime:
    """Read the time, aware and in UTC."""
    return datetime.now(UTC)


def new_id(now: datetime) -> str:
    """Make a decision's id: a ULID, which sorts by time and is read out over the phone without i, l, o and u."""
    number = (int(now.timestamp() * 1000) << 80) | secrets.randbits(80)
    return "".join(CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def worker_name() -> str:
    """Name this process among all daemons on one database."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


def database_url(settings: Settings) -> str:
    """Give the database's address; the SQLite file in the data directory where none is set."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise Misconfigured(f"the data directory {settings.data_dir} cannot be made: {exc}") from exc
    return sqlite_url(settings.data_dir / "helpdesk-policy.sqlite3")


def connect(settings: Settings, rulebook: Rulebook) -> dict[str, Host]:
    """Make the hosts that are set up; raises Misconfigured where one is half set up, or none is."""
    hosts: dict[str, Host] = {}
    zammad = settings.zammad
    if zammad.url:
        if not zammad.token.get_secret_value():
            raise Misconfigured("HELPDESK_POLICY_ZAMMAD__TOKEN is not set: make an access token of an agent in Zammad")
        proof = Proof(
            secrets=zammad.webhook_secrets,
            require_sha256=zammad.require_sha256,
            basic=zammad.webhook_basic,
            bearer=zammad.webhook_bearer,
        )
        attribute = rulebook.content.companies.attribute
        hosts["zammad"] = Zammad(ZammadClient(zammad.url, zammad.token), proof, domains_attribute=attribute)
    znuny = settings.znuny
    if znuny.url:
        if not (znuny.login and znuny.password.get_secret_value()):
            raise Misconfigured("HELPDESK_POLICY_ZNUNY__LOGIN and HELPDESK_POLICY_ZNUNY__PASSWORD must be set, too")
        client = ZnunyClient(znuny.url, znuny.login, znuny.password, web_service=znuny.web_service)
        tokens = TokenProof(tokens=znuny.webhook_tokens, basic=znuny.webhook_basic, header=znuny.webhook_header)
        hosts["znuny"] = Znuny(
            client,
            tokens,
            domains_attribute=znuny.domains_attribute,
            queues=znuny.queues,
            time_zone=znuny.time_zone,
        )
    if not hosts:
        raise Misconfigured(
            "no helpdesk is set up: set HELPDESK_POLICY_ZAMMAD__URL and HELPDESK_POLICY_ZAMMAD__TOKEN, "
            "or HELPDESK_POLICY_ZNUNY__URL with its login and password"
        )
    return hosts


@dataclass(kw_only=True)
class House:
    """The daemon's parts, built once; the commands use the same."""

    settings: Settings
    rulebook: Rulebook
    hosts: dict[str, Host]
    store: Store
    companies: dict[str, Companies]
    name: str = field(default_factory=worker_name)
    endpoint: Endpoint = field(default_factory=Endpoint)
    """Where contracts are asked for, if anywhere."""
    echoes: Echoes = field(default_factory=Echoes)
    swept: dict[str, frozenset[Touched]] = field(default_factory=dict)
    """By host, what the last sweep saw and the next will meet again."""
    metrics: Metrics = field(default_factory=Metrics)
    reread: Callable[[], Settings] | None = None
    """Reads the settings anew, for `reload`; without it they stay as they are."""
    reconnected: list[Host] = field(default_factory=list)
    """Hosts connected by reloads; looks under way may still use an older one, so all are closed at the end."""

    async def reload(self) -> tuple[str, ...]:
        """Take up a changed policy file and changed settings of the helpdesk; name the settings that need a restart.

        All is read and checked first: raises Misconfigured and keeps the old ones where anything is wrong.
        """
        settings = self.reread() if self.reread else self.settings
        rulebook = read_rulebook(settings.policy_file, settings.rule_packages)
        hosts = connect(settings, rulebook)
        self.reconnected += hosts.values()
        if hosts.keys() != self.hosts.keys():
            raise Misconfigured("another helpdesk is set up now: restart the daemon")
        left = tuple(name for name in type(settings).model_fields if name not in RELOADED)
        late = tuple(name for name in left if getattr(settings, name) != getattr(self.settings, name))
        self.settings = settings.model_copy(update={name: getattr(self.settings, name) for name in left})
        self.rulebook, self.hosts = rulebook, hosts
        self.companies = {name: companies_of(host, rulebook) for name, host in hosts.items()}
        log.info("reloaded", policy=rulebook.policy.revision, need_restart=",".join(late))
        return late

    async def disconnect(self) -> None:
        """Close what reloads have opened."""
        for host in self.reconnected:
            await host.aclose()

    def host(self, name: str | None) -> Host:
        """Give a host by name, or the only one; raises Misconfigured."""
        if name is None and len(self.hosts) == 1:
            return next(iter(self.hosts.values()))
        if name not in self.hosts:
            raise Misconfigured(f"there is no host {name!r}: name one of {', '.join(self.hosts)}")
        return self.hosts[name]

    async def receive(self, host: Host, headers: Mapping[str, str], body: bytes) -> intake.Receipt:
        """Take one delivery in."""
        settle = timedelta(seconds=self.settings.settle_seconds)
        return await intake.receive(headers, body, host, self.store, self.echoes, now=clock(), settle=settle)

    async def look(self, host: Host, ticket: str, *, dry_run: bool) -> Looked:
        """Look at one ticket now, and neither record nor raise what its writes met."""
        now, rulebook = clock(), self.rulebook
        surroundings = Surroundings(
            policy=rulebook.policy,
            directory=await self.companies[host.name].directory(now),
            registry=await registry_of(self.settings, rulebook, self.endpoint, now),
            people=rulebook.people,
            messages=rulebook.messages,
            reader=partial(read, lexicons=rulebook.lexicons),
        )
        lately = MailsLately(self.store, now - HOUR)
        return await look(ticket, host, surroundings, lately, now=now, decision=new_id(now), dry_run=dry_run)

    async def look_now(self, host: Host, ticket: str, *, dry_run: bool) -> Looked:
        """Look at one ticket for a person who asks; never beside a worker that is at it.

        Raises Transient where a worker is looking at it: it will look once more.
        """
        if dry_run:
            return await self.look(host, ticket, dry_run=True)
        claimed = await claim_one(self.store, self.name, host.name, ticket, now=clock(), lease=LEASE)
        if claimed is None:
            raise Transient(
                f"the daemon is looking at ticket id:{ticket} right now, and will once more; ask again soon"
            )
        looked = await self.look(host, ticket, dry_run=False)
        await self.keep(looked)
        if looked.applied.error is None:
            await self.wake_others(looked)
            await looks.done(self.store, claimed, again_at=looked.plan.again_at)
        else:
            await looks.retry(self.store, claimed, str(looked.applied.error), due_at=clock())
        return looked

    async def take(self, waiting: looks.Look) -> datetime | None:
        """Take a waiting look to its end; raises what its writes met, after recording it."""
        host = self.hosts.get(waiting.host)
        if host is None:
            raise Gone(f"the host {waiting.host!r} is not set up any more")
        with self.metrics.seconds.labels(host.name).time():
            try:
                looked = await self.look(host, waiting.ticket, dry_run=self.settings.dry_run)
            except HelpdeskPolicyError as exc:
                self.metrics.looks.labels(host.name, type(exc).__name__.lower()).inc()
                raise
        await self.keep(looked)
        if looked.applied.error is not None:
            raise looked.applied.error
        if not self.settings.dry_run:
            await self.wake_others(looked)
        return looked.plan.again_at

    async def wake_others(self, looked: Looked) -> None:
        """Let other tickets be looked at that have something to do now; a stop before this repeats the whole look."""
        if looked.plan.others:
            await looks.wake_many(self.store, looked.case.host, looked.plan.others, now=clock(), reason="rule")

    async def keep(self, looked: Looked) -> None:
        """Record what a look decided and did, in the table, the metrics and the log."""
        record, case = looked.record, looked.case
        if looked.applied.version is not None:
            self.echoes.leave(case.host, case.ticket.id, looked.applied.version)  # first: the echo is on its way
        await audit.append(self.store, audit_row(record))
        replies = [step.action for step in looked.plan.steps if isinstance(step.action, SendReply)]
        for index, reply in enumerate(replies if looked.applied.changed else ()):
            address = parseaddr(reply.to)[1]
            await mails.record(self.store, f"{record.id}.{index}", address, now=case.seen_at)
        outcome = "failed" if record.error else "changed" if record.changed else "unchanged"
        self.metrics.looks.labels(case.host, outcome).inc()
        for verdict in looked.verdicts:
            self.metrics.decisions.labels(verdict.rule, verdict.mode, verdict.decision.outcome).inc()
        for result in looked.applied.results:
            self.metrics.writes.labels(case.host, result.fate).inc()
        log.info(
            "looked",
            host=case.host,
            ticket=case.ticket.id,
            decision=record.id,
            outcome=outcome,
            requests=int(record.durations["requests"]),
            seconds=round(sum(record.durations[part] for part in ("fetch", "decide", "apply")), 3),
        )

    async def sweep(self, host: Host, *, since: datetime | None = None) -> Swept | None:
        """Sweep one host; None where another daemon has just done so."""
        swept = await sweep(
            host,
            self.store,
            now=clock(),
            holder=self.name,
            every=timedelta(minutes=self.settings.sweep_minutes),
            first=timedelta(hours=self.settings.first_sweep_hours),
            since=since,
            seen=self.swept.get(host.name, frozenset()) if since is None else frozenset(),
        )
        if swept is not None:
            self.swept[host.name] = swept.seen
            self.metrics.swept.labels(host.name).set(clock().timestamp())
            self.metrics.lost.labels(host.name).inc(swept.lost or 0)
            log.info("swept", host=host.name, changed=swept.changed, lost=swept.lost, since=swept.since.isoformat())
        return swept

    async def leave(self) -> None:
        """Let whoever starts next sweep at once: what changed in between is what he must find."""
        for name in self.hosts:
            await leases.give_back(self.store, lease_of(name), self.name)

    async def prune(self) -> None:
        """Forget what is older than the settings keep, once a day over all daemons."""
        now = clock()
        if await leases.take(self.store, "prune", self.name, now=now, lease=timedelta(hours=23)):
            await audit.prune(self.store, before=now - timedelta(days=self.settings.keep_decisions_days))
            await deliveries.prune(self.store, before=now - timedelta(days=self.settings.keep_deliveries_days))
            await mails.prune(self.store, before=now - 2 * HOUR)

    async def counts(self) -> Counts:
        """Count what waits; raises Transient where the database is away."""
        return await overview.counts(self.store, now=clock())


class MailsLately:
    """Count our mails to an address since a moment."""

    def __init__(self, store: Store, since: datetime) -> None:
        """Bind the table."""
        self._store = store
        self._since = since

    async def __call__(self, address: str) -> int:
        """Count; an empty address had none."""
        return await mails.count(self._store, address, since=self._since) if address else 0


def audit_row(record: Record) -> audit.AuditRow:
    """Put a record into the form of the table."""
    results = [dict(result) for result in record.results]
    if record.error:
        results.append({"request": "", "does": [], "fate": "stopped", "detail": record.error})
    return audit.AuditRow(
        id=record.id,
        host=record.host,
        ticket=record.ticket,
        ticket_number=record.number,
        at=record.at,
        policy_revision=record.policy_revision,
        facts=dict(record.facts),
        decisions=[dict(verdict) for verdict in record.verdicts],
        plan=[dict(step) for step in record.plan],
        results=results,
        durations=dict(record.durations),
        changed=record.changed,
        dry_run=record.dry_run,
    )


async def check_against_hosts(settings: Settings, rulebook: Rulebook) -> list[str]:
    """Ask every host whether what the policy names exists there; one line for each thing that does not.

    Raises Transient or Permanent where a host cannot be asked.
    """
    findings: list[str] = []
    hosts = connect(settings, rulebook)
    for host in hosts.values():
        try:
            desk = await host.desk()
            directory = await companies_of(host, rulebook).directory(clock())
        finally:
            await host.aclose()
        for bound in rulebook.policy.active:
            for group in bound.options.groups():
                if group not in desk.groups:
                    known = ", ".join(sorted(desk.groups))
                    findings.append(f"{bound.rule.name}: {host.name} has no group {group!r}; it has {known}")
        for domain, claims in directory.claimed_twice.items():
            names = ", ".join(each.name for each in claims)
            findings.append(f"companies: {domain} is claimed by {names}; nobody is attached by it until one lets go")
    return findings


async def registry_of(settings: Settings, rulebook: Rulebook, endpoint: Endpoint, now: datetime) -> Registry:
    """Put the contracts of file and address together; raises Transient where the address cannot be read."""
    url, token = rulebook.content.contracts.url, settings.contracts_token
    if not url:
        return rulebook.registry
    more = await endpoint.contracts(url, token.get_secret_value() if token else "", now=now)
    return Registry.of((*rulebook.registry.contracts, *more), is_complete=rulebook.content.contracts.complete)


async def contracts_in_force(settings: Settings, rulebook: Rulebook) -> tuple[Contract, ...]:
    """Give all contracts as a look would know them now; raises Transient."""
    return (await registry_of(settings, rulebook, Endpoint(), clock())).contracts


async def names_on_hosts(settings: Settings, rulebook: Rulebook) -> list[str]:
    """Ask every host what its companies go by: ids, names and domains; raises Transient or Permanent."""
    names: list[str] = []
    for host in connect(settings, rulebook).values():
        try:
            directory = await companies_of(host, rulebook).directory(clock())
        finally:
            await host.aclose()
        names += [name for each in directory.by_id.values() for name in (each.id, each.name, *each.domains)]
    return names


def companies_of(host: Host, rulebook: Rulebook) -> Companies:
    """Make the directory of one host."""
    return Companies(
        host,
        more_domains=rulebook.more_domains,
        public=rulebook.public,
        subdomains=rulebook.content.companies.subdomains,
    )


@asynccontextmanager
async def open_house(settings: Settings, *, reread: Callable[[], Settings] | None = None) -> AsyncIterator[House]:
    """Build the house, and take it down in order; `reread` reads the settings anew for a reload.

    Raises Misconfigured, or Transient where the database is away.
    """
    rulebook = read_rulebook(settings.policy_file, settings.rule_packages)
    async with AsyncExitStack() as stack:
        hosts = connect(settings, rulebook)
        for host in hosts.values():
            stack.push_async_callback(host.aclose)
        store = await stack.enter_async_context(open_store(database_url(settings)))
        companies = {name: companies_of(host, rulebook) for name, host in hosts.items()}
        house = House(
            settings=settings, rulebook=rulebook, hosts=hosts, store=store, companies=companies, reread=reread
        )
        stack.push_async_callback(house.disconnect)
        yield house
