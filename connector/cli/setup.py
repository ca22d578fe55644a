"""Commands that set the helpdesk up for a policy: `setup plan`, `apply`, `destroy`, `rotate-secret`."""

import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import requests
import typer
from pydantic import SecretStr
from rich.text import Text

from connector import log
from connector import setup as work
from connector.cli import output
from connector.cli.secretfile import keep
from connector.errors import Misconfigured, Permanent, Transient
from connector.hosts.zammad import provision
from connector.hosts.zammad.admin import Admin, Forbidden
from connector.hosts.zammad.changes import Change, Verb, shown
from connector.hosts.zammad.wishes import Kind
from connector.rulebook import Rulebook, read_rulebook
from connector.settings import Settings, load_settings

SECRETS = "HELPDESK_POLICY_ZAMMAD__WEBHOOK_SECRETS"
TOKEN = "HELPDESK_POLICY_ZAMMAD__TOKEN"  # noqa: S105 - the name of a setting
NEEDS = (
    "make one in Zammad under Profile, Token Access, as an administrator, with the permissions `admin` and "
    "`user_preferences.access_token`; delete it when you are done"
)
QUIET_FIELDS = {
    *("note", "active", "screens", "view", "order", "prio", "link", "editable", "position", "display", "object"),
    *("data_option", "default_at_signup", "ux_flow_next_up", "follow_up_possible", "follow_up_assignment", "ical_url"),
    *("firstname", "lastname", "disable_notification", "activator", "customized_payload"),
}
"""What a plan need not tell of a thing that is still to be made; --json tells all."""
SIGNS = {Verb.CREATE: ("+", "green"), Verb.UPDATE: ("~", "yellow"), Verb.DELETE: ("-", "red"), Verb.CLASH: ("!", "red")}

app = typer.Typer(help="Set the helpdesk up for the policy.", no_args_is_help=True)

