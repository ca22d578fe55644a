"""A reading names what is asked, and the words it rests on."""

import dataclasses

import pytest

from connector.model.message import Channel, Message
from connector.reading import Reading, read

ASKED = [
    ("pl", "permission_change", "Dzień dobry, proszę nadać pani Kowalskiej dostęp do folderu Umowy (odczyt i zapis)."),
    ("hu", "permission_change", "Kérem, hogy az új kolléga kapjon hozzáférést a Pénzügy mappához."),
    ("ru", "permission_change", "Прошу предоставить Иванову доступ к папке «Договоры» на чтение."),
    ("en", "permission_change", "Please give our new colleague Jane Smith access to the Finance folder, read only."),
    ("de", "permission_change", "Bitte geben Sie Frau Schmidt Schreibrechte auf den Ordner Verträge."),
    ("pl", "equipment_order", "Proszę zamówić dwa laptopy i monitor dla nowej recepcji, faktura jak zwykle."),
    ("en", "quote", "What would 12 laptops with docking stations cost us? A rough figure will do."),
    (
        "de",
        "project",
        "Wir wollen bis Jahresende alle 80 Arbeitsplätze auf Windows 11 umstellen, bitte um einen Zeitplan.",
    ),
    ("hu", "complaint", "Panaszt teszek: két hete nem válaszol senki, elfogadhatatlan, kérem a vezető magyarázatát."),
    ("ru", "account_sensitive", "Забыл пароль от почты, сбросьте, пожалуйста, мой пароль."),
]
NOT_ASKED = [
    'Od rana dostaję komunikat "Odmowa dostępu" na dysku P, wczoraj wszystko działało.',
    "Thanks, the access works now, you can close the ticket.",
    "Wer hat derzeit Zugriff auf den Ordner Personal? Bitte nur eine Liste, nichts ändern.",
    "Пожалуйста, пока никому доступ не давайте, ждите моего подтверждения.",
]


@pytest.mark.parametrize(("language", "label", "body"), ASKED)
def test_a_plain_request_is_understood_in_every_language(language: str, label: str, body: str) -> None:
    reading = read(Message(subject="", body=body))

    assert (reading.language, [verdict.label for verdict in reading.requests]) == (language, [label])
    assert (
        body[reading.requests[0].words[0].start : reading.requests[0].words[0].end] == reading.requests[0].words[0].text
    )


@pytest.mark.parametrize("body", NOT_ASKED)
def test_faults_thanks_questions_and_waiting_are_no_request_for_rights(body: str) -> None:
    assert not read(Message(subject="", body=body)).asks_for("permission_change")


def test_a_forward_without_own_words_asks_for_nothing() -> None:
    body = "---------- Forwarded message ---------\nFrom: Tom <t@a.example>\nSubject: access\n\nPlease give me access."

    reading = read(Message(subject="Fwd: access", body=body, sender="Ann <ann@a.example>"))

    assert (reading.requests, [verdict.label for verdict in reading.form], reading.original_sender) == (
        (),
        ["forward_without_text", "no_contact_details"],
        "Tom <t@a.example>",
    )


def test_pointing_at_quoted_words_is_seen() -> None:
    body = "Please let her have what she asks for below.\n\nFrom: Eve\nSent: Monday\nSubject: x\n\nCan I have access?"

    assert read(Message(subject="x", body=body)).points_at_quoted


def test_an_empty_message_is_read() -> None:
    reading = read(Message(channel=Channel.CHAT))

    assert [verdict.label for verdict in reading.form] == ["empty_subject", "empty_body", "no_contact_details"]


def test_a_reading_is_a_frozen_value_and_the_same_each_time() -> None:
    message = Message(subject="Dostęp", body="Proszę o dostęp do folderu Umowy dla Anny. Jan Kowalski 22 555 12 12")

    assert read(message) == read(message)
    with pytest.raises(dataclasses.FrozenInstanceError):
        read(message).language = "xx"  # type: ignore[misc]  # it must be refused
    assert isinstance(read(message), Reading)


def test_html_is_read_as_its_text() -> None:
    plain = read(Message(subject="x", body="Proszę dodać Annę do grupy Kadry."))
    html = read(Message(subject="x", body="<p>Proszę dodać <b>Annę</b> do grupy Kadry.</p>", is_html=True))

    assert html.labels() == plain.labels()
