"""Znuny's generic interface, an operation a method; JSON in, JSON out, no meaning.

Nearly every error comes as 200 with `Error` in the body (fact 1); a ticket that is missing and one that may not be read
are the same answer (fact 2).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from pydantic import SecretStr

from connector.errors import Gone, Permanent, Transient
from connector.hosts.http import Client, content_of
from connector.hosts.znuny.session import Sessions, error_of

HOST = "Znuny"
WEB_SERVICE = "HelpdeskPolicy"
PAGE = 500
"""The most that a search gives where nothing is said (fact 16)."""
MOST = 100_000
"""Tickets that one search is asked for at most, where more than a page changed within one second."""

HEALS = {"HelpdeskPolicy.Changed", "HelpdeskPolicy.Failed"}
"""Errors of the add-on after which all was rolled back, and a new look may come through."""

Json = Any


class ZnunyClient:
    """Speak with one Znuny as one agent."""

    def __init__(
        self,
        url: str,
        login: str,
        password: SecretStr,
        *,
        web_service: str = WEB_SERVICE,
        page: int = PAGE,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepare the connection; nothing is sent yet. `url` ends where Znuny lives, as in `https://host/znuny`."""
        base = f"{url.rstrip('/')}/nph-genericinterface.pl/Webservice/{quote(web_service)}"
        sessions = Sessions(transport or httpx.AsyncHTTPTransport(), f"{base}/Session", login, password)
        self._http = Client(base, {"Accept": "application/json"}, host=HOST, transport=sessions)
        self._page = page

    async def ticket(self, ticket: str, *, articles: bool) -> Json:
        """Read a ticket as stock Znuny gives it, with its dynamic fields; raises Gone where it may not be read."""
        query = {"DynamicFields": 1}
        if articles:
            query |= {"AllArticles": 1, "Attachments": 1, "GetAttachmentContents": 0}
        found = await self._read(f"/Ticket/{quote(ticket)}?{urlencode(query)}", ticket=ticket)
        return found["Ticket"][0]

    async def history(self, ticket: str) -> Json:
        """Read who changed what, oldest first."""
        found = await self._read(f"/TicketHistory/{quote(ticket)}", ticket=ticket)
        return found["TicketHistory"][0]["History"]

    async def look(self, ticket: str, *, articles: bool, links: bool, raw_mail: bool, history: bool) -> Json:
        """Read a ticket and its surroundings in one request of the add-on; raises Gone where it may not be read."""
        wanted = {"Articles": articles, "Links": links, "RawMail": raw_mail, "History": history}
        query = urlencode({name: 1 for name, is_wanted in wanted.items() if is_wanted})
        return await self._read(f"/Look/{quote(ticket)}" + (f"?{query}" if query else ""), ticket=ticket)

    async def desk(self) -> Json | None:
        """Read queues, states and priorities by the add-on; None where there is no add-on."""
        try:
            return self._content(await self._http.write("GET", "/Desk", None))  # sent once: a 500 here is an answer
        except Transient as exc:
            # An operation that the web service does not name, or whose module is not installed.
            if "determine Operation" in str(exc) or "operation backend" in str(exc):
                return None
            raise

    async def me(self) -> Mapping[str, str]:
        """Read what the session says of its user."""
        found = await self._read("/Session")
        return {str(each["Key"]): str(each["Value"]) for each in found["SessionData"]}

    async def companies(self, changed_since: str | None) -> AsyncIterator[Json]:
        """List customer companies by the add-on, page by page."""
        after = ""
        while True:
            query = {"After": after, "Limit": self._page} | ({"ChangedSince": changed_since} if changed_since else {})
            found = await self._read("/Companies", method="POST", json=query)
            for company in found["Companies"]:
                yield company
            if not found["Last"]:
                return
            after = found["Last"]

    async def changed(self, since: str) -> AsyncIterator[Json]:
        """Find tickets with a row of history at or after a moment by the add-on, page by page, oldest change first."""
        after: dict[str, Any] = {}
        while True:
            query = {"Since": since, "Limit": self._page} | ({"After": after} if after else {})
            found = await self._read("/Changed", method="POST", json=query)
            for ticket in found["Tickets"]:
                yield ticket
                after = {"At": ticket["At"], "HistoryID": ticket["HistoryID"]}
            if len(found["Tickets"]) < self._page:
                return

    async def search(self, query: Mapping[str, Any], *, limit: int) -> list[str]:
        """Find tickets by stock Znuny; no match is `{}` and never an empty list (fact 16)."""
        found = await self._read("/TicketSearch", method="POST", json={**query, "Limit": limit})
        return [str(each) for each in found.get("TicketID") or ()]

    async def tickets(self, tickets: Sequence[str]) -> Json:
        """Read several tickets, none of their articles; one that may not be read any more fails all (fact 2)."""
        if not tickets:
            return []
        ids = ",".join(tickets)
        return (await self._read(f"/Ticket/{ids}?DynamicFields=1", ticket=ids))["Ticket"]

    async def changed_by_search(self, since: str) -> AsyncIterator[Json]:
        """Find tickets changed at or after a moment by stock Znuny, which knows no offset and compares with >=.

        Each page begins at the second in which the last one ended; where more changed in one second than a page
        holds, a longer page is asked for.
        """
        known: set[tuple[str, str]] = set()
        limit = self._page
        while True:
            query = {"TicketLastChangeTimeNewerDate": since, "SortBy": "Changed", "OrderBy": "Up"}
            found = await self.search(query, limit=limit)
            rows = await self.tickets(found)
            for row in rows:
                if (mark := (str(row["TicketID"]), str(row["Changed"]))) not in known:
                    known.add(mark)
                    yield row
            if len(found) < limit or limit >= MOST:
                return
            last = str(rows[-1]["Changed"])
            limit = limit * 2 if last == since else self._page
            since = last

    async def send(self, method: str, path: str, body: Json) -> Json:
        """Send one request that changes something, once."""
        return self._content(await self._http.write(method, path, body))

    async def aclose(self) -> None:
        """End the session, and close the connections."""
        await self._http.aclose()

    async def _read(self, path: str, *, method: str = "GET", json: Json = None, ticket: str | None = None) -> Json:
        return self._content(await self._http.read(path, method=method, json=json), ticket=ticket)

    @staticmethod
    def _content(response: httpx.Response, *, ticket: str | None = None) -> Json:
        where = f"{response.request.method} {response.request.url.path}"
        error = error_of(response.content) if response.is_success else None
        if error is None:
            return content_of(response, host=HOST)
        code, message = error
        kind = code.partition(".")[2]
        if kind == "AuthFail":
            raise Permanent(
                f"Znuny refused the login ({message}): "
                "check HELPDESK_POLICY_ZNUNY__LOGIN and HELPDESK_POLICY_ZNUNY__PASSWORD"
            )
        if kind == "AccessDenied" and ticket is not None:
            raise Gone(f"Znuny has no ticket {ticket}, or it lies in a queue that the user may not read")
        if code in HEALS:
            raise Transient(f"Znuny undid {where}: {message}")
        raise Permanent(f"Znuny refused {where}: {code}: {message}")
