"""Commands for a Znuny: `znuny package`, `setup`, `check`."""

import asyncio
import secrets
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from connector.cli import output
from connector.cli.secretfile import keep
from connector.errors import Misconfigured
from connector.hosts.znuny import provision
from connector.hosts.znuny.check import Checked, check
from connector.hosts.znuny.client import WEB_SERVICE, ZnunyClient

TOKENS = "HELPDESK_POLICY_ZNUNY__WEBHOOK_TOKENS"

app = typer.Typer(help="Prepare a Znuny or OTRS for the daemon.", no_args_is_help=True)

Folder = Annotated[Path, typer.Option("--to", help="Folder to write into; made where it is missing.")]


@app.command()
def package(to: Folder = Path()) -> None:
    """Build the add-on.

    An .opm file: operations of Znuny's generic interface for links, companies and whole plans in one transaction, and
    the dynamic fields that hold a ticket's memory and tags. Install it in Znuny under Admin, Package Manager, or by the
    console.

    Example: helpdesk-policy znuny package --to /tmp
    """
    file = _write(to, f"{provision.NAME}-{provision.VERSION}.opm", provision.package(), mode=0o644)
    output.say(f"Wrote {file}.")


@app.command()
def setup(
    url: Annotated[
        str, typer.Option("--url", help="Where Znuny reaches the door, as in https://policy.example.com/hooks/znuny.")
    ],
    to: Folder = Path("znuny"),
    token: Annotated[
        str,
        typer.Option(envvar=TOKENS, help="Token that deliveries carry; a new one is made where none is set."),
    ] = "",
    basic: Annotated[
        str,
        typer.Option(envvar="HELPDESK_POLICY_ZNUNY__WEBHOOK_BASIC", help="`user:password` that deliveries carry too."),
    ] = "",
    bot: Annotated[
        int,
        typer.Option(
            help="Id of the daemon's agent, as `znuny check` tells it; with it Znuny keeps our own changes to itself."
        ),
    ] = 0,
    add_on: Annotated[bool, typer.Option("--add-on/--no-add-on", help="Whether the package may be installed.")] = True,
    home: Annotated[str, typer.Option(help="Where Znuny's program lies on its machine.")] = "/opt/znuny",
    store: Annotated[Path | None, typer.Option(help="Where a new token goes: config.env, or a secret file.")] = None,
) -> None:
    """Write all that an admin imports, and name the commands to run.

    Writes the package, the web service and the list of what deliveries leave out, then prints the console commands.
    Touches neither Znuny nor the network. The web service holds the token: delete it once it is imported.

    Example: helpdesk-policy znuny setup --url https://policy.example.com/hooks/znuny --bot 12 --store config.env
    """
    first = token.split(",")[0].strip() or secrets.token_urlsafe(32)
    service = provision.web_service(
        url=url,
        token=SecretStr(first),
        basic=SecretStr(basic) if basic else None,
        bot=bot or None,
        with_add_on=add_on,
    )
    if not token:
        _give(first, store)
    if add_on:
        package(to)
    _write(to, f"{WEB_SERVICE}.yml", service.encode(), mode=0o600)
    _write(to, "omitted.yml", provision.omitted().encode(), mode=0o644)
    output.say(f"Copy {to} to Znuny's machine, and run there as Znuny's own user, who must be able to read it:")
    for command in provision.commands(home=home, folder=str(to), with_add_on=add_on):
        output.say(f"  {command}")
    if not bot:
        output.say("Then run `helpdesk-policy znuny check` for the agent's id, and this once more with --bot.")


@app.command("check")
def check_installed(
    url: Annotated[
        str,
        typer.Option(envvar="HELPDESK_POLICY_ZNUNY__URL", help="Where Znuny lives, as in https://host/znuny."),
    ],
    login: Annotated[str, typer.Option(envvar="HELPDESK_POLICY_ZNUNY__LOGIN", help="Login of the daemon's agent.")],
    password: Annotated[
        str,
        typer.Option(envvar="HELPDESK_POLICY_ZNUNY__PASSWORD", help="His password; better set it in the environment."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask the Znuny what it can do for us, and what it lacks.

    Prints its version, the add-on's, the id of the daemon's agent and every capability. Changes nothing. Exit code 1
    where a person should put something right.
    """
    if not url.startswith(("http://", "https://")):
        raise Misconfigured(f"{url!r} is no address of a Znuny: give one as in https://helpdesk.example.com/znuny")
    seen = asyncio.run(_checked(url, login, SecretStr(password)))
    if as_json:
        output.print_json(seen)
    else:
        _print(seen)
    raise typer.Exit(output.FINDINGS if seen.findings else output.OK)


async def _checked(url: str, login: str, password: SecretStr) -> Checked:
    client = ZnunyClient(url, login, password)
    try:
        return await check(client)
    finally:
        await client.aclose()


def _print(seen: Checked) -> None:
    output.say(f"{seen.product}, add-on {seen.add_on or 'not installed'}, the daemon's agent has the id {seen.bot}")
    rows = [(capability.value, "yes" if able else "no") for capability, able in seen.capabilities.items()]
    output.table(("capability", "here"), rows)
    for finding in seen.findings:
        output.say(f"- {finding}")


def _give(token: str, store: Path | None) -> None:
    if store is not None:
        keep(store, TOKENS, token)
        output.say(f"{TOKENS} is now in {store}.")
        return
    output.say("Put this line into config.env; it is not shown again:")
    output.say(f"{TOKENS}={token}")


def _write(folder: Path, name: str, content: bytes, *, mode: int) -> Path:
    file = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.touch(mode=mode)
        file.chmod(mode)
        file.write_bytes(content)
    except OSError as exc:
        raise Misconfigured(f"{file} cannot be written: {exc}") from exc
    return file
