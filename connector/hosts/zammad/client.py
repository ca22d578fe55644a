"""Zammad's REST API, an endpoint a method; JSON in, JSON out, no meaning."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from connector.errors import Gone, Permanent
from connector.hosts.http import Client, content_of, said

HOST = "Zammad"
PAGE = 200
"""The most that a search gives; a larger `per_page` is cut without a word (fact 36)."""

Json = Any


class ZammadClient:
    """Speak with one Zammad as the user whose token this is."""

    def __init__(
        self, url: str, token: SecretStr, *, page: int = PAGE, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """Prepare the connection; nothing is sent yet. `page` is how many rows of a list are read at once."""
        headers = {"Authorization": f"Token token={token.get_secret_value()}", "Accept": "application/json"}
        self._http = Client(url, headers, host=HOST, transport=transport)
        self._page = page

    async def ticket(self, ticket: str) -> Json:
        """Read a ticket with its customer and organization: `full=true`, 75 ms where `all=true` takes 400 (fact 51).

        Raises Gone where it was deleted, or lies in a group that we may not read: Zammad answers 403 to that.
        """
        response = await self._http.read(f"/api/v1/tickets/{quote(ticket)}?full=true")
        if response.status_code == httpx.codes.NOT_FOUND:
            raise Gone(f"Zammad has no ticket {ticket}: it was deleted")
        if response.status_code == httpx.codes.FORBIDDEN and "Not authorized" in said(response):
            raise Gone(f"ticket {ticket} lies in a group that the token's user may not read")
        return self._content(response)

    async def tickets_like(self, text: str) -> Json:
        """Find tickets by a text; without Elasticsearch a plain substring of title, number or articles (fact 38)."""
        return await self._get(f"/api/v1/tickets/search?query={quote(text)}&limit={PAGE}")

    async def articles(self, ticket: str) -> Json:
        """Read all articles of a ticket; there is no paging (fact 43)."""
        return await self._get(f"/api/v1/ticket_articles/by_ticket/{quote(ticket)}")

    async def raw_mail(self, article: str) -> bytes | None:
        """Read a mail as it came; None where the article never was one (204, fact 43)."""
        response = await self._http.read(f"/api/v1/ticket_article_plain/{quote(article)}")
        if response.status_code == httpx.codes.NO_CONTENT:
            return None
        if not response.is_success:
            raise Permanent(
                f"Zammad answered {response.status_code} to the raw mail of article {article}: {said(response)}"
            )
        return response.content

    async def tags(self, ticket: str) -> Json:
        """Read the tags of a ticket."""
        return await self._get(f"/api/v1/tags?object=Ticket&o_id={quote(ticket)}")

    async def links(self, ticket: str) -> Json:
        """Read the links of a ticket, with the other tickets as assets."""
        return await self._get(f"/api/v1/links?link_object=Ticket&link_object_value={quote(ticket)}")

    async def history(self, ticket: str) -> Json:
        """Read who changed what on a ticket."""
        return await self._get(f"/api/v1/ticket_history/{quote(ticket)}")

    async def user_history(self, user: str) -> Json:
        """Read who changed what of a user; None where the token may not."""
        response = await self._http.read(f"/api/v1/users/history/{quote(user)}")
        return None if response.status_code == httpx.codes.FORBIDDEN else self._content(response)

    async def tickets_of_organization(self, organization: int, states: list[str]) -> Json:
        """Find the tickets of an organization in some states, oldest first; the most that a search gives."""
        query = {
            "condition": {
                "ticket.organization_id": {"operator": "is", "value": [str(organization)]},
                "ticket.state_id": {"operator": "is", "value": states},
            },
            "sort_by": ["id"],
            "order_by": ["asc"],
            "per_page": PAGE,
            "page": 1,
        }
        return self._content(await self._http.read("/api/v1/tickets/search", method="POST", json=query))

    async def me(self) -> Json:
        """Read the user whose token this is."""
        return await self._get("/api/v1/users/me")

    async def groups(self) -> Json:
        """List groups."""
        return await self._get("/api/v1/groups")

    async def roles(self) -> Json:
        """List roles with the groups they open."""
        return await self._get("/api/v1/roles")

    async def states(self) -> Json:
        """List ticket states with the names of their types."""
        return await self._get("/api/v1/ticket_states?expand=true")

    async def priorities(self) -> Json:
        """List ticket priorities."""
        return await self._get("/api/v1/ticket_priorities")

    async def settings(self) -> Json:
        """List the settings; None where the token may not (needs `admin`, fact 40)."""
        response = await self._http.read("/api/v1/settings")
        return None if response.status_code == httpx.codes.FORBIDDEN else self._content(response)

    async def email_addresses(self) -> Json:
        """List the addresses that mails leave from."""
        return await self._get("/api/v1/email_addresses")

    async def delivery_log(self, limit: int) -> Json:
        """Read failed deliveries of webhooks; None where the token may not (needs `admin.webhook`)."""
        response = await self._http.read(f"/api/v1/http_logs/webhook?limit={limit}")
        return None if response.status_code == httpx.codes.FORBIDDEN else self._content(response)

    async def tickets_updated_since(self, moment: str) -> AsyncIterator[Json]:
        """Find tickets changed at or after a moment, oldest first; the bound is inclusive (fact 37)."""
        async for ticket in self._search("/api/v1/tickets/search", "ticket.updated_at", moment):
            yield ticket

    async def organizations_updated_since(self, moment: str) -> AsyncIterator[Json]:
        """Find organizations changed at or after a moment."""
        async for organization in self._search("/api/v1/organizations/search", "organization.updated_at", moment):
            yield organization

    async def organizations(self) -> AsyncIterator[Json]:
        """List all organizations, page by page."""
        page = 1
        while batch := await self._get(
            f"/api/v1/organizations?per_page={self._page}&page={page}&sort_by=id&order_by=asc"
        ):
            for organization in batch:
                yield organization
            if len(batch) < self._page:
                return
            page += 1

    async def send(self, method: str, path: str, body: Json) -> Json:
        """Send one request that changes something."""
        return self._content(await self._http.write(method, path, body or None))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _get(self, path: str) -> Json:
        return self._content(await self._http.read(path))

    async def _search(self, path: str, field: str, moment: str) -> AsyncIterator[Json]:
        """Go on from the last row's own moment: by page numbers, a row that changes meanwhile moves to the end, and

        another slips into the page that was read already.
        """
        seen: set[tuple[int, str]] = set()
        page = 1
        while True:
            query = {
                "condition": {field: {"operator": "after (absolute)", "value": moment}},
                "sort_by": ["updated_at", "id"],
                "order_by": ["asc", "asc"],
                "per_page": self._page,
                "page": page,
            }
            batch = self._content(await self._http.read(path, method="POST", json=query))
            for row in batch:
                if (row["id"], row["updated_at"]) not in seen:
                    seen.add((row["id"], row["updated_at"]))
                    yield row
            if len(batch) < self._page:
                return
            last = batch[-1]["updated_at"]
            page = page + 1 if last == moment else 1  # a whole page of one moment: there may be more of it
            moment = last

    @staticmethod
    def _content(response: httpx.Response) -> Json:
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise Permanent("Zammad answered 401: the token is wrong or was revoked; set HELPDESK_POLICY_ZAMMAD__TOKEN")
        return content_of(response, host=HOST)
