"""Print at the end of a run how the helpdesks differ under their common contract."""

from collections import defaultdict
from pathlib import Path

import pytest

from tests.hosts.real import configured

CONTRACT = "test_contract_"
DIFFERS = "differs"
"""Name of the property in which a fact says how a host differs; it travels with the report, out of whatever process."""


def print_differences(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a row a fact and a column a host."""
    rows: dict[str, dict[str, str]] = defaultdict(dict)
    for report in [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]:
        path, _, test = report.nodeid.partition("::")
        if CONTRACT not in path or not test or report.when != "call":
            continue
        said = [str(value) for name, value in report.user_properties if name == DIFFERS]
        fact = test.removeprefix("test_").replace("_", " ")
        rows[fact][Path(path).stem.removeprefix(CONTRACT)] = "; ".join(said) or "yes" if report.passed else "FAILED"
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
