"""The demo on a real Znuny touches its own tickets alone, and closes them."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from connector.cli.main import app
from tests.hosts.contract import fresh
from tests.hosts.znuny.running import BOT, PASSWORD, Server

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("znuny")]


def tickets(server: Server) -> list[tuple[str, str, str]]:
    """Give number, queue and state of all tickets."""
    rows = server.sql(
        "SELECT t.tn, q.name, s.name FROM ticket t JOIN queue q ON q.id = t.queue_id"
        " JOIN ticket_state s ON s.id = t.ticket_state_id ORDER BY t.id"
    )
    return [(str(number), str(queue), str(state)) for number, queue, state in rows]


async def test_the_demo_shows_the_rules_at_work_and_leaves_closed_tickets(server: Server) -> None:
    before = tickets(server)
    env = {
        "HELPDESK_POLICY_ZNUNY__URL": server.url,
        "HELPDESK_POLICY_ZNUNY__LOGIN": BOT,
        "HELPDESK_POLICY_ZNUNY__PASSWORD": PASSWORD,
    }
    command = ["demo", "--host", "znuny", "--queue", "Support", "--json"]

    done = await asyncio.to_thread(CliRunner().invoke, app, command, env=env)

    assert done.exit_code == 0, done.output
    scenes = json.loads(done.stdout)
    opened = tickets(server)[len(before) :]
    assert tickets(server)[: len(before)] == before
    assert opened == [(each["number"], "Support", "closed successful") for each in scenes]
    reasons = [decision["reason"] for each in scenes for row in each["decisions"] for decision in row["decisions"]]
    assert "acme.test belongs to Acme Corp" in "\n".join(reasons)
    assert "no company claims nowhere.invalid" in reasons
    assert server.mails() == []


async def test_a_queue_that_is_not_there_is_named_and_nothing_is_opened(server: Server) -> None:
    before = tickets(server)
    env = {
        "HELPDESK_POLICY_ZNUNY__URL": server.url,
        "HELPDESK_POLICY_ZNUNY__LOGIN": BOT,
        "HELPDESK_POLICY_ZNUNY__PASSWORD": PASSWORD,
    }
    queue = fresh("nowhere")

    done = await asyncio.to_thread(CliRunner().invoke, app, ["demo", "--host", "znuny", "--queue", queue], env=env)

    assert (done.exit_code != 0, tickets(server)) == (True, before)
    assert queue in str(done.exception) + done.output