AdminToken = Annotated[
    str,
    typer.Option(
        "--admin-token",
        envvar="ZAMMAD_ADMIN_TOKEN",
        help="Token of an administrator; never stored. Better set it in the environment, or be asked.",
        show_default=False,
    ),
]
BotName = Annotated[
    str, typer.Option("--bot", help="Mail address of the daemon's user; else whose token is in the settings.")
]
Endpoint = Annotated[
    str, typer.Option("--endpoint", help="Where the helpdesk reaches the door; else by HELPDESK_POLICY_PUBLIC_URL.")
]
Only = Annotated[
    str, typer.Option("--only", help="Only these kinds, separated by commas: webhook, trigger, role, SLA and so on.")
]
Adopt = Annotated[bool, typer.Option("--adopt", help="Take over things of the same name that somebody else made.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Store = Annotated[
    Path | None,
    typer.Option(
        help="Where new secrets go: in a file that ends in .env a line is replaced, another holds the secret alone."
    ),
]


@app.command()
def plan(
    context: typer.Context,
    admin_token: AdminToken = "",
    bot: BotName = "",
    endpoint: Endpoint = "",
    only: Only = "",
    adopt: Adopt = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what set-up would change.

    Reads the helpdesk and the policy file, and prints what is missing (+), what differs (~) and what nobody wishes any
    more (-). Changes nothing. Exit code 1 where there is something to do.

    Example: ZAMMAD_ADMIN_TOKEN=... helpdesk-policy setup plan
    """
    settings, rulebook = _read(context)
    with _administrator(settings, admin_token) as admin:
        planned = work.plan(admin, settings, rulebook, bot=bot, endpoint=endpoint, only=_kinds(only), adopt=adopt)
    if as_json:
        output.print_json([_as_json(change) for change in planned.changes])
    else:
        _print(planned, settings)
    raise typer.Exit(output.OK if planned.is_done else output.FINDINGS)


@app.command()
def apply(
    context: typer.Context,
    admin_token: AdminToken = "",
    bot: BotName = "",
    endpoint: Endpoint = "",
    only: Only = "",
    adopt: Adopt = False,
    store: Store = None,
    yes: Yes = False,
) -> None:
    """Set the helpdesk up.

    Shows the plan, asks, and carries it out. A second run changes nothing. New fields make Zammad restart itself: this
    says so, waits, and goes on. A new secret, and the token of a new user, are written to --store, or shown once.

    Example: helpdesk-policy setup apply --store config.env
    """
    settings, rulebook = _read(context)
    with _administrator(settings, admin_token) as admin:
        planned = work.plan(admin, settings, rulebook, bot=bot, endpoint=endpoint, only=_kinds(only), adopt=adopt)
        _print(planned, settings)
        if planned.is_done:
            return
        _ask("Carry this out?", yes=yes)
        if planned.secret is not None:  # first of all: deliveries may come the moment the webhook is there
            _give(SECRETS, planned.secret.get_secret_value(), store)
        work.carry_out(admin, planned, tell=_tell)
        if planned.bot and not settings.zammad.token.get_secret_value():
            _give(TOKEN, provision.make_token(admin, planned.bot), store)
    output.say("Done. Check all of it, with a delivery that goes round: helpdesk-policy doctor")


@app.command()
def destroy(
    context: typer.Context,
    admin_token: AdminToken = "",
    bot: BotName = "",
    with_data: Annotated[
        bool, typer.Option("--with-data", help="Fields of companies too, with all that was entered.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Take away what set-up made.

    Removes what carries our mark, and nothing else. What holds data of people stays and is named: groups with tickets,
    tags in use, fields of companies (unless --with-data).
    """
    settings, _ = _read(context)
    with _administrator(settings, admin_token) as admin:
        name = bot or (work.bot_of(settings) if settings.zammad.token.get_secret_value() else "")
        found = provision.removals(admin, provision.look(admin, bot=name), with_data=with_data)
        for each in found:
            sign, colour = ("-", "red") if each.goes else (" ", "dim")
            _line(f"{sign} {each.kind.word} {each.name}: {each.why}", colour)
        going = [each for each in found if each.goes]
        if not going:
            output.say("Nothing of ours can be taken away.")
            return
        _ask(f"Take away these {len(going)}?", yes=yes)
        provision.remove(admin, going, tell=_tell)
    output.say("Done.")


@app.command("rotate-secret")
def rotate_secret(
    context: typer.Context,
    admin_token: AdminToken = "",
    endpoint: Endpoint = "",
    store: Annotated[
        Path, typer.Option(help="Where the daemon reads its secrets from: config.env, or a secret file.")
    ] = Path("config.env"),
    wait: Annotated[float, typer.Option(help="Seconds to wait for the daemon to take up the new secret.")] = 120.0,
) -> None:
    """Change the webhook's secret without losing a delivery.

    Writes the new secret beside the old one, waits until the running daemon accepts it (kill -HUP, or systemctl
    reload), lets Zammad sign with it, and takes the old one out.
    """
    settings, _ = _read(context)
    old = [each.get_secret_value() for each in settings.zammad.webhook_secrets]
    new = SecretStr(secrets.token_urlsafe(32))
    where = endpoint or work.endpoint_of(settings)
    with _administrator(settings, admin_token) as admin:
        webhook = provision.webhook_of(provision.look(admin, kinds=[Kind.WEBHOOK]))
        if webhook is None:
            raise Permanent("Zammad has no webhook helpdesk-policy: make it with helpdesk-policy setup apply")
        keep(store, SECRETS, ",".join([new.get_secret_value(), *old]))
        output.say(f"{store}: the new secret stands beside the old one.")
        output.say(
            "Now let the daemon read it: systemctl reload helpdesk-policy, or kill -HUP its process. Waiting ..."
        )
        _wait_until_accepted(where, new, settings, wait)
        admin.send("PUT", f"webhooks/{webhook['id']}", {"signature_token": new.get_secret_value()})
        output.say("Zammad signs with the new secret.")
    keep(store, SECRETS, new.get_secret_value())
    output.say(f"{store}: the old secret is out; it holds until the daemon reads the file again.")


def _wait_until_accepted(endpoint: str, secret: SecretStr, settings: Settings, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            if work.is_accepted(endpoint, secret, basic=settings.zammad.webhook_basic):
                output.say("The daemon accepts the new secret.")
                return
            why = "it does not accept the new secret"
        except requests.RequestException:
            why = "nobody answers there"
        if time.monotonic() > deadline:
            raise Transient(
                f"the daemon at {endpoint} was asked for {wait:.0f} s: {why}. Nothing was changed in Zammad, and the "
                "old secret still holds; let the daemon read its settings, then run this again"
            )
        time.sleep(min(1.0, wait / 10))


def _read(context: typer.Context) -> tuple[Settings, Rulebook]:
    settings = load_settings(context.obj)
    log.set_up(settings.log_format, level="warning")
    if not settings.zammad.url:
        raise Misconfigured("HELPDESK_POLICY_ZAMMAD__URL is not set: it says which helpdesk to set up")
    return settings, read_rulebook(settings.policy_file, settings.rule_packages)


@contextmanager
def _administrator(settings: Settings, token: str) -> Iterator[Admin]:
    if not token and sys.stdin.isatty():
        token = typer.prompt("Administrator's token (not stored)", hide_input=True, err=True)
    if not token:
        raise Misconfigured(
            f"set-up needs a token of an administrator, as ZAMMAD_ADMIN_TOKEN or --admin-token: {NEEDS}"
        )
    try:
        with Admin(settings.zammad.url, SecretStr(token)) as admin:
            yield admin
    except Forbidden as exc:
        raise Permanent(f"{exc}; the administrator's token may not do this: {NEEDS}") from exc


def _kinds(only: str) -> list[Kind]:
    if not only:
        return list(Kind)
    words = {kind.word.casefold(): kind for kind in Kind} | {f"{kind.word.casefold()}s": kind for kind in Kind}
    wanted = [each.strip().casefold() for each in only.split(",") if each.strip()]
    unknown = [each for each in wanted if each not in words]
    if unknown:
        raise Misconfigured(f"--only: {', '.join(unknown)} is unknown; say one of {', '.join(k.word for k in Kind)}")
    return [words[each] for each in wanted]


def _print(planned: work.Planned, settings: Settings) -> None:
    """Print the plan as a difference, and what it means at the end."""
    for change in planned.changes:
        if change.verb is not Verb.KEEP:
            sign, colour = SIGNS[change.verb]
            _line(f"{sign} {change.kind.word} {change.name}" + (f": {change.why}" if change.why else ""), colour)
            telling = {
                name: values
                for name, values in change.fields.items()
                if change.verb is Verb.UPDATE or name not in QUIET_FIELDS
            }
            for name, (old, new) in telling.items():
                before = f"{shown(name, old)} -> " if change.verb is Verb.UPDATE else ""
                _line(f"      {name}: {before}{shown(name, new)}", "")
    if not planned.quiet and planned.bot:
        _line(f"~ user {planned.bot}: gets no mails about tickets any more", "yellow")
    if any(change.kind is Kind.ATTRIBUTE and change.verb is Verb.CREATE for change in planned.changes):
        _line("New fields make Zammad restart itself; its pages are away for a minute.", "yellow")
    if not settings.zammad.webhook_secrets and planned.secret is None:
        _line(
            f"{SECRETS} is not set, so the daemon lets nothing in: set it to the webhook's signature token.", "yellow"
        )
    counts = {verb: sum(change.verb is verb for change in planned.changes) for verb in Verb}
    what = ", ".join(f"{count} to {verb}" for verb, count in counts.items() if count)
    output.say(what or "nothing to do")


def _as_json(change: Change) -> dict[str, object]:
    fields = {name: {"old": shown(name, old), "new": shown(name, new)} for name, (old, new) in change.fields.items()}
    return {"verb": change.verb, "kind": change.kind.word, "name": change.name, "why": change.why, "fields": fields}


def _give(setting: str, value: str, store: Path | None) -> None:
    if store is not None:
        keep(store, setting, value)
        output.say(f"{setting} is now in {store}.")
        return
    output.say("Put this line into config.env; it is not shown again:")
    output.say(f"{setting}={value}")


def _ask(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Misconfigured("there is no terminal to ask at: look at the plan, and say --yes")
    if not typer.confirm(question):
        raise typer.Exit(output.FINDINGS)


def _tell(what: str) -> None:
    _line(what, "dim")


def _line(text: str, colour: str) -> None:
    output.console().print(Text(text, style=colour))
