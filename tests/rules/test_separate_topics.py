"""What becomes of a message about several matters."""

from dataclasses import replace
from typing import Any

import pytest

from connector.model.action import AddNote, CreateTicket, SendReply
from connector.model.case import Case
from connector.model.decision import Decision, Mode, Outcome
from connector.model.ticket import Link, LinkKind, Sender, State
from connector.policy.file import parse_policy
from connector.policy.found import find_rules
from connector.policy.proposals import ACCEPT
from connector.reading.reading import Part, PartKind, Reading, Topic, Words
from rules.separate_topics import SeparateTopics, split_by_topics
from tests.cases import article, bound, case, person, policy
from tests.memory_host import after, look, requests, stopped, with_article, with_tags

PRINTER = "The printer on the third floor eats paper."
INVOICE = "Please send us the invoice of May once more."
MONITOR = "And the new colleague needs a second monitor."


def read(*topics: str, greeting: str = "Hello,", score: float = 0.95, **more: Any) -> Reading:
    """Make the reading of a message with a greeting and these matters, one a line."""
    text = "\n".join([greeting, *topics, "Anna"])
    words = [Words(text=topic, start=text.index(topic), end=text.index(topic) + len(topic)) for topic in topics]
    own_end = len(text) - len("Anna")
    parts = (
        Part(kind=PartKind.GREETING, start=0, end=len(greeting)),
        Part(kind=PartKind.OWN, start=len(greeting), end=own_end),
        Part(kind=PartKind.SIGNATURE, start=own_end, end=len(text)),
    )
    found = tuple(Topic(words=(each,), score=score) for each in words)
    return Reading(language="en", text=text, own_text="\n".join(topics), parts=parts, topics=found, **more)


def about(*topics: str, reading: Reading | None = None, **more: Any) -> Case:
    """Make a ticket that a message about these matters opened."""
    said = more.pop("articles", (article(body="\n".join(topics)),))
    return case(articles=said, readings={"a1": reading or read(*topics)}, **more)


def opened(decision: Decision) -> list[tuple[str, str]]:
    """Name the tickets that a decision opens."""
    return [(each.once, each.title) for each in decision.actions if isinstance(each, CreateTicket)]


def split(on: Case, mode: Mode = Mode.ENFORCE, **options: Any) -> Case:
    """Look once, and carry out what is planned."""
    return after(on, look(on, in_force(mode, **options))[1])


def in_force(mode: Mode = Mode.ENFORCE, **options: Any) -> Any:
    return policy(bound(split_by_topics, mode, SeparateTopics(**options)))


def test_each_further_matter_gets_a_ticket_with_its_words_their_author_and_the_day() -> None:
    decision = split_by_topics(about(PRINTER, INVOICE, MONITOR), SeparateTopics())

    first, second, note, mail = decision.actions
    assert first == CreateTicket(
        "Please send us the invoice of May once more",
        "Support",
        f"{INVOICE}\n\n-- \nanna@acme.example\n2026-03-10 11:00 UTC, 10001",
        once="a1.2",
        kind=LinkKind.CHILD,
        tags=("split-off",),
        is_said=True,
        carry=("a1",),
    )
    assert isinstance(second, CreateTicket)
    assert second.text.startswith(MONITOR)
    assert isinstance(note, AddNote)
    assert isinstance(mail, SendReply)
    told = (
        "- 10001: The printer on the third floor eats paper\n"
        "- [new ticket a1.2]: Please send us the invoice of May once more\n"
        "- [new ticket a1.3]: And the new colleague needs a second monitor"
    )
    assert told in note.text
    assert told in mail.text
    assert decision.reason == "the message speaks of 3 matters (sure by 0.95, enough is 0.90)"


