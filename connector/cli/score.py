"""Say how well messages are understood that people have labelled."""

import json
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.read import lexicons_from, messages_in
from connector.reading import read as read_message
from connector.reading.scoring import Pair, misses, table


def score(
    files: Annotated[list[str], typer.Argument(help="Labelled messages (.jsonl or .jsonl.gz).")],
    show_misses: Annotated[
        bool, typer.Option("--misses/--no-misses", help="List every disagreement with its text.")
    ] = True,
    lexicons: Annotated[
        Path | None, typer.Option(help="A folder of words of your own, laid over the product's.")
    ] = None,
) -> None:
    """Print precision, recall and F1 for each label and language, then each miss with its text."""
    known = lexicons_from(lexicons)
    pairs: list[Pair] = []
    for file in files:
        for line, message in messages_in(file):
            if not line or "labels" not in line:
                typer.echo(f"{file}: every line needs labels to be scored against", err=True)
                raise typer.Exit(2)
            reading = read_message(message, known)
            pairs.append(
                Pair(
                    id=str(line.get("id")),
                    language=str(line.get("lang")),
                    given=line["labels"],
                    found=reading.labels(),
                    found_language=reading.language,
                    text=f"{message.subject} | {message.body}",
                )
            )
    typer.echo(f"{len(pairs)} messages")
    for row in table(pairs):
        typer.echo(
            f"{row[0]:28}"
            + "".join(f"{cell:>15}" if number == 0 else f"{cell:>8}" for number, cell in enumerate(row[1:]))
        )
    if show_misses:
        for miss in misses(pairs):
            typer.echo(f"\n{miss.label}: {miss.what}, {miss.id}\n{json.dumps(miss.text[:600], ensure_ascii=False)}")
