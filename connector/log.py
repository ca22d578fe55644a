"""Log one event per fact, key=value on a terminal and JSON elsewhere, secrets masked."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal, TextIO

import structlog

SECRET_KEYS = re.compile(r"token|secret|password|authorization|signature", re.IGNORECASE)
SECRET_TEXT = re.compile(r"(?i)(token[ =:]+(?:token=)?|bearer |basic )[^\s,;'\"@]+")
SECRET_IN_URL = re.compile(r"(://[^/\s:@]+:)\S+(?=@)")
MASK = "***"


def set_up(form: Literal["auto", "console", "json"], *, level: str = "info", stream: TextIO | None = None) -> None:
    """Send the log to standard error, so that standard output stays the command's own."""
    out = stream or sys.stderr
    console = form == "console" or (form == "auto" and out.isatty())
    render: Any = structlog.dev.ConsoleRenderer(colors=out.isatty()) if console else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            mask,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )


def mask(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide the values of secret keys, and what stands behind words such as `Bearer` in any text."""
    for key, value in event.items():
        event[key] = MASK if SECRET_KEYS.search(key) else _masked(value)
    return event


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return SECRET_IN_URL.sub(rf"\1{MASK}", SECRET_TEXT.sub(rf"\1{MASK}", value))
    if isinstance(value, Mapping):
        return {key: MASK if SECRET_KEYS.search(str(key)) else _masked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(inner) for inner in value]
    return value
