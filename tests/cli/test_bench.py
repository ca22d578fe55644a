"""The benchmark of backfill runs, and shows what it is for."""

import json

import pytest

from bench import backfill


def test_memory_does_not_grow_with_the_number_of_users(capfd: pytest.CaptureFixture[str]) -> None:
    backfill.main(["bench", "10000"])

    few, many, written = (json.loads(line) for line in capfd.readouterr().out.splitlines())
    assert (few["users"], many["users"], written["attach"]) == (100, 10_000, 1)
    assert many["peak MB"] < few["peak MB"] + 8