def test_the_words_of_a_matter_end_where_the_next_begins_and_hold_no_signature() -> None:
    steps = "1. It beeps.\n2. It stops."
    reading = read(f"{PRINTER}\n{steps}", INVOICE)

    decision = split_by_topics(about(PRINTER, INVOICE, reading=reading), SeparateTopics())

    texts = [each.text.partition("\n\n-- ")[0] for each in decision.actions if isinstance(each, CreateTicket)]
    assert texts == [INVOICE]


WHOLE: dict[str, tuple[dict[str, Any], str]] = {
    "one matter": ({"reading": read(PRINTER)}, "the message speaks of 1 matter"),
    "no matter": ({"reading": read()}, "the message speaks of no matter"),
    "a closed ticket": ({"state": State.CLOSED}, "ticket is closed, its work is over"),
    "a ticket of ours": ({"memory": {"origin": "9 separate_topics a9.2"}}, "we opened this ticket ourselves"),
    "an agent's own": ({"customer": person(is_agent=True)}, "is an agent, not a customer"),
    "nobody's": ({"customer": None}, "the ticket has no customer"),
    "an automatic message": (
        {"articles": (article(is_automatic=True),)},
        "the message is an automatic one",
    ),
    "one that an agent answered": (
        {"articles": (article(), article(Sender.AGENT, id_="a2"))},
        "an agent has answered already",
    ),
    "one that an agent began": (
        {"articles": (article(Sender.AGENT, id_="a0"), article())},
        "the ticket does not begin with a message of a customer",
    ),
    "one that was not read": ({"articles": (article(id_="other"),)}, "article other was not read"),
    "one that we wrote as the customer's": (
        {"articles": (article(decision="01D"),)},
        "the ticket does not begin with a message of a customer",
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_stays_whole(name: str) -> None:
    more, why = WHOLE[name]

    decision = split_by_topics(about(PRINTER, INVOICE, **more), SeparateTopics())

    assert (decision.outcome, decision.actions) == (Outcome.SKIP, ())
    assert why in decision.reason


def test_a_message_of_five_hundred_lines_opens_no_ticket_but_asks_a_person() -> None:
    lines = [f"Matter number {number:03}." for number in range(500)]

    decision = split_by_topics(about(*lines), SeparateTopics())

    assert [type(each) for each in decision.actions] == [AddNote]
    assert decision.reason == "the message speaks of 500 matters, split are at most 5"


def test_an_unsure_reading_is_only_proposed_though_the_rule_is_enforced() -> None:
    unsure = about(PRINTER, INVOICE, reading=read(PRINTER, INVOICE, score=0.6))

    proposed = split(unsure)
    accepted = split(with_tags(proposed, proposed.ticket.tags | {ACCEPT}))

    assert proposed.links == ()
    assert proposed.ticket.tags == {"policy:proposed"}
    assert "open the child ticket 'Please send us the invoice" in proposed.ticket.articles[-1].body
    assert len(accepted.links) == 1
    assert not accepted.ticket.tags & {ACCEPT, "policy:proposed"}
    assert look(accepted, in_force())[1].steps == ()


def test_a_file_that_enforces_everything_still_only_proposes_to_split() -> None:
    rules = find_rules("rules")
    general, _ = parse_policy("mode: enforce\nrules: {separate_topics: {}, contract: {}}\n", "p", rules)
    its_own, _ = parse_policy("rules: {separate_topics: {mode: enforce}}\n", "p", rules)

    modes = {each.rule.name: each.mode for each in general.active}
    assert modes == {"separate_topics": Mode.PROPOSE, "contract": Mode.ENFORCE}
    assert [each.mode for each in its_own.active] == [Mode.ENFORCE]


def test_looking_again_opens_no_second_ticket_and_tells_the_customer_once() -> None:
    once = split(about(PRINTER, INVOICE, MONITOR))

    again = look(once, in_force())[1]

    assert again.steps == ()
    assert len(once.links) == 2
    assert len([each for each in once.ticket.articles if each.to == "anna@acme.example"]) == 1


@pytest.mark.parametrize("stop", range(4))
def test_a_stop_between_two_requests_loses_no_ticket_and_opens_none_twice(stop: int) -> None:
    start = about(PRINTER, INVOICE, MONITOR)
    plan = look(start, in_force())[1]
    assert len(requests(start, plan)) == 4  # two tickets, the mail, the note

    cut = stopped(start, plan, after_requests=stop)
    healed = split(cut)

    assert [each.memory["origin"] for each in healed.links] == ["1 separate_topics a1.2", "1 separate_topics a1.3"]
    assert len([each for each in healed.ticket.articles if each.to]) == 2  # the customer's own, and ours
    assert look(healed, in_force())[1].steps == ()


def test_after_a_stop_note_and_mail_give_the_number_that_the_ticket_has() -> None:
    start = about(PRINTER, INVOICE)
    child = Link(kind=LinkKind.CHILD, ticket="7", number="10007", memory={"origin": "1 separate_topics a1.2"})

    decision = split_by_topics(replace(start, links=(child,)), SeparateTopics())

    assert "- 10007: Please send us" in next(each.text for each in decision.actions if isinstance(each, SendReply))


def test_a_ticket_closed_after_a_stop_is_still_split_to_its_end() -> None:
    start = about(PRINTER, INVOICE, MONITOR)
    cut = stopped(start, look(start, in_force())[1], after_requests=1)
    closed = replace(cut, ticket=replace(cut.ticket, state=State.CLOSED))

    assert len(split(closed).links) == 2


def test_unlinking_a_ticket_of_ours_does_not_bring_it_back() -> None:
    once = split(about(PRINTER, INVOICE))

    unlinked = replace(once, links=())

    assert look(unlinked, in_force())[1].steps == ()


def test_a_message_that_was_split_before_its_ticket_was_merged_is_not_split_again() -> None:
    source = split(about(PRINTER, INVOICE))
    into = about(PRINTER, INVOICE)
    merged = Link(kind=LinkKind.CHILD, ticket="5", number="10005", state=State.MERGED, memory=source.memory)

    target = replace(into, links=(merged,), ticket=replace(into.ticket, id="8"))

    assert look(target, in_force())[1].steps == ()


def test_a_merge_between_two_requests_is_finished_in_the_target_without_a_second_ticket() -> None:
    start = about(PRINTER, INVOICE, MONITOR)
    cut = stopped(start, look(start, in_force())[1], after_requests=1)
    target = replace(start, links=cut.links, ticket=replace(start.ticket, id="8"))

    decision = split_by_topics(target, SeparateTopics())

    assert opened(decision) == [("a1.3", "And the new colleague needs a second monitor")]


def test_another_reading_of_a_message_that_was_split_changes_nothing() -> None:
    once = split(about(PRINTER, INVOICE))

    newer = replace(once, readings={"a1": read(PRINTER, INVOICE, MONITOR)})

    assert look(newer, in_force())[1].steps == ()


def test_a_child_that_is_merged_back_is_not_read_as_a_message_of_the_customer() -> None:
    once = split(about(PRINTER, INVOICE))
    back = with_article(once, article(body=INVOICE, decision="01D"))

    assert look(back, in_force())[1].steps == ()


def test_the_customer_is_told_in_his_language_and_agents_in_their_own() -> None:
    reading = replace(read(PRINTER, INVOICE), language="pl")

    decision = split_by_topics(about(PRINTER, INVOICE, reading=reading), SeparateTopics())

    (mail,) = [each for each in decision.actions if isinstance(each, SendReply)]
    (note,) = [each for each in decision.actions if isinstance(each, AddNote)]
    assert mail.text.startswith("Dzień dobry")
    assert note.text.startswith("The message is about several matters")


def test_the_customer_is_not_told_where_that_is_switched_off() -> None:
    decision = split_by_topics(about(PRINTER, INVOICE), SeparateTopics(tell_customer=False))

    assert not [each for each in decision.actions if isinstance(each, SendReply)]
