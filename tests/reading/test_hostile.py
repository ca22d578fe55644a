"""Hostile texts end in a reading, in time linear in their length."""

import time
from email.message import EmailMessage

import pytest

from connector.model.message import Message
from connector.reading import read
from connector.reading.eml import message_from_bytes
from connector.reading.html import html_to_text

SIZE = 200_000
HOSTILE = {
    "one letter": "a" * SIZE,
    "spaces": " " * SIZE,
    "line ends": "\n" * SIZE,
    "quote marks": ">" * SIZE,
    "quoted lines": "> a\n" * (SIZE // 4),
    "digits": "1" * SIZE,
    "spaced digits": "1 " * (SIZE // 2),
    "dashes": "-" * SIZE,
    "dashed": "-a" * (SIZE // 2),
    "headers": "From: a\n" * (SIZE // 8),
    "at signs": "a@" * (SIZE // 2),
    "dots": "a." * (SIZE // 2),
    "dotted numbers": "1." * (SIZE // 2),
    "colons": "a:" * (SIZE // 2),
    "iban": "PL61" * (SIZE // 4),
    "iban words": "GB29 NWBK " * (SIZE // 10),
    "passwords": "password: " * (SIZE // 10),
    "almost passwords": "Aa1" * (SIZE // 3),
    "key": "-----BEGIN PRIVATE KEY-----\n" * (SIZE // 28),
    "wrote": "On 1.1. wrote:\n" * (SIZE // 15),
    "backslashes": "\\\\" * (SIZE // 2),
    "marks": "?!" * (SIZE // 2),
    "combining": "a\u0301\u0302\u0303" * (SIZE // 4),
    "surrogate": "\ud800" * 100,
    "nul": "\x00a" * (SIZE // 2),
    "slashes": "a/b " * (SIZE // 4),
    "tokens": "sk_live_" * (SIZE // 8),
    "brackets": "[" * SIZE,
    "closings": "Thanks\n" * (SIZE // 7),
    "names": "Anna Nowak\n" * (SIZE // 11),
    "requests": "Please grant access to the folder. " * (SIZE // 35),
    "no spaces": "dostępuprawnienia" * (SIZE // 17),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_read_in_linear_time(name: str) -> None:
    text = HOSTILE[name]
    half, whole = (_seconds(Message(subject=text[:2000], body=body)) for body in (text[: len(text) // 2], text))

    assert whole < 4 * half + 0.3


def _seconds(message: Message) -> float:
    begin = time.process_time()
    read(message)
    return time.process_time() - begin


def test_a_megabyte_is_read_in_a_blink() -> None:
    body = "Dzień dobry, proszę o dostęp do folderu Umowy. Drukarka nie działa od rana.\n" * 14_000
    read(Message(body="warm up"))

    assert len(body) > 1_000_000
    assert min(_seconds(Message(subject="x", body=body)) for _ in range(3)) < 0.4  # 0.2 on an idle machine


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 50_000,
        "<blockquote>" * 20_000 + "deep",
        "<b><i>" * 20_000,
        "<table><tr><td>" * 10_000,
        "<p>a" * 50_000,
        "<!--" * 20_000,
        "<a href='" * 20_000,
        "\x00<\x00p>",
        "",
        "&#x110000;&bogus;&amp",
    ],
)
def test_hostile_html_ends_in_text(html: str) -> None:
    assert isinstance(html_to_text(html), str)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00garbage",
        b"Subject: =?utf-8?B?!!!?=\n\nx",
        b"Subject: =?nonsense?Q?a?=\nContent-Type: text/plain; charset=nonsense\n\n\xff\xfe",
        b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 500,
        b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!!",
        bytes(range(256)) * 100,
        b"From: " + b"a" * 100_000 + b"\n\nx",
    ],
)
def test_a_broken_mail_ends_in_a_reading(raw: bytes) -> None:
    assert read(message_from_bytes(raw)).labels()["critical"] is False


def test_nested_parts_give_the_text_and_name_the_attachments() -> None:
    mail = EmailMessage()
    mail["Subject"] = "Zażółć"
    mail["From"] = "Anna Nowak <a@b.example>"
    mail.set_content("Proszę o dostęp do folderu Umowy.")
    mail.add_alternative("<p>Proszę o dostęp</p>", subtype="html")
    mail.add_attachment(b"x", maintype="image", subtype="png", filename="ekran.png")

    message = message_from_bytes(mail.as_bytes())

    assert (message.subject, message.body.strip(), message.attachments) == (
        "Zażółć",
        "Proszę o dostęp do folderu Umowy.",
        ("ekran.png",),
    )
