"""Who sent a mail, by its own bytes, as far as our mail server vouches for it."""

import hashlib

import pytest

from connector.model.stamps import Stamps
from connector.policy.proof import is_aligned, read_mail

OURS = Stamps(servers=frozenset({"mx.helpdesk.example"}))
BODY = (
    "From: Carl Customer <carl@acme.example>\r\nSubject: Re: time [Ticket#69053]\r\nTo: sales@example.test\r\n"
    "Date: Sat, 21 Nov 2026 21:10:00 +0000\r\nMessage-ID: <c2@acme.example>\r\n\r\nYes, I confirm.\r\n"
)


def stamped(*stamps: str) -> bytes:
    return "".join(f"Authentication-Results: {each}\r\n" for each in (*stamps, "")[:-1]).encode() + BODY.encode()


def test_a_mail_is_read_with_its_author_date_id_and_hash() -> None:
    raw = stamped("mx.helpdesk.example; dmarc=pass header.from=acme.example")

    mail = read_mail(raw, OURS)

    assert (mail.address, mail.message_id, mail.machine) == ("carl@acme.example", "<c2@acme.example>", "")
    assert str(mail.sent_at) == "2026-11-21 21:10:00+00:00"
    assert mail.digest == hashlib.sha256(raw).hexdigest()
    assert mail.is_authentic


PASSES = [
    "mx.helpdesk.example; dmarc=pass (p=reject) header.from=acme.example",
    "MX.Helpdesk.Example; dmarc=pass header.from=acme.example",
    "mx.helpdesk.example 1; dmarc=pass header.from=acme.example",
    "mx.helpdesk.example; dmarc=none; spf=pass (ok) smtp.mailfrom=bounce@mail.acme.example",
    "mx.helpdesk.example; dkim=pass header.i=@acme.example header.s=a header.b=xyz",
    "mx.helpdesk.example; dkim=fail header.d=acme.example; dkim=pass header.d=acme.example",
    "mx.helpdesk.example;\r\n dkim=pass header.d=acme.example;\r\n dmarc=pass header.from=acme.example",
]
FAILS = [
    "mx.helpdesk.example; none",
    "mx.helpdesk.example; dmarc=fail (p=none) header.from=acme.example; spf=pass smtp.mailfrom=x@acme.example",
    "mx.helpdesk.example; dmarc=pass header.from=evil.example",
    "mx.helpdesk.example; dmarc=temperror header.from=acme.example",
    "mx.helpdesk.example; spf=pass smtp.helo=acme.example",
    "mx.helpdesk.example; spf=softfail smtp.mailfrom=x@acme.example; dkim=neutral header.d=acme.example",
    "mx.helpdesk.example; spf=pass smtp.mailfrom=x@acme.example.evil.example",
    "mx.helpdesk.example; spf=pass smtp.mailfrom=x@notacme.example",
    "mx.helpdesk.example.evil.example; dmarc=pass header.from=acme.example",
    "mx.evil.example; dmarc=pass header.from=acme.example",
    "(mx.helpdesk.example) mx.evil.example; dmarc=pass header.from=acme.example",
    "garbage without any form; ;; dmarc",
    "",
]


@pytest.mark.parametrize("stamp", PASSES)
def test_our_server_vouches_for_it(stamp: str) -> None:
    assert read_mail(stamped(stamp), OURS).is_authentic


@pytest.mark.parametrize("stamp", FAILS)
def test_our_server_does_not_vouch_for_it(stamp: str) -> None:
    mail = read_mail(stamped(stamp), OURS)

    assert not mail.is_authentic
    assert mail.verdict


def test_a_forged_stamp_below_the_true_one_as_recorded_on_a_real_zammad_does_not_count() -> None:
    true = (
        "mx.helpdesk.example; dmarc=fail (p=none) header.from=acme.example; "
        "spf=softfail smtp.mailfrom=evil.example; dkim=none"
    )

    mail = read_mail(stamped(true, "mx.helpdesk.example; dmarc=pass header.from=acme.example"), OURS)

    assert (mail.is_authentic, mail.verdict) == (False, "mx.helpdesk.example says dmarc=fail for acme.example")


@pytest.mark.parametrize(
    "head",
    [
        "From: evil@evil.example\r\n",
        "From:\r\n evil@evil.example\r\n",
        "from: evil@evil.example, also@evil.example\r\n",
    ],
)
def test_a_second_author_makes_it_nobodys(head: str) -> None:
    raw = b"Authentication-Results: mx.helpdesk.example; dmarc=pass header.from=acme.example\r\n"

    mail = read_mail(raw + head.encode() + BODY.encode(), OURS)

    assert (mail.address, mail.is_authentic) == ("", False)


@pytest.mark.parametrize(
    ("author", "address"),
    [
        ('"carl@acme.example" <evil@evil.example>', "evil@evil.example"),
        ("Carl <CARL@Acme.Example>", "carl@acme.example"),
        ("carl@XN--bcher-kva.example", "carl@xn--bcher-kva.example"),
        ("carl@bücher.example", ""),  # bytes beyond ASCII in a From line are nobody we can know
        ("carl@acme.example, bea@acme.example", ""),
        ("undisclosed", ""),
        ("", ""),
    ],
)
def test_the_author_is_the_one_address_and_not_what_is_shown(author: str, address: str) -> None:
    raw = BODY.replace("Carl Customer <carl@acme.example>", author).encode()

    assert read_mail(raw, OURS).address == address


def test_without_a_named_server_nobody_vouches() -> None:
    mail = read_mail(stamped(PASSES[0]), Stamps())

    assert "mail.authserv_ids" in mail.verdict
    assert not mail.is_authentic


@pytest.mark.parametrize(
    ("head", "is_machine"),
    [
        ("Auto-Submitted: auto-replied", True),
        ("Auto-Submitted: no", False),
        ("Precedence: bulk", True),
        ("X-Autoreply: yes", True),
        ("Return-Path: <>", True),
        ("Content-Type: multipart/report; boundary=x", True),
        ("X-Auto-Response-Suppress: All", False),  # stands in people's mails too
    ],
)
def test_a_machines_mail_is_known_by_its_headers(head: str, is_machine: bool) -> None:
    assert bool(read_mail(f"{head}\r\n".encode() + BODY.encode(), OURS).machine) is is_machine


@pytest.mark.parametrize(
    ("domain", "author", "aligned"),
    [
        ("acme.example", "acme.example", True),
        ("mail.acme.example", "acme.example", True),
        ("acme.co.uk", "evil.co.uk", False),
        ("mail.acme.co.uk", "acme.co.uk", True),
        ("evil.github.io", "acme.github.io", False),
        ("", "acme.example", False),
    ],
)
def test_domains_are_of_one_organisation_as_the_public_suffix_list_says(
    domain: str, author: str, aligned: bool
) -> None:
    assert is_aligned(domain, author) is aligned


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\xff\xfe", b"From: \xff\xfe@\xff\r\n\r\n", b"\r\n\r\n", b"Date: never\r\n\r\n"]
)
def test_bytes_that_are_no_mail_prove_nothing_and_break_nothing(raw: bytes) -> None:
    assert not read_mail(raw, OURS).is_authentic
