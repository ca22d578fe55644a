"""The commands print readings and scores."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from connector.cli.read import read
from connector.cli.score import score

CORPUS = Path(__file__).parents[1] / "data" / "corpus"
app = typer.Typer()
app.command("read")(read)
app.command("score")(score)
LINE: dict[str, Any] = {
    "id": "t-1",
    "lang": "en",
    "channel": "email",
    "from": "Jan <jan@a.example>",
    "subject": "Finance folder",
    "body": "Please give Jane read access to the Finance folder. Jan, 01632 960 616",
    "labels": {
        "request": ["permission_change"],
        "critical": False,
        "scope": None,
        "topics": 1,
        "form": [],
        "abusive": False,
        "secrets": [],
    },
}


def run(*arguments: str, stdin: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    return result.exit_code, result.output


def test_a_mail_is_shown_with_its_words_marked(tmp_path: Path) -> None:
    mail = tmp_path / "mail.eml"
    mail.write_text("From: Jan <jan@a.example>\nSubject: Finance\n\nPlease give Jane access to the Finance folder.\n")

    code, output = run("read", str(mail))

    assert code == 0
    assert "[Please give Jane access to the Finance folder.](permission_change)" in output


def test_lines_become_lines_with_id_and_labels(tmp_path: Path) -> None:
    file = tmp_path / "mails.jsonl"
    file.write_text("\n".join(json.dumps(LINE | {"id": name}) for name in ("a", "b")))

    code, output = run("read", "--json", str(file))

    read_lines = [json.loads(line) for line in output.splitlines()]
    assert (code, [line["id"] for line in read_lines]) == (0, ["a", "b"])
    assert read_lines[0]["labels"] == LINE["labels"]


def test_given_labels_are_not_looked_at() -> None:
    lied = LINE | {"labels": {"request": ["quote"], "secrets": ["iban"]}}

    _, output = run("read", "--json", "-", stdin=json.dumps(lied))

    assert json.loads(output)["labels"] == LINE["labels"]


@pytest.mark.parametrize("content", ["{broken", "{}\n{broken"])
def test_a_broken_line_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "mails.jsonl"
    file.write_text(content)

    code, output = run("read", "--json", str(file))

    assert (code, "expected a JSON object" in output) == (2, True)


def test_a_missing_file_is_named() -> None:
    assert run("read", "nowhere.eml") == (2, "nowhere.eml: No such file or directory\n")


def test_scores_and_misses_are_printed(tmp_path: Path) -> None:
    file = tmp_path / "mails.jsonl"
    file.write_text(
        json.dumps(LINE) + "\n" + json.dumps(LINE | {"id": "t-2", "labels": {**LINE["labels"], "request": ["quote"]}})
    )

    code, output = run("score", str(file))

    assert code == 0
    assert "permission_change" in output
    assert "quote: missed, t-2" in output


def test_the_first_300_messages_are_understood_as_well_as_the_documents_say(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_bytes(gzip.decompress((CORPUS / "messages.jsonl.gz").read_bytes()))

    _, output = run("score", "--no-misses", str(file))

    rows = {line.split()[0]: line.split()[1:] for line in output.splitlines() if line}
    assert all(float(cell) >= 0.95 for cell in rows["permission_change"][:2])
