"""What the daemon says of itself."""

import json

from tests import wire
from tests.stand import Stand
from tests.web.conftest import METRICS


async def test_a_daemon_that_can_work_is_live_and_ready_and_says_what_waits(made: Stand) -> None:
    live, ready = await wire.get(f"{made.door}/health/live"), await wire.get(f"{made.door}/health/ready")

    assert (live.status, live.content) == (200, {"status": "live"})
    assert (ready.status, ready.content) == (
        200,
        {"status": "ready", "waiting": 0, "parked": 0, "oldest_due_seconds": 0.0},
    )


async def test_metrics_are_for_those_who_hold_their_token(made: Stand) -> None:
    statuses = [
        (await wire.get(f"{made.door}/metrics", headers)).status
        for headers in ({}, {"Authorization": METRICS}, {"Authorization": "Bearer ünknown"})
    ]
    answer = await wire.get(f"{made.door}/metrics", {"Authorization": f"Bearer {METRICS}"})

    assert statuses == [401, 401, 401]
    assert answer.status == 200
    assert b"helpdesk_policy_looks_waiting 0.0" in answer.body
    assert b'helpdesk_policy_decisions_total{mode="observe",outcome="skip",rule="company"}' in answer.body


async def test_what_was_refused_is_counted(made: Stand) -> None:
    await wire.post(f"{made.door}/hooks/zammad", b"{}")
    answer = await wire.get(f"{made.door}/metrics", {"Authorization": f"Bearer {METRICS}"})

    assert b'helpdesk_policy_deliveries_total{host="zammad",outcome="unverified"} 1.0' in answer.body


async def test_there_are_no_pages_of_documentation_at_the_door(made: Stand) -> None:
    statuses = [(await wire.get(f"{made.door}/{page}")).status for page in ("docs", "redoc", "openapi.json", "")]

    assert statuses == [404, 404, 404, 404]
    assert json.loads((await wire.get(f"{made.door}/docs")).body) == {"detail": "Not Found"}
