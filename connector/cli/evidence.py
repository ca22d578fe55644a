"""The command `evidence`: one file for an auditor."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from connector.cli import output
from connector.cli.tickets import HostName, Ticket, at_home, id_of
from connector.errors import Misconfigured
from connector.evidence import bundle, packed
from connector.model.case import Need
from connector.model.decision import More
from connector.more import read_more
from connector.store import audit
from connector.wiring import House, clock

NEEDS = Need.ARTICLES | Need.RAW_MAIL | Need.LINKS | Need.LINKED_MAIL
RECORDS = 10_000


def evidence(
    context: typer.Context,
    ticket: Ticket,
    out: Annotated[
        Path | None, typer.Option(help="File to write; evidence-NUMBER.zip where none is named.", show_default=False)
    ] = None,
    host: HostName = None,
) -> None:
    """Bundle the proofs on a ticket for an auditor.

    A zip with every mail as it came, its SHA-256 and what our mail server said of it, all that was noted on the ticket,
    the recorded decisions, and a summary to read. Unpacked, `sha256sum -c SHA256SUMS` checks it. Writes nothing to the
    helpdesk, and no file over another.

    Example: helpdesk-policy evidence 69002
    """

    async def work(house: House) -> tuple[str, dict[str, bytes]]:
        found, now = house.host(host), clock()
        id_ = await id_of(found, ticket)
        case = await read_more(id_, found, More(NEEDS), now=now)
        case = replace(case, stamps=house.rulebook.policy.stamps)
        rows = await audit.find(house.store, host=found.name, ticket=id_, limit=RECORDS)
        return case.ticket.number, bundle(case, rows, made_at=now)

    number, files = at_home(context.obj, work)
    path = out or Path(f"evidence-{number}.zip")
    try:
        with path.open("xb") as written:
            written.write(packed(files))
    except OSError as exc:
        raise Misconfigured(f"{path} cannot be written: {exc.strerror}; name another file with --out") from exc
    mails = sum(1 for name in files if name.startswith("mails/"))
    output.say(f"{path}: {mails} mails, {len(files)} files; check with: unzip and sha256sum -c SHA256SUMS")
