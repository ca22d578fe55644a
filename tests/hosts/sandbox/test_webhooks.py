"""What arrives at a webhook, and when."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from tests.hosts.sandbox.conftest import Desk
from tests.hosts.sandbox.receiver import Receiver

CREATED = {"ticket.action": {"operator": "is", "value": "create"}}
UPDATED = {"ticket.action": {"operator": "is", "value": "update"}}


async def test_the_signature_is_over_the_escaped_bytes(desk: Desk, hook: Receiver) -> None:
    await desk.hook(hook.url, "created", CREATED)

    await desk.ticket(title="<b>Größe & Co</b>")
    await desk.box.settle()

    [delivery] = hook.got
    assert delivery.headers["x-hub-signature"] == (
        "sha1=" + hmac.new(b"secret", delivery.raw, hashlib.sha1).hexdigest()
    )
    assert b"\\u003cb\\u003eGr\xc3\xb6\xc3\x9fe \\u0026 Co" in delivery.raw


async def test_a_payload_shows_the_state_of_its_delivery_not_of_its_event(desk: Desk, hook: Receiver) -> None:
    await desk.hook(hook.url, "created", CREATED)
    desk.box.worker.pause()

    ticket = await desk.ticket()
    await desk.bot.put(f"tickets/{ticket['id']}", json={"state": "closed"})
    desk.box.worker.resume()
    await desk.box.settle()

    assert [(d.trigger, d.body["ticket"]["state"]) for d in hook.got] == [("created", "closed")]


async def test_a_failing_receiver_is_tried_five_times_with_one_delivery_id(desk: Desk, hook: Receiver) -> None:
    await desk.hook(hook.url, "created", CREATED)
    hook.answer = lambda _path: 500

    await desk.ticket()
    await desk.box.settle()

    log = (await desk.admin.get("http_logs/webhook")).json()
    assert len(hook.got) == 5
    assert len({delivery.headers["x-zammad-delivery"] for delivery in hook.got}) == 1
    assert [(line["status"], line["response"]["code"]) for line in log] == [("500", "500")] * 5


async def test_a_redirect_is_a_failure_and_not_followed(desk: Desk, hook: Receiver) -> None:
    await desk.hook(f"{hook.url}/hook", "created", CREATED)
    hook.answer = lambda _path: 302

    await desk.ticket()
    await desk.box.settle()

    log = (await desk.admin.get("http_logs/webhook")).json()
    assert {delivery.path for delivery in hook.got} == {"/hook"}
    assert [line["status"] for line in log] == ["0", "302"] * 5


async def test_deliveries_that_arrived_are_logged_as_well(desk: Desk, hook: Receiver) -> None:
    await desk.hook(hook.url, "created", CREATED)

    await desk.ticket()
    await desk.box.settle()

    log = (await desk.admin.get("http_logs/webhook")).json()
    assert [(line["status"], line["url"]) for line in log] == [("200", hook.url)]


async def test_jobs_without_a_worker_are_an_error_and_no_endless_wait(desk: Desk, hook: Receiver) -> None:
    await desk.hook(hook.url, "created", CREATED)
    await desk.box.stop()
    await desk.ticket()

    with pytest.raises(RuntimeError, match="not started"):
        await desk.box.settle()


async def test_a_receiver_that_hangs_holds_up_the_deliveries_behind_it(desk: Desk, hook: Receiver) -> None:
    desk.box.worker.patience = 0.1
    hook.hangs = lambda path: 0.5 if path == "/slow" else 0.0
    await desk.hook(f"{hook.url}/slow", "a slow", CREATED)
    await desk.hook(f"{hook.url}/quick", "b quick", CREATED)

    await desk.ticket()
    await desk.box.settle()

    assert [delivery.path for delivery in hook.got] == ["/slow", "/quick", "/slow", "/slow", "/slow", "/slow"]


async def test_a_trigger_that_changes_the_ticket_wakes_no_other_unless_told_to(desk: Desk, hook: Receiver) -> None:
    change = {"name": "b sets", "condition": UPDATED, "perform": {"ticket.priority_id": {"value": "3"}}}
    await desk.admin.post("triggers", json={**change, "execution_condition_mode": "always"})
    await desk.hook(hook.url, "a prio", {**UPDATED, "ticket.priority_id": {"operator": "has changed", "value": []}})
    seen = []

    for recursive in (False, True):
        await desk.admin.put("settings/111", json={"state_current": {"value": recursive}})
        ticket = await desk.ticket()
        await desk.bot.put(f"tickets/{ticket['id']}", json={"title": "changed"})
        await desk.box.settle()
        seen.append(len(hook.got))

    assert seen == [0, 1]


async def test_a_merge_names_no_change(desk: Desk, hook: Receiver) -> None:
    source, target = await desk.ticket(), await desk.ticket()
    await desk.hook(hook.url, "into", {"ticket.action": {"operator": "is", "value": "update.merged_into"}})
    await desk.hook(hook.url, "received", {"ticket.action": {"operator": "is", "value": "update.received_merge"}})
    await desk.hook(hook.url, "state", {**UPDATED, "ticket.state_id": {"operator": "has changed", "value": []}})
    await desk.hook(hook.url, "updated", UPDATED)

    await desk.anna.put(f"ticket_merge/{source['id']}/{target['number']}")
    await desk.box.settle()

    assert [(delivery.trigger, delivery.body["ticket"]["id"]) for delivery in hook.got] == [
        ("into", source["id"]),
        ("received", target["id"]),
        ("updated", source["id"]),
    ]


async def test_an_inactive_webhook_loses_its_events(desk: Desk, hook: Receiver) -> None:
    webhook_id = await desk.hook(hook.url, "created", CREATED)
    await desk.admin.put(f"webhooks/{webhook_id}", json={"active": False})

    await desk.ticket()
    await desk.box.settle()
    await desk.admin.put(f"webhooks/{webhook_id}", json={"active": True})
    await desk.box.settle()

    assert hook.got == []


async def test_tags_links_and_the_internal_flag_wake_no_trigger(desk: Desk, hook: Receiver) -> None:
    one, two = await desk.ticket(), await desk.ticket()
    await desk.hook(hook.url, "updated", UPDATED)
    link = {"link_object_source": "Ticket", "link_object_source_number": two["number"], "link_object_target": "Ticket"}

    await desk.bot.post("tags/add", json={"object": "Ticket", "o_id": one["id"], "item": "vip"})
    await desk.bot.post("links/add", json={**link, "link_type": "normal", "link_object_target_value": one["id"]})
    await desk.bot.put(f"ticket_articles/{one['article_ids'][0]}", json={"internal": True})
    await desk.bot.put(f"tickets/{one['id']}", json={"title": one["title"]})
    await desk.box.settle()

    assert hook.got == []


async def test_the_bots_own_changes_can_be_kept_out_by_a_condition(desk: Desk, hook: Receiver) -> None:
    ticket = await desk.ticket()
    not_me = {"operator": "is not", "pre_condition": "specific", "value": [str(desk.demo.bot_id)]}
    await desk.hook(hook.url, "by others", {**UPDATED, "ticket.updated_by_id": not_me})

    await desk.bot.put(f"tickets/{ticket['id']}", json={"title": "by the bot"})
    await desk.anna.put(f"tickets/{ticket['id']}", json={"title": "by Anna"})
    await desk.box.settle()

    assert [delivery.body["ticket"]["title"] for delivery in hook.got] == ["by Anna"]


async def test_a_selective_trigger_hears_articles_but_no_other_field(desk: Desk, hook: Receiver) -> None:
    ticket = await desk.ticket()
    await desk.hook(hook.url, "selective", UPDATED, mode="selective")

    await desk.bot.put(f"tickets/{ticket['id']}", json={"title": "other"})
    await desk.bot.post("ticket_articles", json={"ticket_id": ticket["id"], "body": "a note", "internal": True})
    await desk.box.settle()

    assert [delivery.body["article"]["body"] for delivery in hook.got] == ["a note"]
