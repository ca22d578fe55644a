"""Messages that no person wrote are known, and people's are not."""

import pytest

from connector.model.message import Message
from connector.reading import read

AUTOMATIC = [
    Message(subject="x", body="x", headers=(("Auto-Submitted", "auto-replied"),)),
    Message(subject="x", body="x", headers=(("Precedence", "bulk"),)),
    Message(subject="x", body="x", headers=(("List-Id", "<news.example>"),)),
    Message(subject="x", body="x", headers=(("X-Auto-Response-Suppress", "All"),)),
    Message(subject="x", body="x", headers=(("Return-Path", "<>"),)),
    Message(subject="x", body="x", headers=(("Content-Type", "multipart/report; report-type=delivery-status"),)),
    Message(subject="Undelivered Mail Returned to Sender", body="x", sender="MAILER-DAEMON@mx.example"),
    Message(subject="Out of office: Re: time", body="I am away until Monday."),
    Message(subject="Automatyczna odpowiedź: urlop", body="Wracam w poniedziałek."),
    Message(subject="Automatikus válasz: szabadság", body="Hétfőn jövök."),
    Message(subject="Автоответ: отпуск", body="Буду в понедельник."),
    Message(subject="Abwesenheitsnotiz: Urlaub", body="Ab Montag wieder da."),
]


@pytest.mark.parametrize("message", AUTOMATIC, ids=lambda message: message.subject)
def test_a_machine_is_known_by_its_headers_or_words(message: Message) -> None:
    automatic = read(message).automatic

    assert automatic is not None
    assert automatic.reason


@pytest.mark.parametrize(
    "message",
    [
        Message(subject="Drukarka", body="Nie działa drukarka.", headers=(("Auto-Submitted", "no"),)),
        Message(subject="Out of office", body="x", headers=(("Auto-Submitted", "no"),)),
        Message(subject="How do I set my reply when I am on holiday?", body="Please tell me.", sender="anna@a.example"),
    ],
    ids=lambda message: message.subject,
)
def test_a_person_is_no_machine(message: Message) -> None:
    found = read(message).automatic

    assert found is None or found.score < 1.0
