"""Several matters and projects, in a helpdesk over real HTTP, from the mail to the tickets that come of it."""

from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.stand import Stand, stand

POLICY = """
version: 1
mode: enforce
rules:
  separate_topics: {mode: enforce}
  project: {group: Projects}
"""
MATTERS = """Hello,

the printer on the third floor eats paper since Monday, nobody can print.

And please order a second monitor for Eva Brandt, she starts on 1 June.

Otto Brandt, +49 30 555 0100
"""
PROJECT = """Hello,

we want to leave our old mail server and move all 85 people to Microsoft 365 by June, with calendars and archives.
Please plan it and tell us who leads it.

Otto Brandt, +49 30 555 0100
"""
FILES = {"plan.txt": b"third floor, on the left", "photo.bin": bytes(range(256)) * 40}


def mail(subject: str, text: str) -> bytes:
    """Write a mail with two attachments."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Otto <otto@brandt.example>", "support@msp.example", subject
    made["Message-ID"] = f"<{subject.replace(' ', '-')}@brandt.example>"
    made.set_content(text)
    for name, data in FILES.items():
        made.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


async def linked(made: Stand, ticket: int | str, kind: str) -> list[str]:
    """Name the tickets that are this to a ticket."""
    links = (await made.ask(f"links?link_object=Ticket&link_object_value={ticket}"))["links"]
    return [str(each["link_object_value"]) for each in links if each["link_type"] == kind]


async def files(made: Stand, ticket: int | str) -> dict[str, tuple[int, str]]:
    """Give size and hash of what is attached to a ticket, downloaded byte by byte."""
    found = {}
    for article in await made.articles(ticket):
        for each in article["attachments"]:
            answer = await made.admin.get(f"ticket_attachment/{ticket}/{article['id']}/{each['id']}")
            found[each["filename"]] = (len(answer.content), sha256(answer.content).hexdigest())
    return found


async def ours(made: Stand, ticket: int | str) -> list[dict[str, Any]]:
    """Give the articles that we wrote."""
    return [each for each in await made.articles(ticket) if "helpdesk_policy" in (each["preferences"] or {})]


SENT = {name: (len(data), sha256(data).hexdigest()) for name, data in FILES.items()}


async def test_a_mail_about_two_matters_becomes_two_tickets_with_all_that_it_brought(tmp_path: Path) -> None:
    async with stand(tmp_path, policy=POLICY) as made:
        first = made.box.receive_mail(mail("Two things", MATTERS)).ticket_id
        await made.idle()
        (second,) = await linked(made, first, "child")
        child, (words, *more), (told, note) = (
            await made.ticket(second),
            await made.articles(second),
            await ours(made, first),
        )
        parent, attached = await made.ticket(first), await files(made, second)
        again = await made.house.look(made.host, str(first), dry_run=False)

    assert (child["customer"], child["group"], child["tags"]) == (parent["customer"], "Support", ["split-off"])
    assert (words["sender"], words["type"], words["internal"], more) == ("Customer", "note", False, [])
    assert words["body"].startswith("And please order a second monitor for Eva Brandt")
    assert "otto@brandt.example" in words["body"]
    assert attached == SENT
    assert (told["type"], note["internal"]) == ("email", True)
    assert f"- {child['number']}: And please order" in told["body"]
    assert f"- {child['number']}: And please order" in note["body"]
    assert again.plan.steps == ()


async def test_a_project_gets_its_ticket_and_the_next_one_of_the_company_joins_it(tmp_path: Path) -> None:
    async with stand(tmp_path, policy=POLICY) as made:
        first = made.box.receive_mail(mail("New mail system", PROJECT)).ticket_id
        await made.idle()
        (project,) = await linked(made, first, "parent")
        second = made.box.receive_mail(mail("New mail system, part two", PROJECT)).ticket_id
        await made.idle()
        joined = await linked(made, second, "parent")
        opened, attached, notes = await made.ticket(project), await files(made, project), await ours(made, project)
        for each in (first, second):
            await made.ask(f"tickets/{each}", method="PUT", json={"state": "closed"}, by=made.anna)
        await made.idle()
        done = await ours(made, project)
        numbers = [(await made.ticket(each))["number"] for each in (first, second)]

    assert joined == [project]
    assert (opened["group"], opened["tags"]) == ("Projects", ["project"])
    assert attached == SENT
    assert f"This project was opened out of ticket {numbers[0]}." in notes[1]["body"]
    assert f"Ticket {numbers[1]} was joined to this project." in notes[2]["body"]
    assert "All tickets of this project are closed (2)." in done[-1]["body"]
    assert len(done) == 4


WRITES = {
    "files": ("GET", "/ticket_split"),
    "ticket": ("POST", "/api/v1/tickets$"),
    "mail": ("PUT", "/api/v1/tickets/"),
}


@pytest.mark.parametrize("cut", WRITES)
@pytest.mark.parametrize(("subject", "text"), [("Two things", MATTERS), ("New mail system", PROJECT)])
async def test_a_write_whose_answer_is_lost_is_not_carried_out_twice(
    tmp_path: Path, subject: str, text: str, cut: str
) -> None:
    method, path = WRITES[cut]
    async with stand(tmp_path, policy=POLICY, run=False) as made:
        first = made.box.receive_mail(mail(subject, text)).ticket_id
        fault = made.box.fault("close_after", method=method, path=path)
        lost = await made.house.look(made.host, str(first), dry_run=False)
        healed = await made.house.look(made.host, str(first), dry_run=False)
        again = await made.house.look(made.host, str(first), dry_run=False)
        links = (await made.ask(f"links?link_object=Ticket&link_object_value={first}"))["links"]
        attached = await files(made, links[0]["link_object_value"])
        told = [each for each in await ours(made, first) if each["type"] == "email"]

    assert fault.times == 0
    assert lost.applied.error is not None
    assert (healed.applied.error, again.plan.steps) == (None, ())
    assert (len(links), len(told), attached) == (1, 1, SENT)
