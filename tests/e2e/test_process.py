"""The daemon as a process: it stops in time, lets nothing lie, and tells no secret."""

import asyncio
import json
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from tests import wire
from tests.e2e.gate import Gate, Stop
from tests.e2e.process import Process, daemon_of
from tests.stand import POLICY, SECRET, Helpdesk, helpdesk, until

BASIC = "hook-user:hook-pass-word"
BEARER = "metrics-bear-er"


def waiting(process: Process) -> list[tuple[str, str | None]]:
    with closing(sqlite3.connect(process.folder / "helpdesk-policy.sqlite3")) as database:
        return list(database.execute("SELECT ticket, worker FROM looks"))


async def idle(desk: Helpdesk, process: Process) -> None:
    await until(lambda: not desk.box.worker.pending and not process.looks(), within=30)


async def test_it_stops_within_8_seconds_while_the_helpdesk_hangs_and_goes_on_when_started_again(
    tmp_path: Path,
) -> None:
    gates: list[Gate] = []

    def around(app: Any) -> Gate:
        gates.append(Gate(app=app, token="sandbox-bot"))
        return gates[0]

    async with helpdesk(around=around) as desk, daemon_of(desk, tmp_path, POLICY) as process:
        (gate,) = gates
        await desk.hook(process.door)
        await idle(desk, process)
        received = desk.mail("Marc <marc@dubois.example>")
        stop = Stop(keys=frozenset({f"ticket {received.ticket_id}"}), before=2)
        gate.stops.append(stop)
        await until(lambda: stop.held)
        halfway = asyncio.create_task(_deliver_slowly(process))
        await asyncio.sleep(0.1)
        asked = time.monotonic()
        code = await process.terminate(within=20)
        took = time.monotonic() - asked
        left = waiting(process)
        gate.stops.clear()
        await process.start()
        await idle(desk, process)
        ticket = await desk.ticket(received.ticket_id)
        await asyncio.gather(halfway, return_exceptions=True)

    assert code == 0
    assert took < 8
    assert left == [(str(received.ticket_id), None)]
    assert (ticket["group"], ticket["tags"]) == ("Sales", ["no-contract"])


async def _deliver_slowly(process: Process) -> None:
    """Be a client at the door that never comes to its end."""
    body = wire.body_about(1)
    await wire.post(f"{process.door}/hooks/zammad", body[:-1], {"Content-Length": str(len(body))})


async def test_an_unreadable_delivery_is_listed_by_the_command_and_no_secret_is_ever_logged(tmp_path: Path) -> None:
    settings = {
        "LOG_LEVEL": "debug",
        "ZAMMAD__WEBHOOK_BASIC": BASIC,
        "METRICS_BEARER": BEARER,
        "SWEEP_MINUTES": "0.005",
    }
    async with helpdesk() as desk, daemon_of(desk, tmp_path, POLICY, **settings) as process:
        webhook = await desk.hook(process.door)
        user, _, password = BASIC.partition(":")
        credentials = {"basic_auth_username": user, "basic_auth_password": password}
        await desk.ask(f"webhooks/{webhook}", method="PUT", json=credentials)
        desk.mail("Otto <otto@alpenglas-werk.example>")
        desk.mail("Marc <marc@dubois.example>")
        await idle(desk, process)
        await _knock_with_secrets(process)
        desk.box.fault("status", path="/tickets/search", times=6, status=502)
        await until(lambda: "sweep_failed" in process.said)
        desk.box.fault("status", method="PUT", path="/tickets/", status=403)
        desk.mail("Marc <marc@dubois.example>")
        await until(lambda: "look_parked" in process.said)
        listed = await _command(process, "deliveries", "list", "--unreadable", "--json")
        shown = await _command(process, "config", "show")
        said = process.said

    (unreadable,) = json.loads(listed)
    assert (unreadable["outcome"], unreadable["why"]) == ("unreadable", "the body is no JSON (JSONDecodeError)")
    events = {json.loads(line)["event"] for line in said.splitlines() if line.startswith("{")}
    assert {"started", "delivery", "delivery_refused", "looked", "swept", "sweep_failed", "look_parked"} <= events
    secrets = (SECRET, "hook-pass-word", BEARER, "sandbox-bot", "aG9vay11c2VyO", "another-secret")
    assert {secret: secret in said + shown for secret in secrets} == dict.fromkeys(secrets, False)


async def _knock_with_secrets(process: Process) -> None:
    """Come to the door rightly and wrongly, with secrets in all places where one may be written."""
    body = b"this is no JSON"
    hook = f"{process.door}/hooks/zammad"
    basic = {"Authorization": "Basic aG9vay11c2VyOmhvb2stcGFzcy13b3Jk"}
    signed = {"X-Hub-Signature": wire.sign(body, SECRET)}
    statuses = [
        (await wire.post(hook, body, signed | basic)).status,
        (await wire.post(hook, body, signed | {"Authorization": f"Bearer {BEARER}"})).status,
        (await wire.post(f"{hook}?token={SECRET}", body, basic)).status,
        (await wire.post(f"{process.door}/hooks/{SECRET}", body, basic)).status,
        (await wire.get(f"{process.door}/metrics", {"Authorization": "Bearer another-secret"})).status,
    ]
    assert statuses == [202, 401, 401, 404, 401]


async def _command(process: Process, *arguments: str) -> str:
    """Run one of the commands beside the daemon; give what it printed."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from connector.cli import main; main()", *arguments),
        env=process.whole_environment,
        cwd=process.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await running.communicate()
    assert "Traceback" not in err.decode(), err.decode()
    return out.decode()
