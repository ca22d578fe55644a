"""Apply: in order, no further than the first failure, and in a dry run not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from connector.apply import Fate, apply
from connector.errors import Permanent, Transient
from connector.hosts.host import Done, Write
from connector.model.action import AddTag
from connector.model.case import Case
from connector.model.decision import Plan, Step
from tests.cases import case

PLAN = Plan(decision="01D", steps=(Step(rule="first", action=AddTag("a")),))


def write(name: str, **body: str) -> Write:
    return Write(method="PUT", path=f"/{name}", body=body, steps=PLAN.steps, expect={})


@dataclass
class Host:
    """A helpdesk that answers each write as told, and remembers what it was sent."""

    planned: tuple[Write, ...] = (write("one"), write("two"), write("three"))
    answers: Mapping[str, Done | Exception] = field(default_factory=dict)
    refusal: Permanent | None = None
    sent: list[Write] = field(default_factory=list)

    def writes(self, case: Case, plan: Plan) -> tuple[Write, ...]:
        if self.refusal is not None:
            raise self.refusal
        return self.planned

    async def perform(self, write: Write, case: Case) -> Done:
        self.sent.append(write)
        answer = self.answers.get(write.path, Done())
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def paths(self) -> list[str]:
        return [each.path for each in self.sent]


async def applied(host: Host, *, dry_run: bool = False) -> tuple[list[Fate], Exception | None, bool, str | None]:
    """Apply, and give the fates, the error, whether anything changed, and the version left."""
    done = await apply(PLAN, case(), host, dry_run=dry_run)  # type: ignore[arg-type]  # asked for writes alone
    return [each.fate for each in done.results], done.error, done.changed, done.version


async def test_writes_are_sent_in_their_order_and_the_last_says_how_the_ticket_was_left() -> None:
    host = Host(answers={"/two": Done(version="v2"), "/three": Done(version="v3")})

    assert await applied(host) == ([Fate.DONE] * 3, None, True, "v3")
    assert host.paths == ["/one", "/two", "/three"]


async def test_a_write_after_the_tickets_own_leaves_no_version_to_know_an_echo_by() -> None:
    host = Host(answers={"/two": Done(version="v2"), "/three": Done()})

    assert await applied(host) == ([Fate.DONE] * 3, None, True, None)


async def test_a_dry_run_shows_the_exact_writes_and_sends_none() -> None:
    host = Host()

    assert await applied(host, dry_run=True) == ([Fate.WOULD] * 3, None, False, None)
    assert host.sent == []


@pytest.mark.parametrize("error", [Transient("502"), Permanent("403")])
async def test_after_a_failure_nothing_more_is_sent(error: Exception) -> None:
    host = Host(answers={"/two": error})

    assert await applied(host) == ([Fate.DONE, Fate.FAILED], error, True, None)
    assert host.paths == ["/one", "/two"]


async def test_a_first_write_that_fails_has_changed_nothing() -> None:
    error = Transient("502")

    assert await applied(Host(answers={"/one": error})) == ([Fate.FAILED], error, False, None)


async def test_what_the_helpdesk_ignored_is_an_error_that_people_see_and_its_echo_wakes_nobody() -> None:
    host = Host(answers={"/two": Done(complaint="asked for group 3, it says 2", version="v2")})
    fates, error, changed, version = await applied(host)

    assert (fates, changed, version) == ([Fate.DONE, Fate.IGNORED], True, "v2")
    assert isinstance(error, Permanent)
    assert str(error) == "asked for group 3, it says 2"


async def test_a_plan_that_cannot_be_written_is_refused_before_anything_is_sent() -> None:
    refusal = Permanent("Zammad has no group 'Salse'")
    host = Host(refusal=refusal)

    assert await applied(host) == ([], refusal, False, None)
    assert host.sent == []


async def test_a_later_write_can_name_the_number_of_a_ticket_opened_before_it() -> None:
    host = Host(
        planned=(write("one"), write("two", body="See {ticket.plan}.")),
        answers={"/one": Done(opened={"{ticket.plan}": "#4711"})},
    )
    await applied(host)

    assert host.sent[1].body == {"body": "See #4711."}
