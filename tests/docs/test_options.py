"""Every option of the commands that set up, check and repair stands on the page of its group."""

from pathlib import Path

import pytest

from tests.docs.test_words import commands

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {
    "setup": ("setup.md",),
    "doctor": ("doctor.md", "setup.md"),
    "backfill": ("backfill.md",),
    "lost": ("commands.md", "setup.md"),
    "replay": ("commands.md", "setup.md"),
    "undo": ("commands.md",),
    "looks": ("commands.md",),
    "decisions": ("commands.md",),
}


@pytest.mark.parametrize("command", [name for name in commands() if name.split()[1] in PAGES])
def test_every_option_is_documented_on_the_page_of_its_group(command: str) -> None:
    text = "".join((DOCS / page).read_text("utf-8") for page in (*PAGES[command.split()[1]], "commands.md"))

    options = [option for each in getattr(commands()[command], "params", []) for option in each.opts]
    assert not [option for option in options if option.startswith("--") and option != "--help" and option not in text]
