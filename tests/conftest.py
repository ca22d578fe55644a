"""Print what a run has shown; here, since the process that prints reads only the outermost conftest."""

import pytest

from tests.hosts import table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how the helpdesks differ under their common contract."""
    table.print_differences(terminalreporter)
