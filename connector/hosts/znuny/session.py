"""Sign requests to Znuny: a session in a header, renewed when it has ended.

A session saves Znuny from checking a password at each request. It dies two hours after it began however much it is used
(fact 17), and every operation says so in its own words: `TicketGet.AuthFail`, `HelpdeskPolicy.AuthFail`.
"""

import asyncio
import contextlib
import json

import httpx
from pydantic import SecretStr

from connector.hosts.http import TIMEOUT

SESSION = "X-OTRS-Header-SessionID"
LOGIN = "X-OTRS-Header-UserLogin"
PASSWORD = "X-OTRS-Header-Password"  # noqa: S105 - the name of a header
SMALL = 1_000
"""Bytes below which an answer can be a refusal."""


class Sessions(httpx.AsyncBaseTransport):
    """A transport that signs what it carries; a request refused for its session did nothing, and is sent once more."""

    def __init__(self, inner: httpx.AsyncBaseTransport, url: str, login: str, password: SecretStr) -> None:
        """Bind the transport below; `url` is where sessions begin."""
        self._inner = inner
        self._url = url
        self._login = login
        self._password = password
        self._session = ""
        self._entering = asyncio.Lock()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request under the session."""
        refusal = None if self._session else await self._enter("")
        if refusal is not None:
            return refusal
        session = self._session
        response = await self._signed(request, session)
        if not await _is_refused(response):
            return response
        return await self._enter(session) or await self._signed(request, self._session)

    async def aclose(self) -> None:
        """End the session, and close the transport below."""
        if self._session:
            request = self._request("DELETE")
            request.headers[SESSION] = self._session
            with contextlib.suppress(httpx.HTTPError):  # it ends by itself
                await (await self._inner.handle_async_request(request)).aread()
        await self._inner.aclose()

    async def _signed(self, request: httpx.Request, session: str) -> httpx.Response:
        request.headers[SESSION] = session
        return await self._inner.handle_async_request(request)

    async def _enter(self, ended: str) -> httpx.Response | None:
        """Begin a session in place of one that ended, once for all who wait; gives the answer where it was refused."""
        async with self._entering:
            if self._session != ended:
                return None
            response = await self._inner.handle_async_request(self._request("POST"))
            await response.aread()
            try:
                session = response.json()["SessionID"]
            except (ValueError, KeyError, TypeError):
                return response
            self._session = str(session)
            return None

    def _request(self, method: str) -> httpx.Request:
        headers = {LOGIN: self._login, PASSWORD: self._password.get_secret_value(), "Accept": "application/json"}
        content = {"UserLogin": self._login} if method == "POST" else None  # an empty object is refused by Znuny
        extensions = {"timeout": TIMEOUT.as_dict()}
        return httpx.Request(method, self._url, headers=headers, json=content, extensions=extensions)


async def _is_refused(response: httpx.Response) -> bool:
    length = response.headers.get("content-length", "")
    if response.status_code != httpx.codes.OK or not length.isdigit() or int(length) > SMALL:
        return False
    content = await response.aread()
    if b"AuthFail" not in content:
        return False
    return error_of(content) is not None


def error_of(content: bytes) -> tuple[str, str] | None:
    """Read the error out of an answer that came with 200; None where it is none."""
    try:
        error = json.loads(content)["Error"]
        return str(error["ErrorCode"]), str(error["ErrorMessage"])
    except (ValueError, KeyError, TypeError):
        return None
