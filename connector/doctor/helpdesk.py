"""Check what the daemon's own token shows of the helpdesk; pure."""

from collections.abc import Iterator
from datetime import timedelta

from connector.doctor.facts import Facts, Helpdesk
from connector.doctor.finding import Finding, ok, problem, warning
from connector.hosts.zammad.lists import WRITTEN
from connector.model.decision import Mode

SKEW = timedelta(seconds=60)


def reached(facts: Facts) -> Iterator[Finding]:
    """Tell whether the helpdesk answers to the token."""
    if facts.helpdesk is None:
        yield problem(
            "helpdesk",
            facts.helpdesk_error,
            why="no ticket can be read",
            fix="check HELPDESK_POLICY_ZAMMAD__URL and HELPDESK_POLICY_ZAMMAD__TOKEN; a token is made in Zammad under "
            "Profile, Token Access, or by helpdesk-policy setup apply --bot ADDRESS",
        )
    else:
        yield ok("helpdesk", f"{facts.settings.zammad.url} answers; we are {facts.helpdesk.me['login']}")


def clocks(facts: Facts) -> Iterator[Finding]:
    """Tell whether both machines have the same time."""
    ahead = facts.helpdesk.clock_ahead if facts.helpdesk else None
    if ahead is not None and abs(ahead) > SKEW:
        side = "ahead of" if ahead > timedelta(0) else "behind"
        yield warning(
            "clock",
            f"the helpdesk's clock is {abs(ahead).total_seconds():.0f} s {side} ours",
            why="waiting times and promised hours are judged with the wrong time",
            fix="switch time synchronisation on (timedatectl set-ntp true) on both machines",
        )


def token(facts: Facts) -> Iterator[Finding]:
    """Tell whether the token may do what is needed, and no more."""
    seen = facts.helpdesk
    if seen is None:
        return
    if not seen.is_agent:
        yield problem(
            "token",
            f"the token of {seen.me['login']} lacks `ticket.agent`",
            why="it sees no tickets but its own, and may change none",
            fix="make a new token with `ticket.agent` for a user who is an agent: tokens do not gain permissions",
        )
        return
    if seen.extra:
        yield warning(
            "token",
            f"the token of {seen.me['login']} may administer: {', '.join(seen.extra)}",
            why="whoever reads it from this machine may change all of the helpdesk; `ticket.agent` is enough",
            fix="make a token with `ticket.agent` alone, set it as HELPDESK_POLICY_ZAMMAD__TOKEN, and delete this one",
        )
    else:
        yield ok("token", f"{seen.me['login']} is an agent, and may administer nothing")


def groups(facts: Facts) -> Iterator[Finding]:
    """Tell whether every group that is there can be worked in, and every one that is named is there."""
    seen = facts.helpdesk
    if seen is None or not seen.is_agent:
        return
    by_name = {row["name"]: row for row in seen.groups}
    for bound in facts.rulebook.policy.active:
        for name in bound.options.groups():
            row = by_name.get(name)
            if row is None or not row["active"]:
                known = ", ".join(sorted(each for each, found in by_name.items() if found["active"]))
                yield problem(
                    "group",
                    f"the rule {bound.rule.name} names the group {name!r}, which "
                    + ("is not active" if row else f"does not exist; there is {known}"),
                    why="whatever is to be moved there is parked",
                    fix=f"mend the name in {facts.settings.policy_file or 'the policy file'}, or activate or make the "
                    "group: helpdesk-policy setup apply",
                )
    closed = [name for name, row in by_name.items() if row["active"] and row["id"] not in _open_to(seen)]
    if closed:
        yield problem(
            "group",
            f"{seen.me['login']} has no full access to {', '.join(sorted(closed))}",
            why="tickets in there are not seen, and none can be moved there",
            fix="helpdesk-policy setup apply gives its role access to every group",
        )


def mail(facts: Facts) -> Iterator[Finding]:
    """Tell out of which groups no mail can leave."""
    seen = facts.helpdesk
    if seen is None or not seen.is_agent:
        return
    silent = sorted(row["name"] for row in seen.groups if row["active"] and row["email_address_id"] is None)
    if silent:
        yield warning(
            "mail",
            f"no mail can leave from {', '.join(silent)}: they have no mail address",
            why="customers of tickets in there are not told anything; a note says so instead",
            fix="give each group an address in Zammad under Groups, Email, or accept it",
        )


def lists(facts: Facts) -> Iterator[Finding]:
    """Tell whether every state, priority and field that is named exists."""
    seen = facts.helpdesk
    if seen is None or not seen.is_agent:
        return
    types = {row["state_type"] for row in seen.states if row["active"]}
    for kind in sorted(set(WRITTEN.values()) - types):
        yield problem(
            "state",
            f"there is no active state of the type {kind!r}",
            why="a ticket that a rule wants to set so is parked",
            fix="activate one in Zammad under Ticket States",
        )
    known = {row["name"] for row in seen.priorities if row["active"]}
    for bound in facts.rulebook.policy.active:
        for priority in _priorities(bound.options.model_dump()):
            if priority not in known:
                yield problem(
                    "priority",
                    f"the rule {bound.rule.name} names the priority {priority!r}; there is {', '.join(sorted(known))}",
                    why="a ticket that is to get it is parked",
                    fix=f"mend the name in {facts.settings.policy_file}",
                )
        missing = sorted(
            set(bound.options.company_fields()) - (seen.company_fields or set(bound.options.company_fields()))
        )
        if missing:
            yield problem(
                "field",
                f"the rule {bound.rule.name} reads {', '.join(missing)} from companies, which have no such field",
                why="nothing is known of any company then, and every ticket goes to a person",
                fix="helpdesk-policy setup apply makes it; or mend the name in the policy file",
            )


def companies(facts: Facts) -> Iterator[Finding]:
    """Tell which domains are claimed twice, and whose members see one another's tickets."""
    seen = facts.helpdesk
    if seen is None:
        return
    for domain, claims in seen.claimed_twice.items():
        names = " and ".join(each.name for each in claims)
        yield warning(
            "company",
            f"{domain} is claimed by {names}",
            why="nobody is attached by it; each such ticket gets a note for a person",
            fix="take the domain off all but one, in Zammad under Organizations or in the policy file",
        )
    attaches = [b for b in facts.rulebook.policy.active if b.rule.name == "company" and b.mode is not Mode.OBSERVE]
    shared = sorted(each.name for each in seen.companies if each.is_shared and each.is_active and each.domains)
    if attaches and shared:
        more = f" and {len(shared) - 5} more" if len(shared) > 5 else ""
        yield warning(
            "company",
            f"members of {', '.join(shared[:5])}{more} see one another's tickets (shared organization)",
            why="whoever has an address of the domain is attached, and sees them too",
            fix="switch `Shared organization` off in Zammad under Organizations, unless you mean it",
        )


def _open_to(seen: Helpdesk) -> set[int]:
    """Give the groups in which we have full access, by ourselves or by a role."""
    roles = [row for row in seen.roles if row["id"] in seen.me["role_ids"]]
    held = [seen.me.get("group_ids") or {}, *(row.get("group_ids") or {} for row in roles)]
    return {int(group) for each in held for group, levels in each.items() if "full" in levels}


def _priorities(options: dict[str, object]) -> list[str]:
    """Give the values of options that name a priority: those called `priority`, or `..._priority`."""
    named = (value for name, value in options.items() if name == "priority" or name.endswith("_priority"))
    return [value for value in named if isinstance(value, str) and value]
