"""Put the commands together, and turn errors into exit codes."""

import sys
from importlib.metadata import version as installed
from pathlib import Path
from typing import Annotated

import typer

from connector.cli import (
    backfill,
    config,
    contracts,
    daemon,
    doctor,
    evidence,
    output,
    read,
    records,
    repair,
    score,
    setup,
    tickets,
    trying,
    znuny,
)
from connector.errors import Gone, HelpdeskPolicyError, Misconfigured

EPILOG = "Exit codes: 0 ok, 1 findings, 2 usage or configuration, 3 host or database out of reach."

app = typer.Typer(
    name="helpdesk-policy",
    help="Applies your written support policy to the tickets of your helpdesk, and says why.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(daemon.run)
app.command("demo")(trying.demo)
app.command("sandbox")(trying.sandbox)
app.add_typer(setup.app, name="setup")
app.command("doctor")(doctor.doctor)
app.command("look")(tickets.look)
app.command("explain")(tickets.explain)
app.command("evidence")(evidence.evidence)
app.command("sweep")(tickets.sweep)
app.command("lost")(repair.lost)
app.command("replay")(repair.replay)
app.command("undo")(repair.undo)
app.add_typer(backfill.app, name="backfill")
app.add_typer(records.decisions, name="decisions")
app.add_typer(records.looks, name="looks")
app.add_typer(records.deliveries, name="deliveries")
app.add_typer(config.app, name="config")
app.command("rules")(config.rules)
app.add_typer(contracts.app, name="contracts")
app.command("read")(read.read)
app.command("score")(score.score)
app.add_typer(znuny.app, name="znuny")


def _version(wanted: bool) -> None:
    if wanted:
        output.say(f"helpdesk-policy {installed('helpdesk-policy')}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    config: Annotated[  # the name of the option
        Path | None, typer.Option("--config", help="File with settings, like config.example.env.", show_default=False)
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Apply your written support policy to the tickets of your helpdesk, and say why.

    Settings come from the environment (HELPDESK_POLICY_...), else from config.env in this directory, else from the file
    given with --config. Start with: helpdesk-policy demo
    """
    del version
    context.obj = config


def main() -> None:
    """Run the command; an error of ours is one clear line and an exit code, never a traceback."""
    try:
        app()
    except Misconfigured as exc:
        output.complain(str(exc))
        sys.exit(output.USAGE)
    except Gone as exc:
        output.complain(str(exc))
        sys.exit(output.FINDINGS)
    except HelpdeskPolicyError as exc:
        output.complain(str(exc))
        sys.exit(output.UNREACHABLE)
