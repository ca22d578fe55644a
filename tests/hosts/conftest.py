"""Print at the end of a run how the helpdesks differ under their common contract."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hosts.real import configured

pytest.register_assert_rewrite("tests.hosts.contract")

CONTRACT = "test_contract_"
DIFFERS = "differs"


@pytest.fixture
def differs(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Say in the table how this host differs in the fact at hand."""
    return lambda how: record_property(DIFFERS, how)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave the real Zammad out where none was named."""
    return True if collection_path.name == "test_contract_zammad.py" and not configured() else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a row a fact and a column a host."""
    rows: dict[str, dict[str, str]] = defaultdict(dict)
    for report in [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]:
        path, _, test = report.nodeid.partition("::")
        if CONTRACT not in path or not test or report.when != "call":
            continue
        host = Path(path).stem.removeprefix(CONTRACT)
        said = [str(value) for name, value in report.user_properties if name == DIFFERS]
        rows[test.removeprefix("test_").replace("_", " ")][host] = (
            "; ".join(said) or "yes" if report.passed else "FAILED"
        )
    if not rows:
        return
    hosts = sorted({host for row in rows.values() for host in row})
    terminalreporter.section("what every helpdesk must do for us")
    width = max(len(fact) for fact in rows)
    terminalreporter.write_line(f"{'':{width}}  {'  '.join(f'{host:8}' for host in hosts)}".rstrip())
    for fact, row in rows.items():
        cells = [row.get(host, "") for host in hosts]
        terminalreporter.write_line(f"{fact:{width}}  {'  '.join(f'{cell:8}' for cell in cells)}".rstrip())
    if not configured():
        terminalreporter.write_line("No real Zammad was asked: set ZAMMAD_TEST_URL and the three beside it.")
