"""Do what Zammad's scheduler does to tickets when time has passed."""

from __future__ import annotations

from connector.hosts.sandbox import tickets
from connector.hosts.sandbox.world import SYSTEM, Event, World, moment


def run(world: World) -> None:
    """Move tickets whose pending time is over to the next state; a reminder only reminds."""
    for ticket in world.rows("ticket"):
        state = world.one("state", ticket["state_id"])
        if not state["next_state_id"] or not ticket["pending_time"] or moment(ticket["pending_time"]) > world.clock():
            continue
        changes = tickets.settle(world, ticket, {"state_id": state["next_state_id"]}, by=SYSTEM)
        world.events.append(Event(kind="update", ticket_id=ticket["id"], changes=changes))
