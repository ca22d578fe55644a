"""The log: one event a line, and no secret in it."""

import io
import json
from typing import Any

import pytest
import structlog

from connector.log import MASK, mask, set_up


def masked(**event: Any) -> dict[str, Any]:
    return dict(mask(None, "info", event))


@pytest.mark.parametrize("key", ["token", "webhook_secret", "Authorization", "x_hub_signature", "db_password"])
def test_the_value_of_a_secret_key_is_hidden(key: str) -> None:
    assert masked(**{key: "hush"}) == {key: MASK}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Token token=hush", f"Authorization: Token token={MASK}"),
        ("sent 'Bearer hush', got 401", f"sent 'Bearer {MASK}', got 401"),
        ("basic aHVzaA== refused", f"basic {MASK} refused"),
        ("postgresql://me:hush@db/policy is away", f"postgresql://me:{MASK}@db/policy is away"),
        ("postgresql://me:h@u/sh@db/policy is away", f"postgresql://me:{MASK}@db/policy is away"),
        ("token: hush", f"token: {MASK}"),
        ("http://127.0.0.1:8765 is up", "http://127.0.0.1:8765 is up"),
        ("the host answered 403 to GET /tickets/7", "the host answered 403 to GET /tickets/7"),
    ],
)
def test_what_stands_behind_a_telltale_word_is_hidden_and_the_rest_is_not(text: str, shown: str) -> None:
    assert masked(error=text) == {"error": shown}


def test_what_lies_deeper_is_hidden_too() -> None:
    deep = {"headers": {"Authorization": "hush", "other": ["Bearer hush", 7]}, "pair": ("x", "token=hush")}

    assert masked(request=deep) == {
        "request": {"headers": {"Authorization": MASK, "other": [f"Bearer {MASK}", 7]}, "pair": ["x", f"token={MASK}"]}
    }


def test_a_traceback_is_masked_like_any_text() -> None:
    stream = io.StringIO()
    set_up("json", stream=stream)
    try:
        try:
            raise ValueError("refused: Bearer hush")
        except ValueError:
            structlog.get_logger().exception("look_failed", ticket="7")
    finally:
        structlog.reset_defaults()
    event = json.loads(stream.getvalue())

    assert (event["event"], event["level"], event["ticket"]) == ("look_failed", "error", "7")
    assert f"ValueError: refused: Bearer {MASK}" in event["exception"]
    assert "hush" not in stream.getvalue()


def test_only_what_is_asked_for_is_logged() -> None:
    stream = io.StringIO()
    set_up("console", level="warning", stream=stream)
    try:
        structlog.get_logger().info("looked")
        structlog.get_logger().warning("look_retried", ticket="7")
    finally:
        structlog.reset_defaults()

    assert "looked " not in stream.getvalue()
    assert "look_retried" in stream.getvalue()
