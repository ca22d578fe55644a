"""Do to a Znuny what the cases of held permissions need."""

from tests.hosts.ground import Customer
from tests.hosts.znuny.ground import ZnunyGround


class ZnunyHands:
    """`tests.hosts.permission_cases.Hands` on a Znuny."""

    def __init__(self, ground: ZnunyGround) -> None:
        """Act by the ground's human agent."""
        self._ground = ground

    async def phoned(self, customer: Customer, text: str) -> str:
        """See `Hands.phoned`; a second note of the same call says what was asked."""
        ticket = await self._ground.phoned(customer)
        await self._write(ticket, "Phone", customer, text)
        return ticket

    async def written_as(self, ticket: str, customer: Customer, text: str) -> None:
        """See `Hands.written_as`."""
        await self._write(ticket, "Email", customer, text)

    async def merge(self, ticket: str, *, into: str) -> None:
        """See `Hands.merge`."""
        await self._ground._act("merge", TicketID=ticket, Into=into)

    async def _write(self, ticket: str, channel: str, customer: Customer, text: str) -> None:
        article = {
            "CommunicationChannel": channel,
            "SenderType": "customer",
            "IsVisibleForCustomer": 1,
            "From": customer.address,
            "Subject": "Re: rights",
            "Body": text,
            "ContentType": "text/plain; charset=utf-8",
        }
        await self._ground._hand("PATCH", f"/Ticket/{ticket}", {"Article": article})
