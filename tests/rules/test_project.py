"""What becomes of work that is a project."""

from dataclasses import replace
from typing import Any

import pytest

from connector.model.action import AddLink, AddNote, CreateTicket, LookAt, SendReply, SetState
from connector.model.case import Case, Need
from connector.model.decision import Mode, Outcome
from connector.model.ticket import Link, LinkKind, State
from connector.policy.proposals import ACCEPT
from connector.reading.reading import Reading, Topic, Verdict, Words
from rules.project import Project, give_project_a_ticket
from tests.cases import article, bound, case, company, desk, directory, group, link, person, policy
from tests.memory_host import after, look, requests, stopped, with_state, with_tags

ACME = company("Acme GmbH", "acme.example")
WORDS = "please move all of us to the new mail system by June"
MOVE = Words(text=WORDS, start=0, end=len(WORDS))
DESK = desk(group("Support"), group("Sales"), group("Projects"))
OPEN = link("40", LinkKind.NORMAL)


def read(*, score: float = 0.95, topics: int = 1, **more: Any) -> Reading:
    """Make the reading of a message that asks for a project, as sure as told; a score of 0 asks for none."""
    asked = (Verdict(label="project", score=score, words=(MOVE,)),) if score else ()
    found = tuple(Topic(words=(MOVE,)) for _ in range(topics))
    return Reading(language="en", text=WORDS, own_text=WORDS, requests=asked, topics=found, **more)


def asked(reading: Reading | None = None, *, projects: tuple[Any, ...] = (), **more: Any) -> Case:
    """Make a ticket of Acme's whose message asks for a project, beside the company's open projects."""
    articles = more.pop("articles", (article(body=WORDS),))
    given: dict[str, Any] = {"company": ACME, "directory": directory(ACME), "desk": DESK} | more
    made = case(articles=articles, readings={"a1": reading or read()}, **given)
    return replace(made, company_tickets=tuple(replace(each, group="Projects") for each in projects))


def in_force(mode: Mode = Mode.ENFORCE, **options: Any) -> Any:
    return policy(bound(give_project_a_ticket, mode, Project(**options)))


def lived(on: Case, mode: Mode = Mode.ENFORCE, **options: Any) -> Case:
    """Look once, and carry out what is planned."""
    return after(on, look(on, in_force(mode, **options))[1])


def test_a_project_gets_a_ticket_of_its_own_above_the_one_that_asked() -> None:
    decision = give_project_a_ticket(asked(), Project())

    new, note, mail, _ = decision.actions
    assert new == CreateTicket(
        "Printer",
        "Projects",
        f"{WORDS}\n\n-- \nanna@acme.example\n2026-03-10 11:00 UTC, 10001",
        once="opened",
        kind=LinkKind.PARENT,
        tags=("project",),
        is_said=True,
        carry=("a1",),
    )
    assert isinstance(note, AddNote)
    assert note.text.endswith("it goes on in ticket [new ticket opened].")
    assert isinstance(mail, SendReply)
    assert "under the number [new ticket opened]" in mail.text
    assert decision.reason == f"the customer asks for a project: {WORDS!r} (0.95, enough is 0.80)"


NONE: dict[str, tuple[dict[str, Any], str]] = {
    "nothing asks for one": ({"reading": read(score=0)}, "nobody asks for a project"),
    "the message is an automatic one": (
        {"articles": (article(is_automatic=True),)},
        "nobody asks for a project",
    ),
    "only we wrote of it": ({"articles": (article(decision="01D"),)}, "nobody asks for a project"),
    "the ticket is closed": ({"state": State.CLOSED}, "ticket is closed, its work is over"),
    "an agent asks": ({"customer": person(is_agent=True)}, "is an agent, not a customer"),
    "nobody is its customer": ({"customer": None, "company": None}, "the ticket has no customer"),
    "it had one that was unlinked": (
        {"memory": {"project.of": "opened", "ticket.project.opened": "done"}},
        "the ticket was given a project before (opened)",
    ),
    "it had one that is closed now": (
        {
            "memory": {"project.of": "joined.40", "note.project.opened": "done"},
            "links": (link("40", LinkKind.PARENT, state=State.CLOSED),),
        },
        "the ticket was given a project before (joined.40)",
    ),
    "one merged with it had one": (
        {"links": (link("5", LinkKind.CHILD, state=State.MERGED, **{"project.of": "opened"}),)},
        "ticket 10005, which is merged with this one, was given a project",
    ),
}


