"""Print what a run has shown; here, since the process that prints reads only the outermost conftest."""

from collections.abc import Iterator

import pytest
import structlog

from tests.hosts import table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how the helpdesks differ under their common contract."""
    table.print_differences(terminalreporter)


@pytest.fixture(autouse=True)
def unconfigured_log() -> Iterator[None]:
    """Take back how a command set up the log: what it writes to ends with its test."""
    yield
    structlog.reset_defaults()
