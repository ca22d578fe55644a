"""Whatever a real Zammad answered is read as what it means."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.hosts.zammad.translate import (
    article_of,
    case_of,
    company_of,
    history_of,
    links_of,
    memory_of,
    moment,
    person_of,
    ticket_of,
    written,
)
from connector.model.message import Channel
from connector.model.ticket import LinkKind, Sender, State
from tests.hosts.sandbox.recordings import exchanges
from tests.hosts.zammad.recorded import answer, recorded_lists, rows

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
MEANT = {
    "new": State.NEW,
    "open": State.OPEN,
    "pending reminder": State.PENDING,
    "pending close": State.PENDING,
    "closed": State.CLOSED,
    "merged": State.MERGED,
}


def test_hundreds_of_recorded_rows_are_read() -> None:
    assert {kind: len(rows(kind)) > least for kind, least in LEAST.items()} == dict.fromkeys(LEAST, True)


LEAST = {"ticket": 150, "article": 50, "user": 300, "company": 90}


def test_every_recorded_ticket_is_read() -> None:
    lists = recorded_lists()
    for name, raw in rows("ticket"):
        ticket = ticket_of(raw, lists=lists, tags=(), articles=())

        assert (ticket.id, ticket.number, ticket.version) == (str(raw["id"]), raw["number"], raw["updated_at"]), name
        assert ticket.state is MEANT.get(ticket.state_name, State.OPEN), name
        assert (ticket.state_name, ticket.group, ticket.priority) == (
            lists.states.get(raw["state_id"], ""),
            lists.groups.get(raw["group_id"], ""),
            lists.priorities.get(raw["priority_id"], ""),
        ), name
        assert ticket.created_at.utcoffset() == timedelta(0), name
        assert (ticket.owner is None) == (raw["owner_id"] == 1), name
        assert (ticket.pending_until is None) == (raw["pending_time"] is None), name
        assert ticket.article_count == len(raw["article_ids"]), name


def test_a_ticket_with_names_in_place_of_ids_is_named_alike() -> None:
    lists = recorded_lists()
    expanded = [(name, raw) for name, raw in rows("ticket") if isinstance(raw.get("state"), str) and "owner" in raw]
    known = [(name, raw) for name, raw in expanded if raw["state_id"] in lists.states]

    assert len(known) > 10
    for name, raw in known:
        ticket = ticket_of(raw, lists=lists, tags=(), articles=())
        assert (ticket.state_name, ticket.priority) == (raw["state"], raw["priority"]), name
        assert (ticket.owner is None) == (raw["owner"] == "-"), name


def test_every_recorded_article_is_read() -> None:
    for name, raw in rows("article"):
        article = article_of(raw)

        assert (article.id, article.is_internal, article.author) == (
            str(raw["id"]),
            raw["internal"],
            str(raw["created_by_id"]),
        ), name
        assert (
            article.sender
            is {"Customer": Sender.CUSTOMER, "Agent": Sender.AGENT, "System": Sender.SYSTEM}[raw["sender"]]
        ), name
        assert article.channel is Channel(raw["type"]), name
        assert article.body == raw["body"], name
        assert article.attachments == tuple(each["filename"] for each in raw["attachments"]), name


def test_every_recorded_user_is_read() -> None:
    lists = recorded_lists()
    agents = {}
    for name, raw in rows("user"):
        person = person_of(raw, lists=lists)

        assert person.address == raw["email"].lower(), name
        assert person.company == (str(raw["organization_id"]) if raw["organization_id"] else None), name
        assert person.other_companies == tuple(map(str, raw["organization_ids"])), name
        assert person.is_system == (raw["login"] == "-"), name
        agents[raw["login"]] = person.is_agent
    people = ("admin@example.test", "policy-bot@example.test", "anna.agent@example.test", "carl@acme.example", "-")
    assert [agents[login] for login in people] == [True, True, True, False, False]


def test_every_recorded_company_is_read() -> None:
    for name, raw in rows("company"):
        company = company_of(raw, domains_attribute="domains")

        assert (company.id, company.name, company.is_active) == (str(raw["id"]), raw["name"], raw["active"]), name
        assert company.domains == ((raw["domain"],) if raw["domain"] else ()), name
        assert "member_ids" not in company.attributes, name


def test_a_companys_own_fields_are_its_attributes() -> None:
    company = company_of(answer("02-organizations-show-custom"), domains_attribute="domains")

    assert {name: company.attributes[name] for name in ("support_contract", "contract_valid_until")} == {
        "support_contract": "standard",
        "contract_valid_until": "2027-01-31",
    }
    assert company.attributes["is_key_account"] is True


@pytest.mark.parametrize(
    "given", ["@Acme.Example; second.example,third.example", "acme.example second.example third.example"]
)
def test_a_company_may_have_more_domains_in_a_field_of_the_admins_own(given: str) -> None:
    raw = answer("02-organizations-show-custom") | {"domain": "ACME.example", "domains": given}

    assert company_of(raw, domains_attribute="domains").domains == ("acme.example", "second.example", "third.example")


def test_every_recorded_list_of_links_says_what_the_other_is() -> None:
    lists = recorded_lists()
    seen = 0
    for name, exchange in exchanges().items():
        body = exchange.get("response", {}).get("body")
        if not (isinstance(body, dict) and "links" in body and "Ticket" in body.get("assets", {"Ticket": 0})):
            continue
        links = links_of(body, lists=lists)
        known = [each for each in body["links"] if each["link_type"] in ("parent", "child", "normal")]
        assert [(str(each.kind), each.ticket) for each in links] == [
            (each["link_type"], str(each["link_object_value"])) for each in known
        ], name
        assert all(each.number for each in links), name
        seen += len(links)
    assert seen > 8


def test_fact_29_a_link_of_a_mistyped_kind_is_no_link_of_ours() -> None:
    kinds = {each["link_type"] for each in answer("05-links-list-final")["links"]}

    found = {str(each.kind) for each in links_of(answer("05-links-list-final"), lists=recorded_lists())}

    assert kinds - found == kinds - {"parent", "child", "normal"}


def test_fact_29_what_is_added_as_parent_is_the_parent_of_the_target() -> None:
    lists = recorded_lists()
    target = links_of(answer("05-links-list-target"), lists=lists)
    source = links_of(answer("05-links-list-source-of-parent"), lists=lists)

    assert [each.kind for each in target if each.ticket == "4"] == [LinkKind.PARENT]
    assert [each.kind for each in source if each.ticket == "2"] == [LinkKind.CHILD]


def test_fact_29_to_54_a_link_tells_what_the_other_remembers_of_its_origin() -> None:
    body = answer("05-links-list-b")
    body["assets"]["Ticket"]["2"]["preferences"] = {"helpdesk_policy": {"origin": "3 split one"}}

    links = {each.ticket: each.memory for each in links_of(body, lists=recorded_lists())}

    assert links["2"] == {"origin": "3 split one"}
    assert links["4"] == {}


@pytest.mark.parametrize("name", ["03-ticket_history", "03-merge-source-history", "13-history-at-the-end"])
def test_a_recorded_history_is_read(name: str) -> None:
    body = answer(name)
    lines = [each for each in body["history"] if isinstance(each, dict)]

    changes = history_of(body | {"history": lines})

    assert len(changes) == len(lines) > 0
    assert [(each.author, each.after) for each in changes] == [
        (str(each["created_by_id"]), each.get("value_to") or "") for each in lines
    ]
    assert all(each.thing for each in changes)


def test_a_whole_case_is_put_together_from_what_full_true_gives() -> None:
    ticket = answer("03-tickets-show-full")
    main = ticket["assets"]["Ticket"][str(ticket["id"])]

    case = case_of(
        host="zammad",
        ticket=ticket,
        tags={"tags": ["pump", "leak"]},
        articles=None,
        links=None,
        history=None,
        raw_mails={},
        lists=recorded_lists(),
        domains_attribute="domains",
        now=NOW,
    )

    assert (case.ticket.id, case.ticket.tags) == (str(main["id"]), frozenset({"pump", "leak"}))
    assert case.customer is not None
    assert case.customer.id == str(main["customer_id"])
    assert case.company is not None
    assert case.company.id == case.customer.company
    assert case.ticket.attributes["project_code"] == main["project_code"]
    assert "updated_at" not in case.ticket.attributes


def test_articles_are_ordered_as_they_were_written() -> None:
    ticket = answer("03-tickets-show-full")
    articles: list[Any] = [each for each in answer("04-articles-by-ticket-with-system-note") if isinstance(each, dict)]
    parts: dict[str, Any] = {"links": None, "history": None, "tags": {"tags": []}, "now": NOW, "host": "zammad"}

    case = case_of(
        **parts,
        ticket=ticket,
        articles=articles[::-1],
        raw_mails={"28": b"From: carl"},
        lists=recorded_lists(),
        domains_attribute="domains",
    )

    ids = [int(each.id) for each in case.ticket.articles]
    assert ids == sorted(ids)
    assert [each.raw for each in case.ticket.articles if each.raw] == [b"From: carl"]


def test_fact_58_an_article_that_an_agent_wrote_as_the_customer_has_the_agent_for_its_author() -> None:
    forged = article_of(answer("13-agent-writes-as-customer"))
    genuine = article_of(answer("13-mail-confirm-authenticated-article"))

    assert (forged.sender, forged.channel, forged.author) == (Sender.CUSTOMER, Channel.EMAIL, recorded_lists().desk.bot)
    assert (genuine.sender, genuine.channel) == (Sender.CUSTOMER, Channel.EMAIL)
    assert genuine.author != recorded_lists().desk.bot


def test_fact_59_an_out_of_office_is_automatic_and_a_customers_mail_is_not() -> None:
    assert article_of(answer("13-mail-out-of-office-article")).is_automatic
    assert not article_of(answer("13-mail-confirm-authenticated-article")).is_automatic


def test_fact_44_memory_is_read_from_among_other_programs_preferences() -> None:
    ours = {"rule.thing": "1", "emptied": "", "hostile": {"a": 1}, "number": 7}

    assert memory_of({"helpdesk_policy": ours, "other": 1}) == {"rule.thing": "1"}


@pytest.mark.parametrize("preferences", [None, {}, [], "x", {"helpdesk_policy": None}, {"helpdesk_policy": ["x"]}])
def test_where_no_memory_is_there_is_none(preferences: Any) -> None:
    assert memory_of(preferences) == {}


def test_fact_56_an_article_of_ours_carries_its_decision() -> None:
    raw = answer("04-article-create-internal-note")

    assert article_of(raw).decision == ""
    assert article_of(raw | {"preferences": {"helpdesk_policy": {"decision": "01J"}}}).decision == "01J"
    assert article_of(raw | {"preferences": {"helpdesk_policy": "x"}}).decision == ""


def test_a_time_survives_being_read_and_written() -> None:
    for _, raw in rows("ticket"):
        assert written(moment(raw["updated_at"])) == raw["updated_at"]
