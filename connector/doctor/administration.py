"""Check what only an administrator sees: webhook, triggers, settings, calendars; pure."""

from collections.abc import Iterator
from datetime import date, timedelta

from connector.doctor.facts import Facts
from connector.doctor.finding import Finding, ok, problem, skipped, warning
from connector.hosts.zammad.changes import Change, Verb, is_ours, shown
from connector.hosts.zammad.wishes import NAME, Kind
from connector.model.decision import Mode

KNOWN = ("6.5",)
"""Versions whose behaviour was recorded, and is held to by tests."""
APPLY = "helpdesk-policy setup apply (helpdesk-policy setup plan shows what it would change)"
WHY = {
    (Kind.WEBHOOK, ""): "Zammad tells the daemon of no ticket; only the sweep finds them",
    (Kind.TRIGGER, ""): "of such changes the daemon hears only by its sweep",
    (Kind.WEBHOOK, "active"): "deliveries are not even queued while it is off: they are lost",
    (Kind.WEBHOOK, "endpoint"): "deliveries go where no daemon of ours is",
    (Kind.WEBHOOK, "customized_payload"): "the daemon cannot read a custom payload, and wakes no ticket",
    (Kind.WEBHOOK, "signature_token"): "the daemon answers 401 to every delivery",
    (Kind.WEBHOOK, "basic_auth_username"): "the daemon answers 401 to deliveries without these credentials",
    (Kind.WEBHOOK, "basic_auth_password"): "the daemon answers 401 to deliveries without these credentials",
    (Kind.WEBHOOK, "ssl_verify"): "whoever stands between can read and hold back deliveries",
    (Kind.TRIGGER, "active"): "of such changes the daemon hears only by its sweep",
    (Kind.TRIGGER, "execution_condition_mode"): "a selective trigger is silent when only a field changes",
    (Kind.TRIGGER, "condition"): "the trigger fires for fewer changes, or others, than the daemon has to hear of",
    (Kind.TRIGGER, "perform"): "the trigger does something else than tell the daemon",
}
SERIOUS = {Kind.WEBHOOK, Kind.TRIGGER}
HARMLESS = {"note", "disable_notification"}


def version(facts: Facts) -> Iterator[Finding]:
    """Tell whether this version of Zammad is known."""
    seen = facts.administration
    if seen is None:
        fix = "set ZAMMAD_ADMIN_TOKEN to a token of an administrator with the permission `admin`; it is not stored"
        yield skipped("administration", facts.administration_error or "webhook, triggers and settings", fix=fix)
    elif not seen.version.startswith(KNOWN):
        yield warning(
            "version",
            f"Zammad {seen.version} was not tried; known is {', '.join(KNOWN)}",
            why="its API may behave differently from what the daemon expects",
            fix="begin with `mode: observe`, and read helpdesk-policy decisions list for some days",
        )
    else:
        yield ok("version", f"Zammad {seen.version}")


def deliveries(facts: Facts) -> Iterator[Finding]:
    """Tell how webhook and triggers differ from what is needed, and what else of set-up is missing."""
    seen = facts.administration
    if seen is None:
        return
    for change in seen.changes:
        if change.kind in SERIOUS:
            yield from _about(change)
    if all(change.verb is Verb.KEEP for change in seen.changes if change.kind in SERIOUS):
        yield ok("webhook", "webhook and triggers are as they should be")
    rest = [change for change in seen.changes if change.kind not in SERIOUS and change.verb is not Verb.KEEP]
    if rest:
        names = ", ".join(f"{change.kind.word} {change.name}" for change in rest[:4])
        more = f" and {len(rest) - 4} more" if len(rest) > 4 else ""
        yield warning(
            "setup",
            f"not as policy and settings ask: {names}{more}",
            why="overviews, macros, clocks or fields are missing or old",
            fix=APPLY,
        )


def other_triggers(facts: Facts) -> Iterator[Finding]:
    """Tell of triggers of other people that get in our way."""
    seen = facts.administration
    if seen is None:
        return
    hooks = {row["id"] for row in seen.seen.get(Kind.WEBHOOK, ()) if row["endpoint"] == facts.endpoint}
    for row in seen.seen.get(Kind.TRIGGER, ()):
        called = (row["perform"].get("notification.webhook") or {}).get("webhook_id")
        if row["active"] and not is_ours(Kind.TRIGGER, row) and called is not None and int(called) in hooks:
            yield warning(
                "trigger",
                f"the trigger {row['name']!r} calls our door too",
                why="the daemon is told twice of the same change, which costs the helpdesk's queue",
                fix=f"deactivate {row['name']!r} in Zammad under Triggers; ours are called {NAME} 1 to 3",
            )


