"""The CSV files beside the policy: read as people write them, and refused with file and line."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from connector.errors import Misconfigured
from connector.model.contract import Contract
from connector.registry import read_domains, read_people, read_registry

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str, encoding: str = "utf-8") -> Path:
        file = tmp_path / "list.csv"
        file.write_bytes(text.encode(encoding))
        return file

    return write


def contracts(file: Path) -> tuple[Contract, ...]:
    return read_registry(file, is_complete=False).contracts_of("Acme GmbH")


EXPECTED = "expected the columns company,level,valid_from,valid_until,services,on_call,hours,hours_used,time_zone"
GOLD = Contract(company="Acme GmbH", level="gold", valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31))


@pytest.mark.parametrize(
    "text",
    [
        "company,level,valid_from,valid_until\nAcme GmbH,gold,2026-01-01,2026-12-31\n",
        "company;level;valid_from;valid_until\nAcme GmbH;gold;2026-01-01;2026-12-31\n",
        "\ufeffcompany,level,valid_from,valid_until\r\nAcme GmbH,gold,2026-01-01,2026-12-31\r\n",
        " level , company ,valid_until,valid_from\n gold , Acme GmbH ,2026-12-31,2026-01-01",
        'company,level,valid_from,valid_until\n\n"Acme GmbH","gold",2026-01-01,2026-12-31\n\n',
    ],
)
def test_contracts_are_read_as_spreadsheets_write_them(write: Write, text: str) -> None:
    assert contracts(write(text)) == (GOLD,)


def test_a_contract_may_say_no_more_than_whose_it_is(write: Write) -> None:
    assert contracts(write("company\nacme  gmbh\n")) == (Contract(company="acme  gmbh"),)


def test_a_company_may_have_several_contracts(write: Write) -> None:
    file = write("company,level\nAcme GmbH,gold\nOther,basic\nACME GMBH,silver\n")

    assert [each.level for each in contracts(file)] == ["gold", "silver"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("company,levle\nAcme,gold\n", f":1: {EXPECTED}, found company,levle ('levle')"),
        ("level\ngold\n", f":1: {EXPECTED}, found level ('company')"),
        ("", f":1: {EXPECTED}, found  ('company')"),
        ("company,level\nAcme,gold\n,basic\n", ":3: 'company' is empty"),
        ("company,valid_until\nAcme,31.12.2026\n", ":2: expected a day as 2026-12-31, found '31.12.2026'"),
        ("company,valid_until\n\nAcme,2026-02-30\n", ":3: expected a day as 2026-12-31, found '2026-02-30'"),
        (
            "company,level\nAcme, Inc.,gold\n",
            ":2: expected 2 values, found 3; a value that holds the separator stands in quotes",
        ),
        (
            "company,valid_from,valid_until\nAcme,2026-12-31,2026-01-01\n",
            ":2: it ends on 2026-01-01, before it begins on 2026-12-31",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_file_and_line(write: Write, text: str, complaint: str) -> None:
    file = write(text)
    with pytest.raises(Misconfigured) as caught:
        read_registry(file, is_complete=False)

    assert str(caught.value) == f"{file}{complaint}"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes("company\nMüller\n".encode("latin-1"))
    with pytest.raises(Misconfigured, match="cannot be read"):
        read_registry(tmp_path / "latin.csv", is_complete=False)
    with pytest.raises(Misconfigured, match="cannot be read"):
        read_registry(tmp_path / "nowhere.csv", is_complete=False)


def test_a_company_may_have_several_domains_however_they_are_written(write: Write) -> None:
    file = write("company,domain\nAcme,ACME.example\nAcme,@acme-werk.example\nMüller,müller.example\n")

    assert read_domains(file) == {
        "Acme": ("acme.example", "acme-werk.example"),
        "Müller": ("xn--mller-kva.example",),
    }


def test_what_is_no_domain_is_refused(write: Write) -> None:
    file = write("company,domain\nAcme,acme example\n")
    with pytest.raises(Misconfigured) as caught:
        read_domains(file)

    assert str(caught.value) == f"{file}:2: expected a mail domain such as acme.example, found 'acme example'"


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("Acme,anna", "expected a mail address, found 'anna'"),
        ("Acme,anna@acme.example,everything", "expected account, orders, permissions, found 'everything'"),
    ],
)
def test_people_without_an_address_or_with_unknown_matters_are_refused(write: Write, row: str, complaint: str) -> None:
    file = write(f"company,address,matters\n{row}{',' * (2 - row.count(','))}\n")
    with pytest.raises(Misconfigured) as caught:
        read_people(file)

    assert str(caught.value) == f"{file}:2: {complaint}"
