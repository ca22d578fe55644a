"""Lists of contracts: read, compared, and asked for at an address."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from connector.contracts import differences, findings, why_braked, written
from connector.endpoint import Endpoint
from connector.errors import Misconfigured, Transient
from connector.model.contract import Contract
from connector.registry import read_contracts

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
FULL = Contract(
    company="Acme GmbH",
    level="gold",
    valid_from=date(2026, 1, 1),
    valid_until=date(2026, 12, 31),
    services=("Mail", "Backup"),
    on_call=True,
    hours=40,
    hours_used=12.5,
    time_zone="Europe/Budapest",
)
PLAIN = Contract(company="Beta SA", level="basic")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "contracts.csv"
    file.write_text(written((FULL, PLAIN)), encoding="utf-8")

    assert read_contracts(file) == (FULL, PLAIN)


def test_yaml_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "contracts.yaml"
    file.write_text(
        """
contracts:
  - {company: Acme GmbH, level: gold, valid_from: 2026-01-01, valid_until: 2026-12-31, services: [Mail, Backup],
     on_call: true, hours: 40, hours_used: 12.5, time_zone: Europe/Budapest}
  - {company: Beta SA, level: basic}
""",
        encoding="utf-8",
    )

    assert read_contracts(file) == (FULL, PLAIN)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("{company: A, levle: gold}", "contract 1: unknown 'levle'"),
        ("{level: gold}", "contract 1: 'company' is empty"),
        ("{company: A, hours: many}", "contract 1: expected a number of hours, found 'many'"),
        ("{company: A, on_call: maybe}", "contract 1: expected yes or no, found 'maybe'"),
        ("{company: A, time_zone: Mars/Base}", "contract 1: 'Mars/Base' is no time zone"),
        ("{company: A, valid_from: 2026-12-31, valid_until: 2026-01-01}", "it ends on 2026-01-01, before it begins"),
        ("gold", "contract 1: expected keys such as `company`, found 'gold'"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, row: str, complaint: str) -> None:
    file = tmp_path / "contracts.yml"
    file.write_text(f"- {row}\n", encoding="utf-8")

    with pytest.raises(Misconfigured) as caught:
        read_contracts(file)

    assert complaint in str(caught.value)


def test_two_lists_are_compared_company_by_company() -> None:
    renewed = Contract(company="acme gmbh", level="gold", valid_until=date(2027, 12, 31))
    new = Contract(company="Gamma AG")

    found = differences((FULL, PLAIN), (renewed, new))

    assert [(each.company, each.kind) for each in found] == [
        ("acme gmbh", "change"),
        ("Beta SA", "remove"),
        ("Gamma AG", "add"),
    ]
    assert differences((FULL, PLAIN), (PLAIN, FULL)) == ()


@pytest.mark.parametrize(
    ("listed", "kept", "is_braked"), [(100, 80, False), (100, 79, True), (6, 1, False), (7, 1, True)]
)
def test_an_import_that_changes_far_more_than_usual_is_braked(listed: int, kept: int, is_braked: bool) -> None:
    before = [Contract(company=f"Company {number}") for number in range(listed)]

    assert bool(why_braked(before, differences(before, before[:kept]))) is is_braked
    assert why_braked([], differences([], before)) is None


def test_odd_contracts_are_told() -> None:
    ended = Contract(company="Old Ltd", valid_until=date(2026, 3, 9))
    first = Contract(company="Beta SA", level="a", valid_until=date(2026, 6, 30))
    second = Contract(company="Beta SA", level="b", valid_from=date(2026, 6, 30))
    odd = findings((ended, first, second), today=date(2026, 3, 10), companies=["beta sa", "12"])

    assert odd == [
        "Old Ltd: no company of the helpdesk goes by this name, id or domain",
        "Old Ltd: its last contract ended on 2026-03-09",
        "Beta SA: a and b overlap",
    ]
    assert findings((PLAIN,), today=date(2026, 3, 10), companies=None) == []


# behind an address

Answer = Callable[[httpx.Request], httpx.Response]
URL = "https://erp.example/contracts"


class Erp:
    """An address whose answers a test changes."""

    def __init__(self) -> None:
        self.answer: Answer = lambda _: httpx.Response(200, json=[{"company": "Beta SA", "level": "basic"}])
        self.asked: list[httpx.Request] = []

    def endpoint(self) -> Endpoint:
        def handle(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            return self.answer(request)

        return Endpoint(transport=httpx.MockTransport(handle))


async def test_contracts_behind_an_address_are_asked_for_every_five_minutes_with_the_token() -> None:
    erp = Erp()
    endpoint = erp.endpoint()

    for minutes in (0, 1, 4, 5):
        assert await endpoint.contracts(URL, "secret", now=NOW + timedelta(minutes=minutes)) == (PLAIN,)

    assert [each.headers["Authorization"] for each in erp.asked] == ["Bearer secret"] * 2


def _away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


BROKEN: dict[str, Answer] = {
    "away": _away,
    "an error": lambda _: httpx.Response(500),
    "no right": lambda _: httpx.Response(401),
    "no json": lambda _: httpx.Response(200, text="<html>log in</html>"),
    "no list": lambda _: httpx.Response(200, json={"rows": 3}),
    "a broken row": lambda _: httpx.Response(200, json=[{"company": "A", "valid_until": "soon"}]),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_an_address_that_fails_is_an_error_at_first_and_the_last_answer_counts_for_a_day(name: str) -> None:
    erp = Erp()
    endpoint, good = erp.endpoint(), erp.answer
    erp.answer = BROKEN[name]
    with pytest.raises(Transient, match=r"the contracts at https://erp.example/contracts"):
        await endpoint.contracts(URL, "", now=NOW)

    erp.answer = good
    await endpoint.contracts(URL, "", now=NOW)
    erp.answer = BROKEN[name]

    assert await endpoint.contracts(URL, "", now=NOW + timedelta(hours=23)) == (PLAIN,)
    with pytest.raises(Transient):
        await endpoint.contracts(URL, "", now=NOW + timedelta(hours=25))
