"""The main job: a mail comes in, the policy is applied in the helpdesk, and the record says why."""

from pathlib import Path

from tests.stand import OBSERVING, stand


async def test_a_customer_without_a_company_is_attached_by_his_mail_domain(tmp_path: Path) -> None:
    async with stand(tmp_path) as made:
        received = made.mail("Otto <otto@alpenglas-werk.example>")
        await made.idle()
        ticket = await made.ticket(received.ticket_id)

    assert (ticket["organization"], ticket["group"], ticket["tags"]) == ("Alpenglas GmbH", "Support", [])


async def test_a_ticket_without_a_contract_goes_to_sales_with_tag_note_and_one_mail(tmp_path: Path) -> None:
    async with stand(tmp_path) as made:
        received = made.mail("Marc <marc@dubois.example>")
        await made.idle()
        ticket, articles = await made.ticket(received.ticket_id), await made.articles(received.ticket_id)

    assert (ticket["group"], ticket["tags"]) == ("Sales", ["no-contract"])
    written = [(each["type"], each["internal"]) for each in articles if each["created_by"] == "policy-bot@msp.example"]
    assert written == [("email", False), ("note", True)]
    assert [mail for mail in made.box.outbox if b"there is no support contract for" in mail] == made.box.outbox[-1:]


async def test_a_policy_that_observes_writes_nothing_and_says_what_it_would_do(tmp_path: Path) -> None:
    async with stand(tmp_path, policy=OBSERVING) as made:
        received = made.mail("Marc <marc@dubois.example>")
        await made.idle()
        (row,) = await made.decisions(received.ticket_id)

    assert made.box.requests.count("PUT|DELETE") == 0
    assert made.box.requests.count("POST", "/tags|/links|/tickets$") == 0
    assert (row.plan[0]["fate"], row.plan[0]["what"]) == ("observe", "move the ticket to 'Sales'")
