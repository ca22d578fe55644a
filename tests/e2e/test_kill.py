"""kill -9 between any two steps of a look, then start again: nothing is lost, and nothing is done twice."""

from dataclasses import dataclass
from email.utils import parseaddr
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tests.e2e.gate import Gate, Stop
from tests.e2e.process import Process, daemon_of
from tests.stand import Helpdesk, helpdesk, until

POLICY = """
version: 1
mode: enforce
companies:
  domains:
    Alpenglas GmbH: [alpenglas-werk.example]
mail: {per_ticket_and_hour: 3, per_address_and_hour: 6}
rules:
  company: {accepted_reassignment: true}
  contract: {}
  split_project: {ledger_number: "69001"}
"""

MAILS = {
    "company": ("Otto <otto%d@alpenglas-werk.example>", "Printer"),
    "contract": ("Marc <marc%d@dubois.example>", "Printer"),
    "project": ("Carla <carla%d@alpenglas.example>", "A new project"),
}


@dataclass(kw_only=True)
class Trial:
    """One ticket on its way through a look."""

    ticket: int
    address: str
    stop: Stop


def send(desk: Helpdesk, gate: Gate, kind: str, number: int, *, before: int = 0, after: int = 0) -> Trial:
    """Let a mail come in whose look is to be stopped at a step."""
    sender, subject = MAILS[kind]
    received = desk.mail(sender % number, subject)
    keys = frozenset({f"ticket {received.ticket_id}", f"user {received.user_id}"})
    stop = Stop(keys=keys, before=before, after=after)
    gate.stops.append(stop)
    return Trial(ticket=received.ticket_id, address=parseaddr(sender % number)[1], stop=stop)


async def outcome(desk: Helpdesk, trial: Trial) -> dict[str, Any]:
    """Say what stands in the helpdesk in the end, without ids and moments."""
    ticket = await desk.ticket(trial.ticket)
    links = await desk.ask(f"links?link_object=Ticket&link_object_value={trial.ticket}")
    titles = {each["id"]: each["title"] for each in links["assets"].get("Ticket", {}).values()}
    articles = [each for each in await desk.articles(trial.ticket) if each["created_by"] == "policy-bot@msp.example"]
    mails = [mail for mail in desk.box.outbox if trial.address.encode() in mail and b"no support contract for" in mail]
    return {
        "ticket": {name: ticket[name] for name in ("group", "organization", "state", "owner")},
        "tags": sorted(ticket["tags"]),
        "written": [(each["type"], each["internal"], said(each, ticket)) for each in articles],
        "mails": len(mails),
        "links": sorted((each["link_type"], titles[each["link_object_value"]]) for each in links["links"]),
    }


def said(article: Any, ticket: Any) -> str:
    """Give the words of an article, without the decision's id and the ticket's number."""
    words: str = article["body"].partition("\n\n-- ")[0]
    return words.replace(ticket["number"], "NUMBER")


def steps(trial: Trial) -> list[dict[str, int]]:
    """Name where an undisturbed look can be stopped: in its reads, which go side by side, and around every write."""
    writes = [number for number, request in enumerate(trial.stop.seen, 1) if not request.startswith("GET")]
    return [{"before": number} for number in (writes[0] - 1, *writes)] + [{"after": writes[-1]}]


async def idle(desk: Helpdesk, process: Process) -> None:
    await until(lambda: not desk.box.worker.pending and not process.looks(), within=30)
    await until(lambda: not desk.box.worker.pending and not process.looks(), within=30)


async def test_killed_at_any_step_of_a_look_the_daemon_does_all_of_it_once(tmp_path: Path) -> None:
    gates: list[Gate] = []

    def around(app: Any) -> Gate:
        gates.append(Gate(app=app, token="sandbox-bot"))
        return gates[0]

    async with (
        helpdesk(around=around) as desk,
        daemon_of(desk, tmp_path, POLICY, RULE_PACKAGES="tests.rules_for_tests") as process,
    ):
        (gate,) = gates
        await desk.hook(process.door)
        undisturbed = {kind: send(desk, gate, kind, 0) for kind in MAILS}
        await idle(desk, process)
        expected = {kind: await outcome(desk, trial) for kind, trial in undisturbed.items()}
        stops = {kind: steps(trial) for kind, trial in undisturbed.items()}

        found: dict[str, Any] = {}
        for number, at_once in enumerate(zip_longest(*stops.values()), 1):
            wanted = {kind: stop for kind, stop in zip(stops, at_once, strict=True) if stop}
            trials = {kind: send(desk, gate, kind, number, **stop) for kind, stop in wanted.items()}
            await until(lambda trials=trials: all(trial.stop.held for trial in trials.values()))  # type: ignore[misc]
            await process.kill()
            process.let_leases_run_out()
            gate.stops.clear()
            await process.start()
            await idle(desk, process)
            found |= {f"{kind} {wanted[kind]}": await outcome(desk, trial) for kind, trial in trials.items()}

    assert expected["company"]["ticket"]["organization"] == "Alpenglas GmbH"
    assert (expected["contract"]["ticket"]["group"], expected["contract"]["mails"]) == ("Sales", 1)
    assert [kind for kind, _ in expected["project"]["links"]] == ["child", "normal"]
    wrong = {name: each for name, each in found.items() if each != expected[name.split(" ")[0]]}
    assert wrong == {}, expected
    assert len(found) == sum(map(len, stops.values()))
