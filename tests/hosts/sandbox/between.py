"""Do what happened unrecorded between the recorded requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from connector.hosts.sandbox import seed, stock, system
from connector.hosts.sandbox.companies import add_organization
from tests.hosts.sandbox.recordings import exchanges

if TYPE_CHECKING:
    from tests.hosts.sandbox.replay import Replay

BOT, ANNA, CARL, ADMIN = "bot", "anna", "carl", "admin"  # their tokens
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


def ids(replay: Replay, **counters: int) -> None:
    """Let what comes next get the ids that it had."""
    for table, id_ in counters.items():
        if table == "number":
            replay.box.world.next_number = id_
        else:
            replay.box.world.next_id[table] = id_


async def ticket(replay: Replay, id_: int, number: int, article: int, /, **params: Any) -> None:
    """Make a ticket by the bot, with the ids it had."""
    ids(replay, ticket=id_, number=number, article=article)
    note = {"body": "x", "internal": True}
    answer = await replay.send(BOT, "POST", "tickets", {"group": "Sales", "article": note, **params})
    assert answer.json()["id"] == id_, answer.text


async def triggers(replay: Replay, active: bool, *which: int) -> None:
    """Switch triggers on or off."""
    for id_ in which:
        await replay.send(ADMIN, "PUT", f"triggers/{id_}", {"active": active})


async def put(replay: Replay, who: str, **params: Any) -> None:
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
    await triggers(replay, False, 18)
    await ticket(replay, 23, 69020, 34, title="Merge src hook", customer_id=6)
    await ticket(replay, 24, 69021, 35, title="Merge dst hook", customer_id=6)
    ids(replay, article=36)


async def _second_pair(replay: Replay) -> None:
    await triggers(replay, False, 21, 22, 23, 24)
    await ticket(replay, 26, 69023, 39, title="dup", customer_id=7)
    await ticket(replay, 27, 69024, 40, title="Merge dst 2", customer_id=7)
    ids(replay, article=41)


async def _retry_triggers(replay: Replay) -> None:
    condition = {
        "ticket.action": {"operator": "is", "value": "create"},
        "ticket.title": {"operator": "is", "value": "RETRYTEST"},
    }
    for id_, (name, hook) in enumerate((("w3", 9), ("w4", 8), ("w5", 5), ("wx", 6)), start=21):
        ids(replay, trigger=id_)
        perform = {"notification.webhook": {"webhook_id": hook}}
        await replay.send(
            ADMIN, "POST", "triggers", {"name": f"retry {name}", "condition": condition, "perform": perform}
        )


async def _atomic(replay: Replay) -> None:
    replay.now("2026-11-21T20:07:04.542Z")
    await ticket(replay, 49, 69046, 82, title="ATOMIC", group="Projects", customer_id=7)


def _feed(name: str) -> Step:
    """Let the mail come in whose raw text was recorded later."""

    async def step(replay: Replay) -> None:
        entry = exchanges()[name]
        id_ = int(entry["request"]["path"].rpartition("/")[2])
        counters = {"article": id_, "user": 739} if "stranger" in name else {"article": id_}
        ids(replay, **counters)
        assert replay.box.receive_mail(entry["response"]["body"].encode()).article_id == id_

    return step


async def _only_first_triggers(replay: Replay) -> None:
    await triggers(replay, False, 5, 7, 8, 9, 17, 18, 19, 20, 25, 26, 27, 29)


async def _hooks_on(replay: Replay) -> None:
    await replay.send(ADMIN, "PUT", "webhooks/1", {"active": True})


async def _loop_title(replay: Replay) -> None:
    await put(replay, ANNA, title="LOOPME again", priority_id=3)


async def _recursion(replay: Replay) -> None:
    await replay.send(ADMIN, "PUT", "settings/111", {"state_current": {"value": True}})
    await triggers(replay, True, 18)


async def _recursion_off(replay: Replay) -> None:
    await triggers(replay, False, 18)
    await replay.send(ADMIN, "PUT", "settings/111", {"state_current": {"value": False}})


async def _other_triggers_off(replay: Replay) -> None:
    await triggers(replay, False, 10, 11, 12)


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