@pytest.mark.parametrize("name", NONE)
def test_no_project_is_made_where(name: str) -> None:
    more, why = NONE[name]

    decision = give_project_a_ticket(asked(**more), Project())

    assert (decision.outcome, decision.actions) == (Outcome.SKIP, ())
    assert why in decision.reason


def test_an_agents_tag_makes_a_project_whatever_the_message_says() -> None:
    decision = give_project_a_ticket(asked(read(score=0), tags=["policy:project"]), Project())

    assert isinstance(decision.actions[0], CreateTicket)
    assert decision.reason == "an agent put the tag policy:project on"


@pytest.mark.parametrize(("booked", "is_project"), [("39.75", False), ("40.0", True), ("", False), ("a lot", False)])
def test_recorded_effort_makes_a_project_from_the_limit_on(booked: str, is_project: bool) -> None:
    decision = give_project_a_ticket(asked(read(score=0), attributes={"time_unit": booked}), Project(effort=40))

    assert (decision.outcome is Outcome.ACT) is is_project


def test_an_unsure_reading_is_only_proposed_and_done_when_accepted() -> None:
    proposed = lived(asked(read(score=0.5)))
    accepted = lived(with_tags(proposed, proposed.ticket.tags | {ACCEPT}))

    assert proposed.links == ()
    assert [each.kind for each in accepted.links] == [LinkKind.PARENT]
    assert look(accepted, in_force())[1].steps == ()


def test_the_companys_tickets_are_only_read_where_a_project_is_asked_for() -> None:
    known = Need.ARTICLES | Need.READING | Need.LINKS
    wanted = replace(asked(), parts=known)
    other = replace(asked(read(score=0)), parts=known)

    assert give_project_a_ticket(wanted, Project()).more is not None
    assert give_project_a_ticket(other, Project()).more is None
    assert give_project_a_ticket(wanted, Project(join=False)).more is None


def test_the_companys_only_open_project_takes_the_ticket_in() -> None:
    decision = give_project_a_ticket(asked(projects=(OPEN,)), Project())

    assert decision.actions[0] == AddLink("40", "100040", LinkKind.PARENT)
    assert decision.actions[-1] == LookAt("40")
    assert not [each for each in decision.actions if isinstance(each, CreateTicket)]


def test_among_several_open_projects_a_person_chooses() -> None:
    decision = give_project_a_ticket(asked(projects=(OPEN, link("41"))), Project())

    (note,) = decision.actions
    assert isinstance(note, AddNote)
    assert "100040, 100041" in note.text


def test_a_closed_project_and_tickets_of_other_groups_take_nothing_in() -> None:
    closed = asked(projects=(replace(OPEN, state=State.CLOSED),))
    elsewhere = replace(asked(), company_tickets=(replace(OPEN, group="Support"),))

    for each in (closed, elsewhere):
        assert isinstance(give_project_a_ticket(each, Project()).actions[0], CreateTicket)


def test_the_project_that_an_agent_linked_is_the_one() -> None:
    by_hand = asked(projects=(OPEN,), links=(replace(link("50", LinkKind.PARENT), group="Projects"),))

    once = lived(by_hand)

    assert once.memory["project.of"] == "joined.50"
    assert look(once, in_force())[1].steps == ()


def test_a_ticket_in_an_agents_project_that_asks_for_nothing_is_left_alone() -> None:
    linked = asked(read(score=0), links=(replace(link("50", LinkKind.PARENT), group="Projects"),))

    assert give_project_a_ticket(linked, Project()).reason == "the ticket is part of the project 100050"


@pytest.mark.parametrize("projects", [(), (OPEN,)])
@pytest.mark.parametrize("original", ["keep", "close"])
def test_looking_again_does_nothing_more(projects: tuple[Any, ...], original: str) -> None:
    once = lived(asked(projects=projects), original=original)

    assert look(once, in_force(original=original))[1].steps == ()
    assert len(once.links) == 1
    assert (once.ticket.state is State.CLOSED) is (original == "close")


