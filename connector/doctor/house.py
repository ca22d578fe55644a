"""Check settings, policy, database and the daemon's own work; pure."""

from collections.abc import Iterator
from datetime import timedelta

from connector.doctor.facts import Facts
from connector.doctor.finding import Finding, ok, problem, skipped, warning
from connector.model.decision import Mode

WAITS = timedelta(minutes=2)
CONFIG = "HELPDESK_POLICY_"


def policy(facts: Facts) -> Iterator[Finding]:
    """Tell whether the policy does anything at all."""
    active = facts.rulebook.policy.active
    name = facts.settings.policy_file or "the built-in policy"
    if not active:
        yield warning(
            "policy",
            f"{name} switches every rule off",
            why="tickets are read, and nothing is decided about them",
            fix="name at least one rule under `rules:`, as in `company: {}`; helpdesk-policy rules lists them",
        )
        return
    yield ok("policy", f"{name}, revision {facts.rulebook.policy.revision}: {len(active)} rules on")
    writing = [bound.rule.name for bound in active if bound.mode in (Mode.ENFORCE, Mode.PROPOSE)]
    if facts.settings.dry_run and writing:
        yield warning(
            "policy",
            f"{', '.join(writing)} would write, but dry run is on",
            why="everything is decided and recorded, and nothing reaches a ticket",
            fix=f"unset {CONFIG}DRY_RUN and restart the daemon, when you like what you read",
        )


def secrets(facts: Facts) -> Iterator[Finding]:
    """Tell whether deliveries can be let in."""
    known = [each for each in facts.settings.zammad.webhook_secrets if each.get_secret_value()]
    setting = f"{CONFIG}ZAMMAD__WEBHOOK_SECRETS"
    if not known:
        yield problem(
            "secret",
            f"{setting} is not set",
            why="nothing unsigned is let in, so every delivery is answered 401",
            fix="helpdesk-policy setup rotate-secret --store config.env makes one, or set it to the webhook's own",
        )
    elif len(known) > 1:
        yield warning(
            "secret",
            f"{len(known)} webhook secrets are accepted",
            why="the old one is still worth as much as the new one",
            fix=f"when the rotation is over, leave only the new one in {setting} and reload the daemon",
        )
    else:
        yield ok("secret", "one webhook secret is set")


def database(facts: Facts) -> Iterator[Finding]:
    """Tell whether the database answers, and what waits in it."""
    work = facts.work
    if work is None:
        yield problem(
            "database",
            f"the database cannot be used: {facts.work_error}",
            why="deliveries are answered 503, and no ticket is looked at",
            fix=f"start it, or mend {CONFIG}DATABASE_URL or {CONFIG}DATA_DIR; then restart the daemon",
        )
        return
    yield ok("database", f"{work.counts.waiting} tickets wait, {work.counts.leased} are being looked at")
    if work.counts.oldest_due > WAITS:
        yield problem(
            "looks",
            f"the oldest waiting ticket is due for {work.counts.oldest_due}",
            why="the daemon does not look at tickets, or not as fast as they come",
            fix="start the daemon (helpdesk-policy run), and read its log; helpdesk-policy looks list shows what waits",
        )
    for row in work.parked[:5]:
        yield warning(
            "looks",
            f"ticket id:{row.ticket} is parked: {row.last_error}",
            why="no rule is applied to it until a person has mended the cause",
            fix=f"mend what the message says, then helpdesk-policy looks retry id:{row.ticket}",
        )


def sweep(facts: Facts) -> Iterator[Finding]:
    """Tell whether somebody sweeps for what no webhook tells."""
    if facts.work is None:
        return
    every = timedelta(minutes=facts.settings.sweep_minutes)
    swept = facts.work.swept
    if swept is None or facts.now - swept > 3 * every:
        last = f"the last one began {facts.now - swept} ago" if swept else "no daemon sweeps"
        yield warning(
            "sweep",
            f"there was no sweep lately: {last}",
            why="tags, links and lost deliveries are only found by a sweep",
            fix="start the daemon (helpdesk-policy run), or read in its log why it cannot reach the helpdesk",
        )
    else:
        yield ok("sweep", f"the last sweep began {facts.now - swept} ago")


def door(facts: Facts) -> Iterator[Finding]:
    """Tell whether the door is where the helpdesk looks for it, and lets in only what is signed."""
    seen, where = facts.door, facts.endpoint
    public = f"set {CONFIG}PUBLIC_URL to where the helpdesk reaches the daemon, and run helpdesk-policy setup apply"
    if seen.error:
        yield problem(
            "door",
            f"nobody answers at {where}: {seen.error}",
            why="no delivery comes in; only the sweep finds tickets, when the daemon runs",
            fix=f"start the daemon (helpdesk-policy run); if it runs elsewhere, {public}",
        )
    elif seen.location:
        yield problem(
            "door",
            f"{where} is redirected to {seen.location}",
            why="Zammad does not follow redirects: every delivery is lost",
            fix=f"let no redirect stand before /hooks/ in the reverse proxy, or {public}",
        )
    elif seen.unsigned == 404:
        yield problem(
            "door",
            f"{where} answers 404",
            why="every delivery is lost",
            fix=f"the path must end in /hooks/zammad, and no proxy may cut it: {public}",
        )
    elif seen.unsigned is not None and seen.unsigned != 401:
        yield problem(
            "door",
            f"{where} answers {seen.unsigned} to an unsigned delivery, not 401",
            why="what answers there is not the door of this daemon, or its database is away",
            fix=public,
        )
    elif seen.signed == 401:
        yield problem(
            "door",
            "the running daemon does not accept the secret that stands in the settings",
            why="deliveries signed with it are answered 401 and lost after five tries",
            fix="let it read the settings again: systemctl reload helpdesk-policy, or kill -HUP its process",
        )
    elif seen.signed is None:
        yield skipped("door", "no secret is set, so no signed delivery could be tried")
    else:
        yield ok("door", f"{where} takes what is signed, and nothing else")
