"""Let the facts of the contract say how a host differs, and leave out the real Zammad where none was named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hosts.real import configured
from tests.hosts.table import DIFFERS

pytest.register_assert_rewrite("tests.hosts.contract")


@pytest.fixture
def differs(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Say in the table how this host differs in the fact at hand."""
    return lambda how: record_property(DIFFERS, str(how))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave the real Zammad out where none was named."""
    return True if collection_path.name == "test_contract_zammad.py" and not configured() else None