@pytest.mark.parametrize("projects", [(), (OPEN,)])
@pytest.mark.parametrize("stop", range(3))
def test_a_stop_between_two_requests_makes_no_second_project(projects: tuple[Any, ...], stop: int) -> None:
    start = asked(projects=projects)
    plan = look(start, in_force())[1]
    whole = after(start, plan)

    healed = lived(stopped(start, plan, after_requests=stop))

    assert len(requests(start, plan)) == 3  # the project or its link, the mail, the note
    assert len(healed.links) == 1
    assert healed.memory["project.of"] == whole.memory["project.of"]
    assert sum("a project of its own" in each.body for each in healed.ticket.articles) == 1
    assert sum("goes on in ticket" in each.body for each in healed.ticket.articles) == 1
    assert look(healed, in_force())[1].steps == ()


def test_a_merge_after_a_stop_finds_the_project_that_was_opened() -> None:
    start = asked()
    cut = stopped(start, look(start, in_force())[1], after_requests=1)
    target = replace(start, links=cut.links, ticket=replace(start.ticket, id="8"))

    assert not [each for each in give_project_a_ticket(target, Project()).actions if isinstance(each, CreateTicket)]


def test_a_ticket_that_a_person_opened_again_stays_open() -> None:
    once = lived(asked(), original="close")

    reopened = with_state(once, State.OPEN)

    assert look(reopened, in_force(original="close"))[1].steps == ()


def test_a_ticket_with_another_matter_in_it_is_not_closed() -> None:
    decision = give_project_a_ticket(asked(read(topics=2)), Project(original="close"))

    assert not [each for each in decision.actions if isinstance(each, SetState)]


# the project's own ticket


def project(*children: Any, memory: dict[str, str] | None = None, **more: Any) -> Case:
    """Make a project with these tickets."""
    return asked(read(score=0), group="Projects", links=children, memory=memory, **more)


def child(ticket: str = "3", state: State = State.OPEN, **memory: Any) -> Link:
    return replace(link(ticket, LinkKind.CHILD, state=state), memory=memory)


def texts(on: Case) -> list[str]:
    return [each.text for each in give_project_a_ticket(on, Project()).actions if isinstance(each, AddNote)]


def test_a_project_notes_where_it_comes_from_and_who_joined_it() -> None:
    seen = project(
        child("3"), child("4", State.OPEN, **{"project.of": "joined.1"}), memory={"origin": "3 project opened"}
    )

    assert texts(seen) == [
        "This project was opened out of ticket 10003.",
        "Ticket 10004 was joined to this project.",
    ]
    assert look(lived(seen), in_force())[1].steps == ()


def test_a_project_notes_once_that_all_of_its_tickets_are_closed() -> None:
    done = project(child("3", State.CLOSED), child("4", State.MERGED))

    assert texts(done) == ["All tickets of this project are closed (2)."]
    assert look(lived(done), in_force())[1].steps == ()
    assert texts(project(child("3", State.CLOSED), child("4"))) == []


def test_that_is_noted_where_the_rule_only_proposes_too() -> None:
    done = lived(project(child("3", State.CLOSED)), Mode.PROPOSE)

    assert done.ticket.articles[-1].body.startswith("All tickets of this project are closed (1).")
    assert not done.ticket.tags


def test_a_project_whose_ticket_we_closed_for_it_is_not_done() -> None:
    assert texts(project(child("3", State.CLOSED, **{"set.state": "project=closed"}))) == []


def test_a_project_makes_no_project_of_a_project() -> None:
    again = replace(project(child("3")), readings={"a1": read()})

    assert not [each for each in give_project_a_ticket(again, Project()).actions if isinstance(each, CreateTicket)]


def test_a_ticket_that_is_closed_lets_its_project_be_looked_at() -> None:
    memory = {"project.of": "joined.40"}
    parent = replace(link("40", LinkKind.PARENT), group="Projects")

    decision = give_project_a_ticket(asked(state=State.CLOSED, memory=memory, links=(parent,)), Project())

    assert decision.actions == (LookAt("40"),)
    assert look(asked(state=State.CLOSED, memory=memory, links=(parent,)), in_force())[1].others == ("40",)
