"""What a report points at is found."""

import pytest

from connector.reading import builtin_lexicons
from connector.reading.references import find_references


@pytest.mark.parametrize(
    ("text", "field", "found"),
    [
        ("server 192.168.10.4 is down", "addresses", "192.168.10.4"),
        ("PACS-Server rad-pacs1 antwortet nicht", "addresses", "rad-pacs1"),
        ("usługa #123456 nie działa", "orders", "#123456"),
        ("zamówienie nr 7788123", "orders", "zamówienie nr 7788123"),
        ("заявка 90313 не решена", "tickets", "заявка 90313"),
        ("a honlap leállt", "services", "honlap"),
    ],
)
def test_a_reference_is_found(text: str, field: str, found: str) -> None:
    references = find_references(text, "", builtin_lexicons())

    assert found in [words.text for words in getattr(references, field)]


@pytest.mark.parametrize(
    ("text", "started", "zone"),
    [
        ("Sklep od 9:40 zwraca 503", "9:40", "CET/CEST"),
        ("down since 12:04 UTC, seen at 12:30", "12:04", "UTC"),
        ("A WMS 5:50 óta nem válaszol", "5:50", "CET/CEST"),
        ("Seit 10:22 MEZ steht alles", "10:22", "MEZ"),
        ("с 8:11 нет сети", "8:11", "CET/CEST"),
    ],
)
def test_the_start_of_an_outage_has_a_zone(text: str, started: str, zone: str) -> None:
    references = find_references(text, "", builtin_lexicons())

    assert (references.started and references.started.text, references.zone) == (started, zone)


def test_no_address_is_made_up() -> None:
    references = find_references("version 999.888.777.666, call 22 555 12 12", "", builtin_lexicons())

    assert references.addresses == ()
