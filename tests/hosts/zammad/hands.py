"""Do to a Zammad, real or pretended, what the cases of held permissions need."""

from typing import Any

from tests.hosts.ground import Customer
from tests.hosts.zammad.ground import ZammadGround


class ZammadHands:
    """`tests.hosts.permission_cases.Hands` on a Zammad."""

    def __init__(self, ground: ZammadGround) -> None:
        """Act by the ground's people."""
        self._ground = ground

    async def phoned(self, customer: Customer, text: str) -> str:
        """See `Hands.phoned`."""
        article: dict[str, Any] = {"subject": "call", "body": text, "type": "phone", "sender": "Customer"}
        article |= {"internal": False, "content_type": "text/plain"}
        group = self._ground.groups.inbox
        body = {"title": "A call", "group": group, "customer": customer.address, "article": article}
        ticket = str((await self._ground.human("POST", "tickets", body))["id"])
        self._ground.tickets.add(ticket)
        return ticket

    async def written_as(self, ticket: str, customer: Customer, text: str) -> None:
        """See `Hands.written_as`."""
        body = {"ticket_id": int(ticket), "type": "email", "sender": "Customer", "from": customer.address}
        said = {"to": "helpdesk@contract.example", "subject": "Re: rights", "body": text, "internal": False}
        await self._ground.human("POST", "ticket_articles", body | said | {"content_type": "text/plain"})

    async def merge(self, ticket: str, *, into: str) -> None:
        """See `Hands.merge`."""
        number = (await self._ground.human("GET", f"tickets/{into}"))["number"]
        answer = await self._ground.human("PUT", f"ticket_merge/{ticket}/{number}")
        assert answer["result"] == "success", answer
