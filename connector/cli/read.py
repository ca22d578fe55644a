"""Show what the product understands of a mail."""

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.model.message import Message
from connector.reading import LexiconError, Lexicons, Reading, Words, builtin_lexicons, load_lexicons
from connector.reading import read as read_message
from connector.reading.eml import message_from_bytes
from connector.reading.reading import Where
from connector.reading.scoring import message_of


def read(
    file: Annotated[
        str,
        typer.Argument(help="A mail (.eml), labelled or plain messages (.jsonl, .jsonl.gz), or - for standard input."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    lexicons: Annotated[
        Path | None, typer.Option(help="A folder of words of your own, laid over the product's.")
    ] = None,
) -> None:
    """Print the reading of a mail, with the words it rests on marked in the text."""
    known = lexicons_from(lexicons)
    for line, message in messages_in(file):
        reading = read_message(message, known)
        if as_json:
            typer.echo(json.dumps(described(reading, line), ensure_ascii=False))
        else:
            typer.echo(shown(message, reading))


def lexicons_from(folder: Path | None) -> Lexicons:
    """Load the word lists, or say what is wrong with them and stop."""
    try:
        return load_lexicons(folder) if folder else builtin_lexicons()
    except LexiconError as exc:
        typer.echo(f"lexicons: {exc}", err=True)
        raise typer.Exit(2) from exc


def messages_in(file: str) -> Iterator[tuple[dict[str, Any] | None, Message]]:
    """Give the messages of a file, with the line each came from where the file has lines."""
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as exc:
        typer.echo(f"{file}: {exc.strerror}", err=True)
        raise typer.Exit(2) from exc
    if raw.startswith(b"\x1f\x8b"):
        raw = gzip.decompress(raw)
    if not raw.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        yield None, message_from_bytes(raw)
        return
    for number, text in enumerate(raw.decode("utf-8-sig", "replace").split("\n"), start=1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except ValueError as exc:
            typer.echo(f"{file}:{number}: expected a JSON object, found {text[:60]!r}", err=True)
            raise typer.Exit(2) from exc
        yield line, message_of(line)


def described(reading: Reading, line: dict[str, Any] | None) -> dict[str, Any]:
    """Put a reading into JSON: id and labels in the guide's form, then what they rest on."""
    verdicts = [*reading.requests, *filter(None, (reading.critical, reading.scope, reading.abusive)), *reading.form]
    return {
        **({"id": line.get("id")} if line else {}),
        "labels": reading.labels(),
        "language": reading.language,
        "words": {verdict.label: [words.text for words in verdict.words] for verdict in verdicts if verdict.words},
        "topics": [[words.text for words in topic.words] for topic in reading.topics],
        "secrets": [
            {"kind": secret.kind, "start": secret.words.start, "end": secret.words.end, "where": secret.words.where}
            for secret in reading.secrets
        ],
        "automatic": reading.automatic.reason if reading.automatic else None,
        "original_sender": reading.original_sender,
        "contact": {"name": reading.contact.name, "phones": [words.text for words in reading.contact.phones]},
        "references": {
            "addresses": [words.text for words in reading.references.addresses],
            "orders": [words.text for words in reading.references.orders],
            "tickets": [words.text for words in reading.references.tickets],
            "services": [words.text for words in reading.references.services],
            "started": reading.references.started.text if reading.references.started else None,
            "zone": reading.references.zone,
        },
    }


def shown(message: Message, reading: Reading) -> str:
    """Write a reading for people: the verdicts, then the text with their words in brackets."""
    lines = [f"Subject: {_marked(message.subject, _spans(reading, Where.SUBJECT))}", f"Language: {reading.language}"]
    for verdict in (
        *reading.requests,
        *filter(None, (reading.critical, reading.scope, reading.abusive)),
        *reading.form,
    ):
        why = f", {verdict.reason}" if verdict.reason else ""
        lines.append(f"{verdict.label}: {verdict.score:.2f}{why}")
    lines.append(f"Topics: {len(reading.topics)}")
    if reading.automatic:
        lines.append(f"Automatic: {reading.automatic.reason}")
    lines.extend(f"Secret: {secret.kind}" for secret in reading.secrets)
    return "\n".join([*lines, "", _marked(reading.text, _spans(reading, Where.BODY)), ""])


def _spans(reading: Reading, where: Where) -> list[tuple[int, int, str]]:
    """Collect which characters which verdicts rest on."""
    found: dict[tuple[int, int], list[str]] = {}

    def add(label: str, words: Words) -> None:
        if words.where is where and words.end > words.start:
            found.setdefault((words.start, words.end), []).append(label)

    for verdict in (*reading.requests, *filter(None, (reading.critical, reading.scope, reading.abusive))):
        for words in verdict.words:
            add(verdict.label, words)
    for secret in reading.secrets:
        add(secret.kind, secret.words)
    return sorted((start, end, ", ".join(labels)) for (start, end), labels in found.items())


def _marked(text: str, spans: list[tuple[int, int, str]]) -> str:
    """Put brackets around the spans and their labels behind them; secrets inside a longer span are marked too."""
    marks: list[tuple[int, int, str]] = []
    for start, end, label in spans:
        marks.append((start, 1, "["))
        marks.append((end, 0, f"]({label})"))
    pieces: list[str] = []
    position = 0
    for place, _, mark in sorted(marks):
        pieces.append(text[position:place] + mark)
        position = place
    return "".join([*pieces, text[position:]])