def settings(facts: Facts) -> Iterator[Finding]:
    """Tell of settings under which the policy cannot work."""
    seen = facts.administration
    if seen is None:
        return
    if seen.settings.get("ticket_trigger_recursive") is True:
        yield warning(
            "setting",
            "triggers may fire triggers (ticket_trigger_recursive is on)",
            why="a trigger that answers our change with a change is a loop at the speed of the queue",
            fix="switch `Recursive Ticket Triggers` off in Zammad under Settings, Ticket",
        )
    attaches = any(b.rule.name == "company" and b.mode is not Mode.OFF for b in facts.rulebook.policy.active)
    if attaches and seen.settings.get("ticket_organization_reassignment") is False:
        yield warning(
            "setting",
            "tickets do not follow their customer into a company (ticket_organization_reassignment is off)",
            why="a customer is attached, and his open tickets stay without a company",
            fix="switch `Ticket Organization Reassignment` on in Zammad under Settings, Ticket",
        )


def calendars(facts: Facts) -> Iterator[Finding]:
    """Tell of calendars that SLAs run by without a holiday in the next twelve months."""
    seen = facts.administration
    if seen is None:
        return
    used = {row["calendar_id"] for row in seen.seen.get(Kind.SLA, ())}
    today = facts.now.date()
    for row in seen.seen.get(Kind.CALENDAR, ()):
        days = [day for day, about in (row.get("public_holidays") or {}).items() if about.get("active")]
        if row["id"] in used and not any(
            today <= date.fromisoformat(day) <= today + timedelta(days=365) for day in days
        ):
            yield warning(
                "calendar",
                f"the calendar {row['name']!r} has no holiday in the next twelve months",
                why="the clocks of SLAs run on days on which nobody works",
                fix="list them under helpdesk, calendars, holidays in the policy file, or name a feed under ical; then "
                "helpdesk-policy setup apply",
            )


def failed(facts: Facts) -> Iterator[Finding]:
    """Tell of deliveries that the helpdesk gave up on, by its own log."""
    if facts.failed is None:
        return
    ours = [each for each in facts.failed if each.url == facts.endpoint or each.trigger.startswith(NAME)]
    lately = sorted((each for each in ours if facts.now - each.last_at < timedelta(days=1)), key=lambda e: e.last_at)
    if lately:
        last = lately[-1]
        tickets = ", ".join(f"id:{each.ticket}" for each in lately[-5:] if each.ticket) or "tickets unknown"
        answered = f"was answered {last.status}" if last.status != "0" else "found nobody"
        yield problem(
            "lost",
            f"{len(lately)} deliveries of the last day were given up ({tickets}); the last one {answered}",
            why="Zammad tries five times in two minutes, then forgets; the sweep looks at these tickets later",
            fix="helpdesk-policy lost shows what became of each; 401 is a wrong secret, 404 a wrong path",
        )
    else:
        yield ok("lost", "no delivery was given up within a day")


def trip(facts: Facts) -> Iterator[Finding]:
    """Tell whether a change in the helpdesk has come to the daemon."""
    seen = facts.trip
    if seen is None:
        return
    if seen.error:
        yield skipped("round trip", seen.error)
    elif seen.seconds is not None:
        yield ok("round trip", f"a change of ticket id:{seen.ticket} came to the daemon in {seen.seconds:.1f} s")
    else:
        log = seen.failed
        told = (
            f"the helpdesk's log says {log.status} from {log.url}" if log else "the helpdesk's log says nothing of it"
        )
        yield problem(
            "round trip",
            f"a change of ticket id:{seen.ticket} did not come to the daemon; {told}",
            why="the daemon hears of tickets only by its sweep",
            fix="mend what else is found here; if nothing is, see whether Zammad's worker runs (zammad-worker), and "
            "whether a firewall or proxy stands between the helpdesk and the door",
        )


def _about(change: Change) -> Iterator[Finding]:
    name = f"{change.kind.word} {change.name!r}"
    match change.verb:
        case Verb.CREATE:
            yield problem(change.kind.word, f"there is no {name}", why=WHY[change.kind, ""], fix=APPLY)
        case Verb.CLASH:
            yield problem(
                change.kind.word, f"the {name} was not made by set-up", why=WHY[change.kind, ""], fix=change.why
            )
        case Verb.UPDATE:
            for field, (old, new) in change.fields.items():
                if field not in HARMLESS:
                    yield problem(
                        change.kind.word,
                        f"the {name} has {field} {shown(field, old)}, not {shown(field, new)}",
                        why=WHY.get((change.kind, field), "it does not work as the daemon expects"),
                        fix=APPLY,
                    )
        case _:
            return
