"""Commands about the settings, the policy file and the rules."""

import asyncio
import json
from typing import Annotated

import typer
from pydantic import SecretStr

from connector import log
from connector.cli import output
from connector.model.decision import Mode
from connector.policy.file import schema as schema_of
from connector.policy.found import find_rules
from connector.policy.yamlfile import read_document
from connector.rulebook import Rulebook, read_rulebook
from connector.settings import Settings, load_settings, names_of, origins
from connector.wiring import check_against_hosts

app = typer.Typer(help="Settings and policy file.", no_args_is_help=True)


@app.command()
def check(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the helpdesk whether names exist.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check settings and policy file.

    Every error is named with file and line. Unless --offline, the helpdesk is asked too whether every group exists that
    the policy names, and whether two companies claim one domain.
    """
    settings = load_settings(context.obj)
    log.set_up(settings.log_format, level="warning")
    rulebook = read_rulebook(settings.policy_file, settings.rule_packages)
    findings = [] if offline else asyncio.run(check_against_hosts(settings, rulebook))
    if as_json:
        output.print_json({"policy": rulebook.policy.revision, "findings": findings})
    else:
        name = settings.policy_file or "the built-in policy (every rule observes)"
        output.say(f"{name}: revision {rulebook.policy.revision}, {len(rulebook.policy.active)} rules on")
        for finding in findings:
            output.complain(finding)
        output.say("ok" if not findings else f"{len(findings)} findings")
    raise typer.Exit(output.FINDINGS if findings else output.OK)


@app.command()
def show(
    context: typer.Context,
    effective: Annotated[
        bool, typer.Option("--effective", help="With where each value comes from, and the policy file's too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the settings in force, masked."""
    settings = load_settings(context.obj)
    values = {name: _value(settings, name) for name in names_of()}
    if not effective:
        if as_json:
            output.print_json(values)
        else:
            output.table(("setting", "value"), list(values.items()))
        return
    origin = origins(context.obj)
    rows = [(name, value, origin[name]) for name, value in values.items()] + _policy_rows(settings)
    if as_json:
        output.print_json({name: {"value": value, "origin": where} for name, value, where in rows})
    else:
        output.table(("setting", "value", "from"), rows)


@app.command()
def schema(context: typer.Context) -> None:
    """Print the policy file's JSON Schema.

    Put `# yaml-language-server: $schema=policy.schema.json` on top of the policy file, and the editor completes it.
    """
    settings = load_settings(context.obj)
    output.print_json(schema_of(find_rules("rules", *settings.rule_packages)))


def rules(context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the rules, and their modes."""
    settings = load_settings(context.obj)
    rulebook = read_rulebook(settings.policy_file, settings.rule_packages)
    rows = [_rule(rulebook, name) for name in rulebook.rules]
    if as_json:
        output.print_json(rows)
        return
    output.table(("rule", "mode", "clauses", "what it does"), [tuple(row.values())[:4] for row in rows])


def _rule(rulebook: Rulebook, name: str) -> dict[str, object]:
    bound = next(each for each in rulebook.policy.rules if each.rule.name == name)
    rule = bound.rule
    return {
        "rule": name,
        "mode": str(bound.mode if bound.mode is not Mode.OFF else "off"),
        "clauses": ", ".join(rule.clauses),
        "summary": rule.summary,
        "options": bound.options.model_dump(mode="json"),
    }


def _policy_rows(settings: Settings) -> list[tuple[str, str, str]]:
    """Give mode and options of every rule, each with the line of the policy file, or the default that holds."""
    rulebook = read_rulebook(settings.policy_file, settings.rule_packages)
    file = settings.policy_file
    document = read_document(file.read_text(encoding="utf-8"), str(file)) if file else None
    rows = []
    for bound in rulebook.policy.rules:
        name = bound.rule.name
        fields = {"mode": str(bound.mode)} | bound.options.model_dump(mode="json")
        for field, value in fields.items():
            path: tuple[str | int, ...] = ("rules", name, field)
            is_given = document is not None and path in document.lines
            if document is not None and field == "mode" and not is_given and "mode" in document.values:
                path, is_given = ("mode",), name in document.values.get("rules", {})
            where = document.at(path) if document is not None and is_given else "default"
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            rows.append((f"rules.{name}.{field}", text, where))
    return rows


def _value(settings: object, name: str) -> str:
    value = settings
    for part in name.removeprefix("HELPDESK_POLICY_").lower().split("__"):
        value = getattr(value, part)
    if isinstance(value, SecretStr):
        return "***" if value.get_secret_value() else ""
    if isinstance(value, tuple):
        return ", ".join("***" if isinstance(each, SecretStr) else str(each) for each in value)
    return "" if value is None else str(value)
