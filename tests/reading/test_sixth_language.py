"""A sixth language needs files and no code, and the documentation shows how."""

import re
from pathlib import Path

from connector.model.message import Message
from connector.reading import load_lexicons, read

DOCUMENT = Path(__file__).parents[2] / "docs" / "reading.md"


def test_the_documented_sixth_language_is_understood(tmp_path: Path) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, body in re.findall(r"```toml\n# (cs/\w+\.toml)\n(.*?)```", text, re.DOTALL):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(body, encoding="utf-8")
    (example,) = re.findall(r"```text\n(.*?)\n```", text, re.DOTALL)

    reading = read(Message(subject="Přístup", body=example), load_lexicons(tmp_path))

    assert reading.language == "cs"
    assert [verdict.label for verdict in reading.requests] == ["permission_change"]
    assert reading.requests[0].words[0].text in example
