"""Do what caused the recorded deliveries.

The recordings say what came of these actions, not what was sent: the requests here are the plainest that lead there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from tests.hosts.sandbox.between import ADMIN, ANNA, BOT, CARL, Step, ids, mail, put, ticket
from tests.hosts.sandbox.receiver import Delivery
from tests.hosts.sandbox.recordings import exchanges

if TYPE_CHECKING:
    from tests.hosts.sandbox.replay import Replay


async def cause(replay: Replay, name: str) -> list[Delivery] | None:
    """Do what caused recorded deliveries; None for what cannot be done again."""
    number = name.split("-")[2]
    if number in TOGETHER:
        return await TOGETHER[number](replay, name)
    step = CAUSES.get(number)
    if step is None or name.startswith("08"):
        return None
    await step(replay)
    return await replay.collect(name)


async def _d01(replay: Replay) -> None:
    ids(replay, file=5, store=3)
    file = {"filename": "a.txt", "data": "YWJj", "mime-type": "text/plain"}
    article = {"subject": "Call", "body": "by phone", "type": "phone", "sender": "Customer", "attachments": [file]}
    await ticket(replay, 20, 69017, 25, title="Hook phone", customer_id=6, article=article)


async def _d02(replay: Replay) -> None:
    ids(replay, ticket=21, number=69018, article=27)
    article = {"subject": "web", "body": "by web", "type": "web"}
    await replay.send(CARL, "POST", "tickets", {"title": "Hook web", "group": "Projects", "article": article})


async def _d03(replay: Replay) -> None:
    ids(replay, ticket=22, number=69019, article=28)
    replay.box.receive_mail(exchanges()["04-article-plain-of-received-mail"]["response"]["body"].encode())


async def _d04(replay: Replay) -> None:
    ids(replay, article=30)
    subject = "Re: [Ticket#69019] Pump broken by mail"
    raw = mail("Carl Customer <carl@acme.example>", subject, "m2@acme.example", body="Any news?\n")
    replay.box.receive_mail(raw)


def _recorded(name: str) -> Step:
    """Let a request that was recorded itself be the cause."""

    async def step(replay: Replay) -> None:
        await replay.exchange(name)

    return step


async def _d06(replay: Replay) -> None:
    ids(replay, article=32)
    note = {"ticket_id": 22, "body": "internal note", "internal": True}
    await replay.send(BOT, "POST", "ticket_articles", note)


async def _d10(replay: Replay) -> None:
    ids(replay, article=33)
    note = {"body": "all at once", "internal": True}
    await put(replay, BOT, state="open", priority="3 high", group="Sales", article=note)


async def _d11(replay: Replay) -> None:
    for params in ({"priority_id": 1}, {"priority_id": 2}, {"state": "closed"}):
        await put(replay, BOT, **params)


async def _d13(replay: Replay) -> None:
    await replay.send(BOT, "POST", "tags/add", {"object": "Ticket", "o_id": 22, "item": "hooktag"})


async def _d14(replay: Replay) -> None:
    ids(replay, link=10)
    link = {"link_type": "normal", "link_object_target": "Ticket", "link_object_target_value": 22}
    await replay.send(
        BOT, "POST", "links/add", {**link, "link_object_source": "Ticket", "link_object_source_number": "69017"}
    )


def _change(who: str, **params: Any) -> Step:
    async def step(replay: Replay) -> None:
        await put(replay, who, **params)

    return step


async def _d24(replay: Replay) -> None:
    await replay.send(ANNA, "PUT", "ticket_merge/23/69021")


async def _d25(replay: Replay) -> None:
    wanted = {"ticket_ids": [24, 22], "attributes": {"priority_id": 1}}
    await replay.send(ANNA, "POST", "tickets/mass_update", wanted)


async def _d26(replay: Replay) -> None:
    ids(replay, article=37)
    await replay.send(CARL, "POST", "ticket_articles", {"ticket_id": 22, "body": "portal answer", "type": "web"})


async def _d27(replay: Replay) -> None:
    await replay.send(BOT, "PUT", "ticket_articles/28", {"internal": True})


async def _d28(replay: Replay) -> None:
    await replay.send(BOT, "PUT", "users/6", {"note": "changed by bot"})


async def _d29(replay: Replay) -> None:
    await replay.send(BOT, "PUT", "users/14", {"organization_id": 3})


async def _d31(replay: Replay) -> None:
    await replay.send(ANNA, "PUT", "ticket_merge/26/69024")


async def _d32(replay: Replay) -> None:
    await replay.send(ANNA, "POST", "tags/add", {"object": "Ticket", "o_id": 22, "item": "hooktag2"})
    await put(replay, ANNA, priority="2 normal")


async def _d40(replay: Replay) -> None:
    await ticket(replay, 25, 69022, 38, title="RETRYTEST", customer_id=7)


async def _d41(replay: Replay) -> None:
    condition = {
        "ticket.action": {"operator": "is", "value": "create"},
        "ticket.title": {"operator": "is", "value": "SLOWTEST"},
    }
    perform = {"notification.webhook": {"webhook_id": 7}}
    ids(replay, trigger=28)
    await replay.send(ADMIN, "POST", "triggers", {"name": "a slow", "condition": condition, "perform": perform})
    await ticket(replay, 38, 69035, 64, title="SLOWTEST", customer_id=7)
    await put(replay, BOT, priority="3 high")


async def _d42(replay: Replay) -> None:
    await put(replay, ANNA, title="start of the loop")
    for turn in range(2, 7):
        await replay.box.settle()
        await put(replay, BOT, project_code=f"loop {turn}")


async def _d43(replay: Replay) -> None:
    replay.box.worker.pause()
    await ticket(replay, 41, 69038, 68, title="WORKERDOWN first title", customer_id=7)
    for state in ("open", "closed"):
        await replay.send(ANNA, "PUT", "tickets/41", {"state": state, "title": f"WORKERDOWN {state}"})
    replay.box.worker.resume()


async def _d45(replay: Replay) -> None:
    ids(replay, trigger=29)
    note = {"body": 'Grüße aus Köln ✓ "quoted" <b>html</b> &amp;   sep', "internal": True}
    await ticket(replay, 44, 69041, 72, title="UMLAUT", customer_id=7, article=note)


async def _d46(replay: Replay) -> None:
    await put(replay, BOT, state="closed")
    ids(replay, article=73)
    replay.box.receive_mail(mail("Carl Customer <carl@acme.example>", "AW: [Ticket#69019] again", "f1@acme.example"))


def _mail(sender: str, subject: str, id_: str, *more: str, **counters: int) -> Step:
    async def step(replay: Replay) -> None:
        ids(replay, **counters)
        replay.box.receive_mail(mail(sender, subject, id_, *more))

    return step


async def _d54(replay: Replay) -> None:
    changes = ({"preferences": {"parallel": turn}} for turn in range(4))
    await asyncio.gather(*(put(replay, ANNA, **params) for params in changes))


async def _d56(replay: Replay) -> None:
    article = {"body": "x", "type": "phone", "sender": "Customer"}
    await ticket(replay, 53, 69050, 91, title="after restart", customer_id=6, article=article)


CARL_MAIL, GINA_MAIL = "Carl Customer <carl@acme.example>", "Gina Globex <gina@globex.example>"
CAUSES: dict[str, Step] = {
    "01": _d01,
    "02": _d02,
    "03": _d03,
    "04": _d04,
    "05": _recorded("04-article-create-email-with-channel"),
    "06": _d06,
    "07": _change(ANNA, state="pending reminder", pending_time="2026-12-01T08:00:00Z"),
    "08": _change(ANNA, group="Projects"),
    "09": _change(ANNA, owner_id=4),
    "10": _d10,
    "11": _d11,
    "12": _change(BOT, state="closed"),
    "13": _d13,
    "14": _d14,
    "15": _change(BOT, title="new title", project_code="P-1"),
    "16": _change(BOT, preferences={"policy_bot": {"a": 1}}),
    "20": _change(ANNA, group="Projects"),
    "21": _change(ANNA, group="Sales"),
    "22": _change(BOT, state="open"),
    "23": _change(ANNA, title="LOOPME title"),
    "24": _d24,
    "25": _d25,
    "26": _d26,
    "27": _d27,
    "28": _d28,
    "29": _d29,
    "30": _recorded("03-tickets-delete-as-admin"),
    "31": _d31,
    "32": _d32,
    "40": _d40,
    "41": _d41,
    "42": _d42,
    "43": _d43,
    "44": _recorded("03-tickets-create-with-sla"),
    "47": _mail(
        "New Person <new.person@acme.example>",
        "first contact",
        "f2@acme.example",
        ticket=45,
        number=69042,
        article=74,
        user=34,
    ),
    "48": _mail(
        CARL_MAIL,
        "no number here",
        "f3@acme.example",
        "References: <m1@acme.example>",
        ticket=46,
        number=69043,
        article=76,
    ),
    "49": _mail(GINA_MAIL, "Re: [Ticket#69023] dup", "f4@globex.example", article=78),
    "50": _mail(
        "Stranger <stranger@elsewhere.example>",
        "Re: [Ticket#69019] me too",
        "f5@elsewhere.example",
        article=79,
        user=35,
    ),
    "51": _mail(
        CARL_MAIL,
        "Out of office",
        "f6@acme.example",
        "Auto-Submitted: auto-replied",
        ticket=47,
        number=69044,
        article=80,
    ),
    "52": _change(ANNA, title="nobody hears this"),
    "53": _change(ANNA, priority="1 low"),
    "54": _d54,
    "56": _d56,
    "57": _mail(GINA_MAIL, "Valve stuck", "g1@globex.example", ticket=51, number=69048, article=86),
    "58": _mail(GINA_MAIL, "Re: Valve stuck", "g2@globex.example", "References: <g1@globex.example>", article=88),
    "59": _mail(
        GINA_MAIL,
        "Something else",
        "g3@globex.example",
        "References: <g1@globex.example>",
        ticket=52,
        number=69049,
        article=89,
    ),
}


async def _later(_: Replay, __: str) -> list[Delivery] | None:
    """Leave it to the next recording: a slow receiver had held these deliveries back until then."""
    return []


async def _from_header_on(replay: Replay, name: str) -> list[Delivery]:
    """Collect what two requests, a creation and a mail caused: it all arrived in one go."""
    await _d45(replay)
    await _d46(replay)
    return [*replay.caught["03-tickets-create-from-header-admin"], *await replay.collect(name)]


async def _scheduler(replay: Replay, name: str) -> list[Delivery]:
    """Let the scheduler close ticket 39; the recording shows the creations as well."""
    replay.box.run_scheduler()
    past = ("03-tickets-create-pending-close-past", "03-tickets-create-pending-reminder-past")
    return [*(one for earlier in past for one in replay.caught[earlier]), *await replay.collect(name)]


TOGETHER: dict[str, Callable[[Replay, str], Awaitable[list[Delivery] | None]]] = {
    "45": _later,
    "46": _from_header_on,
    "55": _scheduler,
}
