"""Parts that the tests of commands share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import Commands, Desk
from tests.desk import desk as serve_desk


@pytest.fixture
def place() -> Iterator[Desk]:
    with serve_desk() as made:
        yield made


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    monkeypatch.chdir(tmp_path)
    return Commands(monkeypatch, capsys)
