"""How mails come in and go out."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from connector.hosts.sandbox import Received
from tests.hosts.sandbox.conftest import Desk

CARLA = "Carla Moser <carla.moser@alpenglas.example>"


def mail(desk: Desk, subject: str, *, sender: str = CARLA, body: str = "Hello", **headers: str) -> Received:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "support@msp.example"
    message["Subject"] = subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    return desk.box.receive_mail(message.as_bytes())


async def test_a_mail_opens_a_ticket_in_the_group_that_it_was_sent_to(desk: Desk) -> None:
    got = mail(desk, "Printer on fire", sender="New Person <new@brandt.example>")

    ticket = (await desk.bot.get(f"tickets/{got.ticket_id}?expand=true")).json()
    assert (ticket["title"], ticket["group"], ticket["organization"]) == (
        "Printer on fire",
        "Support",
        "Baeckerei Brandt",
    )
    customer = (await desk.bot.get(f"users/{got.user_id}")).json()
    assert (customer["firstname"], customer["lastname"], customer["created_by_id"]) == ("New", "Person", got.user_id)


async def test_the_raw_mail_is_kept_byte_for_byte(desk: Desk) -> None:
    raw = (
        b"Authentication-Results: mx.msp.example; dmarc=fail\r\nAuthentication-Results: forged; dmarc=pass\r\n"
        b"From: carla.moser@alpenglas.example\r\nTo: support@msp.example\r\nSubject: x\r\n\r\nyes \xe4\r\n"
    )

    got = desk.box.receive_mail(raw)

    plain = await desk.bot.get(f"ticket_article_plain/{got.article_id}")
    assert (plain.content, plain.headers["content-type"]) == (raw, "message/rfc822")


async def test_what_never_was_a_mail_has_no_raw_text(desk: Desk) -> None:
    ticket = await desk.ticket()
    params = {"ticket_id": ticket["id"], "type": "email", "sender": "Customer", "from": CARLA, "body": "Yes"}

    forged = (await desk.bot.post("ticket_articles", json={**params, "to": "support@msp.example"})).json()
    await desk.box.settle()

    assert (forged["from"], forged["sender"], forged["created_by_id"]) == (CARLA, "Customer", desk.demo.bot_id)
    assert (await desk.bot.get(f"ticket_article_plain/{forged['id']}")).status_code == 204


async def test_a_number_in_the_subject_makes_a_follow_up_even_by_a_stranger(desk: Desk) -> None:
    ticket = await desk.ticket()

    got = mail(desk, f"Re: whatever [Ticket#{ticket['number']}]", sender="stranger@elsewhere.example")

    article = (await desk.bot.get(f"ticket_articles/{got.article_id}")).json()
    assert got.ticket_id == ticket["id"]
    assert article["created_by"] == "stranger@elsewhere.example"


@pytest.mark.parametrize(("subject", "follows"), [("Re: Valve stuck", True), ("Something else", False)])
async def test_references_count_only_with_the_same_subject(desk: Desk, subject: str, follows: bool) -> None:
    first = mail(desk, "Valve stuck", Message_ID="<v1@alpenglas.example>")

    second = mail(desk, subject, References="<v1@alpenglas.example>", Message_ID="<v2@alpenglas.example>")

    assert (second.ticket_id == first.ticket_id) is follows


async def test_a_follow_up_reopens_but_an_absence_notice_does_not(desk: Desk) -> None:
    ticket = await desk.ticket()
    subject, states = f"Re: Help [Ticket#{ticket['number']}]", []
    await desk.bot.put(f"tickets/{ticket['id']}", json={"state": "closed"})

    for headers in ({"Auto_Submitted": "auto-replied"}, {}):
        mail(desk, subject, **headers)
        states.append((await desk.bot.get(f"tickets/{ticket['id']}?expand=true")).json()["state"])

    assert states == ["closed", "open"]


async def test_an_automatic_mail_is_marked_and_gets_no_answer(desk: Desk) -> None:
    got = mail(desk, "Out of office", Auto_Submitted="auto-replied")
    await desk.box.settle()

    article = (await desk.bot.get(f"ticket_articles/{got.article_id}")).json()
    assert article["preferences"] == {"send-auto-response": False, "is-auto-response": True}
    assert desk.box.outbox == []


async def test_a_mail_by_a_person_gets_the_automatic_answer(desk: Desk) -> None:
    got = mail(desk, "Help")
    await desk.box.settle()

    [sent] = desk.box.outbox
    assert b"Auto-Submitted: auto-generated" in sent
    assert f"Subject: Thanks for your inquiry (Help) [Ticket#{got.number}]".encode() in sent


async def test_an_answer_to_an_internal_mail_stays_internal(desk: Desk) -> None:
    ticket = await desk.ticket()
    inside = {"body": "for you only", "type": "email", "to": "carla.moser@alpenglas.example", "internal": True}
    await desk.bot.post("ticket_articles", json={"ticket_id": ticket["id"], **inside})

    got = mail(desk, f"Re: [Ticket#{ticket['number']}]")

    assert (await desk.bot.get(f"ticket_articles/{got.article_id}")).json()["internal"] is True


async def test_a_mail_to_a_merged_ticket_lands_in_the_target(desk: Desk) -> None:
    source, target = await desk.ticket(), await desk.ticket()
    await desk.bot.put(f"ticket_merge/{source['id']}/{target['number']}")

    got = mail(desk, f"Re: [Ticket#{source['number']}]")

    assert got.ticket_id == target["id"]


async def test_html_and_files_of_a_mail_are_kept(desk: Desk) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = CARLA, "support@msp.example", "Grüße"
    message.set_content("plain")
    message.add_alternative("<p>rich <script>alert(1)</script></p>", subtype="html")
    message.add_attachment(b"a;b\n", maintype="text", subtype="csv", filename="plan.csv")

    got = desk.box.receive_mail(message.as_bytes())

    article = (await desk.bot.get(f"ticket_articles/{got.article_id}")).json()
    assert (article["subject"], article["content_type"]) == ("Grüße", "text/html")
    assert article["body"].strip() == "<p>rich </p>"
    names = {file["filename"]: file["id"] for file in article["attachments"]}
    assert sorted(names) == ["message.html", "plan.csv"]
    path = f"ticket_attachment/{got.ticket_id}/{got.article_id}/{names['plan.csv']}"
    assert (await desk.bot.get(path)).content == b"a;b\n"


async def test_a_refused_mail_is_tried_four_times_and_noted(desk: Desk) -> None:
    ticket = await desk.ticket()
    desk.box.worker.rejected.add("gone@alpenglas.example")
    lost = {"ticket_id": ticket["id"], "body": "x", "type": "email", "to": "gone@alpenglas.example"}
    made = (await desk.bot.post("ticket_articles", json=lost)).json()

    await desk.box.settle()

    articles = (await desk.bot.get(f"ticket_articles/by_ticket/{ticket['id']}")).json()
    failed = next(article for article in articles if article["id"] == made["id"])
    assert (failed["preferences"]["delivery_status"], failed["preferences"]["delivery_retry"]) == ("fail", 4)
    assert (articles[-1]["sender"], articles[-1]["preferences"]["delivery_message"]) == ("System", True)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"just text",
        b"From: =?utf-8?q?broken\r\nSubject: =?x?\r\n\r\n\xff\xfe",
        b"From: a@b\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\nno boundary here",
        b"From: a@b\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: message/rfc822\r\n\r\n--x--",
        b"From: a@b\r\nContent-Type: text/plain; charset=nonsense\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
    ],
)
async def test_no_mail_is_too_broken_to_become_a_ticket(desk: Desk, raw: bytes) -> None:
    got = desk.box.receive_mail(raw)

    assert (await desk.bot.get(f"ticket_articles/{got.article_id}")).status_code == 200
