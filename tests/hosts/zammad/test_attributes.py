"""A Zammad that lacks the fields of the contract is given them, and waited for while it starts itself anew."""

from typing import Any

import httpx
import pytest

from tests.hosts.zammad import attributes
from tests.hosts.zammad.attributes import WANTED, ensure_attributes


class Restarting:
    """A Zammad that after a migration answers for a while as before, then not at all, then with the new fields."""

    def __init__(self, *, there: tuple[str, ...], before: int = 2, down: int = 3) -> None:
        self.there, self.before, self.down = there, before, down
        self.made: list[str] = []
        self.migrated = False
        self.companies: dict[int, dict[str, Any]] = {}

    async def __call__(self, method: str, path: str, json: Any = None) -> Any:
        if path == "object_manager_attributes":
            return self._fields(method, json)
        if path == "object_manager_attributes_execute_migrations":
            self.migrated = True
            return {}
        if method == "POST":
            return self._company(json)
        return self.companies[int(path.rpartition("/")[2])]

    async def status(self, method: str, path: str, json: Any = None) -> int:
        self.companies.pop(int(path.rpartition("/")[2]))
        return 200

    def _fields(self, method: str, json: Any) -> Any:
        if method == "POST":
            self.made.append(json["name"])
        return [{"object": each["object"], "name": each["name"]} for each in WANTED if each["name"] in self.there]

    def _company(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.before:
            self.before -= 1
        elif self.down:
            self.down -= 1
            raise httpx.ConnectError("refused")
        new = {"id": len(self.companies) + 1} | body
        self.companies[new["id"]] = new
        return new


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attributes, "PAUSE", 0.001)


async def test_missing_fields_are_made_and_the_restart_is_waited_out() -> None:
    zammad = Restarting(there=("support_contract",))

    field = await ensure_attributes(zammad)

    assert (zammad.made, zammad.migrated) == (["contract_valid_until", field], True)
    assert (zammad.before, zammad.down, zammad.companies) == (0, 0, {})


async def test_where_all_fields_are_there_nothing_is_migrated() -> None:
    zammad = Restarting(there=tuple(each["name"] for each in WANTED))

    await ensure_attributes(zammad)

    assert (zammad.made, zammad.migrated, zammad.before) == ([], False, 2)


async def test_a_server_that_does_not_come_back_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attributes, "BACK", 0.05)

    with pytest.raises(AssertionError, match="who starts it anew"):
        await ensure_attributes(Restarting(there=(), down=10**9))
