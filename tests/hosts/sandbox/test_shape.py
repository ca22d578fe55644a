"""The comparison with the recordings sees what it must see."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.hosts.sandbox.recordings import exchanges
from tests.hosts.sandbox.shape import differences


def _body(name: str) -> Any:
    return copy.deepcopy(exchanges()[name]["response"]["body"])


def test_a_body_has_its_own_shape() -> None:
    assert differences(_body("03-tickets-show"), _body("03-tickets-show")) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"extra": 1}, "has ['extra'] besides"),
        ({"title": None}, "null None instead of string"),
        ({"number": 69002}, "number 69002 instead of string"),
        ({"article_count": "1"}, "string '1' instead of number"),
    ],
)
def test_another_key_or_type_is_a_difference(change: dict[str, Any], said: str) -> None:
    [line] = differences(_body("03-tickets-show") | change, _body("03-tickets-show"))

    assert said in line


def test_null_is_allowed_only_where_zammad_ever_said_null() -> None:
    ticket = _body("03-tickets-show")

    assert differences(ticket | {"customer_id": None}, ticket) != []
    assert differences(ticket | {"pending_time": "2026-12-01T10:00:00.000Z"}, ticket) == []


def test_a_missing_key_deep_inside_is_a_difference() -> None:
    mine = _body("03-tickets-show-full")
    del mine["assets"]["User"]["6"]["email"]

    [line] = differences(mine, _body("03-tickets-show-full"))
    assert "lacks ['email']" in line


def test_an_empty_list_is_not_a_full_one() -> None:
    assert differences([], _body("03-tickets-list")) != []
    assert differences(_body("03-tickets-list"), []) != []


def test_the_words_of_an_error_count_but_not_its_id() -> None:
    refused = _body("03-tickets-create-no-title")
    other_id = {"error": "Error ID AAAA-_12: Please contact your administrator."}

    assert differences(other_id, refused) == []
    assert differences({"error": "Something else"}, refused) != []
