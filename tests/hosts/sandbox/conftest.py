"""Give tests a running sandbox with a demo company in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from connector.hosts.sandbox import Demo, Sandbox
from connector.hosts.sandbox.serve import serve
from tests.hosts.sandbox.clock import Clock
from tests.hosts.sandbox.receiver import Receiver, receiver
from tests.hosts.sandbox.recordings import exchanges, uncovered


@dataclass(kw_only=True)
class Desk:
    """Be a served sandbox with a client for each of its people."""

    box: Sandbox
    demo: Demo
    clock: Clock
    url: str
    admin: httpx.AsyncClient
    bot: httpx.AsyncClient
    anna: httpx.AsyncClient
    carla: httpx.AsyncClient

    async def ticket(self, **more: Any) -> Any:
        """Make a ticket of Carla's in Support by the bot."""
        article = {"body": "It is broken.", "type": "phone", "sender": "Customer"}
        params = {"title": "Help", "group": "Support", "customer": "carla.moser@alpenglas.example", "article": article}
        answer = await self.bot.post("tickets", json={**params, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def hook(self, url: str, name: str, condition: dict[str, Any], *, mode: str = "always") -> int:
        """Make a webhook and a trigger that fires it."""
        webhook = await self.admin.post("webhooks", json={"name": name, "endpoint": url, "signature_token": "secret"})
        perform = {"notification.webhook": {"webhook_id": webhook.json()["id"]}}
        trigger = {"name": name, "condition": condition, "perform": perform, "execution_condition_mode": mode}
        answer = await self.admin.post("triggers", json=trigger)
        assert answer.status_code == 201, answer.text
        return int(webhook.json()["id"])


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    clock = Clock()
    box = Sandbox(clock=clock, pace=0.0005, back_doors=True)
    demo = box.seed_demo()
    async with serve(box) as url:
        people = {
            name: httpx.AsyncClient(
                base_url=f"{url}/api/v1/",
                headers={"Authorization": f"Token token={token}"},
                trust_env=False,
                verify=False,  # plain HTTP: spares the reading of certificates
            )
            for name, token in (
                ("admin", demo.admin_token),
                ("bot", demo.bot_token),
                ("anna", demo.agent_token),
                ("carla", demo.customer_token),
            )
        }
        try:
            yield Desk(box=box, demo=demo, clock=clock, url=url, **people)
        finally:
            for client in people.values():
                await client.aclose()


@pytest.fixture
async def hook() -> AsyncIterator[Receiver]:
    async with receiver() as listening:
        yield listening


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many of the recorded exchanges the sandbox follows."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if "test_the_sandbox_answers_as_zammad_did[" in report.nodeid and report.when == "call"
    ]
    if not reports:
        return
    names = {report.nodeid.partition("[")[2].removesuffix("]") for report in reports if report.outcome == "passed"}
    followed = len(names - uncovered().keys())
    terminalreporter.write_line(
        f"sandbox: {followed} of {len(exchanges())} recorded exchanges followed ({followed / len(exchanges()):.1%})"
    )
    for report in terminalreporter.getreports("passed"):
        for key, value in report.user_properties:
            if key == "agreement":
                terminalreporter.write_line(f"sandbox: {value}")
    for name, reason in uncovered().items():
        terminalreporter.write_line(f"  not followed: {name}: {reason}")
