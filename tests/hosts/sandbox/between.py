"""Do what happened between the recorded requests, and what caused the recorded deliveries.

The recordings say what came of these actions, not what was sent: the requests here are the plainest that lead there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from connector.hosts.sandbox import seed, stock, system
from connector.hosts.sandbox.people import add_organization
from tests.hosts.sandbox.receiver import Delivery
from tests.hosts.sandbox.recordings import exchanges

if TYPE_CHECKING:
    from tests.hosts.sandbox.replay import Replay

BOT, ANNA, CARL, ADMIN = "bot", "anna", "carl", "admin"
Step = Callable[["Replay"], Awaitable[None]]


# the world in which the recording began


def settle_in(replay: Replay) -> None:
    """Set up what the recorder had prepared: three groups, two companies, three agents and two customers."""
    box = replay.box
    world = box.world
    replay.now("2026-11-21T19:37:24.000Z")
    for name in ("Sales", "Projects"):
        seed.add_group(world, name)
    replay.now("2026-11-21T19:37:25.000Z")
    seed.add_agent(world, "admin@example.test", "Ada", "Admin", [1, 2, 3], [stock.ADMIN, stock.AGENT])
    seed.add_agent(world, "policy-bot@example.test", "Policy", "Bot", [1, 2, 3], [stock.AGENT])
    seed.add_agent(world, "anna.agent@example.test", "Anna", "Agent", [1, 2, 3], [stock.AGENT])
    acme = {"name": "ACME Industries", "domain": "acme.example", "domain_assignment": True}
    add_organization(world, acme)
    add_organization(world, {"name": "Globex", "domain": "globex.example", "shared": False})
    replay.now("2026-11-21T19:37:26.293Z")
    seed.add_customer(world, "carl@acme.example", "Carl", "Customer", 2)
    replay.now("2026-11-21T19:37:26.664Z")
    seed.add_customer(world, "gina@globex.example", "Gina", "Globex", 3)
    agent = ["ticket.agent", "user_preferences.access_token"]
    for id_, secret, permissions in (
        (3, ADMIN, ["admin", *agent]),
        (4, BOT, agent),
        (6, CARL, ["ticket.customer"]),
        (5, ANNA, agent),
    ):
        system.add_token(world, id_, secret, permissions, name=secret)
    box.worker.rejected.add("reject@acme.example")


# helpers


def mail(sender: str, subject: str, id_: str, *more: str, body: str = "hello\n") -> bytes:
    """Write a mail to Sales."""
    lines = [f"From: {sender}", "To: sales@example.test", f"Subject: {subject}", f"Message-ID: <{id_}>", *more]
    return ("\n".join([*lines, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", body])).encode()


def _ids(replay: Replay, **counters: int) -> None:
    for table, id_ in counters.items():
        if table == "number":
            replay.box.world.next_number = id_
        else:
            replay.box.world.next_id[table] = id_


async def _ticket(replay: Replay, id_: int, number: int, article: int, /, **params: Any) -> None:
    """Make a ticket by the bot, with the ids it had."""
    _ids(replay, ticket=id_, number=number, article=article)
    note = {"body": "x", "internal": True}
    answer = await replay.send(BOT, "POST", "tickets", {"group": "Sales", "article": note, **params})
    assert answer.json()["id"] == id_, answer.text


async def _triggers(replay: Replay, active: bool, *ids: int) -> None:
    for id_ in ids:
        await replay.send(ADMIN, "PUT", f"triggers/{id_}", {"active": active})


async def _put(replay: Replay, who: str, **params: Any) -> None:
    """Change ticket 22, the one that most of it happened to."""
    answer = await replay.send(who, "PUT", "tickets/22", params)
    assert answer.status_code == 200, answer.text


# before an exchange


async def before(replay: Replay, name: str) -> None:
    """Do what was done before a recorded request."""
    step = BEFORE.get(name)
    if step is not None:
        await step(replay)
        await replay.collect(f"before {name}")


async def _sub_group(replay: Replay) -> None:
    """Give the administrator, and nobody else, the group that the bot shall not see."""
    await replay.send(ADMIN, "PUT", "users/3", {"group_ids": {str(id_): ["full"] for id_ in (1, 2, 3, 5)}})


async def _wider_token(replay: Replay) -> None:
    """Make the bot a second token, which may set up webhooks."""
    permissions = ["ticket.agent", "admin.webhook", "admin.trigger"]
    system.add_token(replay.box.world, 4, "bothooks", permissions, name="bothooks")


async def _address(replay: Replay) -> None:
    """Give Sales an address to mail from."""
    address = {"name": "Example Sales", "email": "sales@example.test", "channel_id": 3}
    await replay.send(ADMIN, "POST", "email_addresses", address)
    await replay.send(ADMIN, "PUT", "groups/2", {"email_address_id": 1})


async def _merge_pair(replay: Replay) -> None:
    await _triggers(replay, False, 18)
    await _ticket(replay, 23, 69020, 34, title="Merge src hook", customer_id=6)
    await _ticket(replay, 24, 69021, 35, title="Merge dst hook", customer_id=6)
    _ids(replay, article=36)


async def _second_pair(replay: Replay) -> None:
    await _triggers(replay, False, 21, 22, 23, 24)
    await _ticket(replay, 26, 69023, 39, title="dup", customer_id=7)
    await _ticket(replay, 27, 69024, 40, title="Merge dst 2", customer_id=7)
    _ids(replay, article=41)


async def _retry_triggers(replay: Replay) -> None:
    condition = {
        "ticket.action": {"operator": "is", "value": "create"},
        "ticket.title": {"operator": "is", "value": "RETRYTEST"},
    }
    for id_, (name, hook) in enumerate((("w3", 9), ("w4", 8), ("w5", 5), ("wx", 6)), start=21):
        _ids(replay, trigger=id_)
        perform = {"notification.webhook": {"webhook_id": hook}}
        await replay.send(
            ADMIN, "POST", "triggers", {"name": f"retry {name}", "condition": condition, "perform": perform}
        )


async def _atomic(replay: Replay) -> None:
    replay.now("2026-11-21T20:07:04.542Z")
    await _ticket(replay, 49, 69046, 82, title="ATOMIC", group="Projects", customer_id=7)


def _feed(name: str) -> Step:
    """Let the mail come in whose raw text was recorded later."""

    async def step(replay: Replay) -> None:
        entry = exchanges()[name]
        id_ = int(entry["request"]["path"].rpartition("/")[2])
        counters = {"article": id_, "user": 739} if "stranger" in name else {"article": id_}
        _ids(replay, **counters)
        assert replay.box.receive_mail(entry["response"]["body"].encode()).article_id == id_

    return step


async def _only_first_triggers(replay: Replay) -> None:
    await _triggers(replay, False, 5, 7, 8, 9, 17, 18, 19, 20, 25, 26, 27, 29)


async def _hooks_on(replay: Replay) -> None:
    await replay.send(ADMIN, "PUT", "webhooks/1", {"active": True})


async def _loop_title(replay: Replay) -> None:
    await _put(replay, ANNA, title="LOOPME again", priority_id=3)


async def _recursion(replay: Replay) -> None:
    await replay.send(ADMIN, "PUT", "settings/111", {"state_current": {"value": True}})
    await _triggers(replay, True, 18)


async def _recursion_off(replay: Replay) -> None:
    await _triggers(replay, False, 18)
    await replay.send(ADMIN, "PUT", "settings/111", {"state_current": {"value": False}})


async def _other_triggers_off(replay: Replay) -> None:
    await _triggers(replay, False, 10, 11, 12)


BEFORE: dict[str, Step] = {
    "07-delivery-01-new-ticket-phone-by-bot": _address,
    "07-delivery-20-group-change-to-Projects-by-anna": _other_triggers_off,
    "07-delivery-24-merge-by-anna": _merge_pair,
    "07-delivery-40-retries-500-404-302-refused": _retry_triggers,
    "07-delivery-31-merge-with-merge-triggers": _second_pair,
    "03-tickets-create-foreign-group-by-admin": _sub_group,
    "03-tickets-update-with-failing-article": _atomic,
    "07-webhooks-search": _hooks_on,
    "07-delivery-54-parallel-puts": _loop_title,
    "07-delivery-53-recursive-on": _recursion,
    "07-triggers-search": _recursion_off,
    "01-users-give-bot-role": _wider_token,
    "07-delivery-57-mail-for-reference-test-1": _only_first_triggers,
    **{
        f"13-mail-{what}-article": _feed(f"13-mail-{what}-plain")
        for what in (
            "confirm-authenticated",
            "confirm-forged-from",
            "confirm-stranger",
            "out-of-office",
            "phone-forward-by-colleague",
        )
    },
}


# what caused deliveries


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
    _ids(replay, file=5, store=3)
    file = {"filename": "a.txt", "data": "YWJj", "mime-type": "text/plain"}
    article = {"subject": "Call", "body": "by phone", "type": "phone", "sender": "Customer", "attachments": [file]}
    await _ticket(replay, 20, 69017, 25, title="Hook phone", customer_id=6, article=article)


async def _d02(replay: Replay) -> None:
    _ids(replay, ticket=21, number=69018, article=27)
    article = {"subject": "web", "body": "by web", "type": "web"}
    await replay.send(CARL, "POST", "tickets", {"title": "Hook web", "group": "Projects", "article": article})


async def _d03(replay: Replay) -> None:
    _ids(replay, ticket=22, number=69019, article=28)
    replay.box.receive_mail(exchanges()["04-article-plain-of-received-mail"]["response"]["body"].encode())


async def _d04(replay: Replay) -> None:
    _ids(replay, article=30)
    subject = "Re: [Ticket#69019] Pump broken by mail"
    raw = mail("Carl Customer <carl@acme.example>", subject, "m2@acme.example", body="Any news?\n")
    replay.box.receive_mail(raw)


def _recorded(name: str) -> Step:
    """Let a request that was recorded itself be the cause."""

    async def step(replay: Replay) -> None:
        await replay.exchange(name)

    return step


async def _d06(replay: Replay) -> None:
    _ids(replay, article=32)
    note = {"ticket_id": 22, "body": "internal note", "internal": True}
    await replay.send(BOT, "POST", "ticket_articles", note)


async def _d10(replay: Replay) -> None:
    _ids(replay, article=33)
    note = {"body": "all at once", "internal": True}
    await _put(replay, BOT, state="open", priority="3 high", group="Sales", article=note)


async def _d11(replay: Replay) -> None:
    for params in ({"priority_id": 1}, {"priority_id": 2}, {"state": "closed"}):
        await _put(replay, BOT, **params)


async def _d13(replay: Replay) -> None:
    await replay.send(BOT, "POST", "tags/add", {"object": "Ticket", "o_id": 22, "item": "hooktag"})


async def _d14(replay: Replay) -> None:
    _ids(replay, link=10)
    link = {"link_type": "normal", "link_object_target": "Ticket", "link_object_target_value": 22}
    await replay.send(
        BOT, "POST", "links/add", {**link, "link_object_source": "Ticket", "link_object_source_number": "69017"}
    )


def _change(who: str, **params: Any) -> Step:
    async def step(replay: Replay) -> None:
        await _put(replay, who, **params)

    return step


async def _d24(replay: Replay) -> None:
    await replay.send(ANNA, "PUT", "ticket_merge/23/69021")


async def _d25(replay: Replay) -> None:
    wanted = {"ticket_ids": [24, 22], "attributes": {"priority_id": 1}}
    await replay.send(ANNA, "POST", "tickets/mass_update", wanted)


async def _d26(replay: Replay) -> None:
    _ids(replay, article=37)
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
    await _put(replay, ANNA, priority="2 normal")


async def _d40(replay: Replay) -> None:
    await _ticket(replay, 25, 69022, 38, title="RETRYTEST", customer_id=7)


async def _d41(replay: Replay) -> None:
    condition = {
        "ticket.action": {"operator": "is", "value": "create"},
        "ticket.title": {"operator": "is", "value": "SLOWTEST"},
    }
    perform = {"notification.webhook": {"webhook_id": 7}}
    _ids(replay, trigger=28)
    await replay.send(ADMIN, "POST", "triggers", {"name": "a slow", "condition": condition, "perform": perform})
    await _ticket(replay, 38, 69035, 64, title="SLOWTEST", customer_id=7)
    await _put(replay, BOT, priority="3 high")


async def _d42(replay: Replay) -> None:
    await _put(replay, ANNA, title="start of the loop")
    for turn in range(2, 7):
        await replay.box.settle()
        await _put(replay, BOT, project_code=f"loop {turn}")


async def _d43(replay: Replay) -> None:
    replay.box.worker.pause()
    await _ticket(replay, 41, 69038, 68, title="WORKERDOWN first title", customer_id=7)
    for state in ("open", "closed"):
        await replay.send(ANNA, "PUT", "tickets/41", {"state": state, "title": f"WORKERDOWN {state}"})
    replay.box.worker.resume()


async def _d45(replay: Replay) -> None:
    _ids(replay, trigger=29)
    note = {"body": 'Grüße aus Köln ✓ "quoted" <b>html</b> &amp;   sep', "internal": True}
    await _ticket(replay, 44, 69041, 72, title="UMLAUT", customer_id=7, article=note)


async def _d46(replay: Replay) -> None:
    await _put(replay, BOT, state="closed")
    _ids(replay, article=73)
    replay.box.receive_mail(mail("Carl Customer <carl@acme.example>", "AW: [Ticket#69019] again", "f1@acme.example"))


def _mail(sender: str, subject: str, id_: str, *more: str, **ids: int) -> Step:
    async def step(replay: Replay) -> None:
        _ids(replay, **ids)
        replay.box.receive_mail(mail(sender, subject, id_, *more))

    return step


async def _d54(replay: Replay) -> None:
    changes = ({"preferences": {"parallel": turn}} for turn in range(4))
    await asyncio.gather(*(_put(replay, ANNA, **params) for params in changes))


async def _d56(replay: Replay) -> None:
    article = {"body": "x", "type": "phone", "sender": "Customer"}
    await _ticket(replay, 53, 69050, 91, title="after restart", customer_id=6, article=article)


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
