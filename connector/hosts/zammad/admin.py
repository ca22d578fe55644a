"""Speak with Zammad as its administrator does, one request after the other: for commands that run once and end."""

import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import requests
from pydantic import SecretStr
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from connector.errors import Gone, Permanent, Transient

TIMEOUT = (5.0, 30.0)
"""Seconds to connect, and to answer."""
OVERLOADED = {408, 425, 429, 500, 502, 503, 504}
PAGE = 500
"""Rows of a list read at once; Zammad gives no more than 1000 (fact 36)."""
SEARCHED = 200
"""The most that a search gives (fact 36)."""

Json = Any


class Forbidden(Permanent):
    """The token lacks a permission for this request."""


class Admin:
    """One Zammad, seen with one token; reads are tried again for seconds, writes never are."""

    def __init__(self, url: str, token: SecretStr, *, tries: int = 3) -> None:
        """Prepare the connection; nothing is sent yet. `tries` is how often a read is tried before it fails."""
        self.url = url.rstrip("/")
        self._tries = tries
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Token token={token.get_secret_value()}"
        self._http.headers["Accept"] = "application/json"
        self.last: requests.Response | None = None
        """The latest answer, whose headers tell the host's own time."""

    def __enter__(self) -> Self:
        """Give itself; the connection is closed on leaving."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._http.close()

    def get(self, path: str, *, method: str = "GET", json: Json = None) -> Json:
        """Send a request that changes nothing.

        Raises Transient where Zammad does not answer, Forbidden, Gone, or Permanent.
        """
        for attempt in Retrying(
            retry=retry_if_exception_type(Transient),
            stop=stop_after_attempt(self._tries),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            reraise=True,
        ):
            with attempt:
                return self._send(method, path, json)
        raise AssertionError("unreachable")

    def list(self, path: str) -> Iterator[Json]:
        """List all rows of a kind, page by page."""
        page = 1
        while batch := self.get(f"{path}?per_page={PAGE}&page={page}"):
            yield from batch
            if len(batch) < PAGE:
                return
            page += 1

    def send(self, method: str, path: str, json: Json = None, *, on_behalf: str = "") -> Json:
        """Send one request that changes something, once; `on_behalf` names another user in whose name it is done."""
        return self._send(method, path, json, {"From": on_behalf} if on_behalf else None)

    def is_up(self) -> bool:
        """Tell whether Zammad answers at all."""
        try:
            self._send("GET", "users/me", None)
        except Transient:
            return False
        except Permanent:
            pass
        return True

    def _send(self, method: str, path: str, json: Json, headers: Mapping[str, str] | None = None) -> Json:
        where = f"{method} /api/v1/{path.partition('?')[0]}"
        try:
            answer = self._http.request(
                method,
                f"{self.url}/api/v1/{path}",
                json=json,
                headers=dict(headers or {}),
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.ConnectionError as exc:
            raise Transient(f"Zammad at {self.url} cannot be reached: is it up, and is the address right?") from exc
        except requests.RequestException as exc:
            raise Transient(f"Zammad did not answer {where}: {type(exc).__name__}; is it up and reachable?") from exc
        self.last = answer
        return _content(answer, where)


def wait_for_restart(
    admin: Admin,
    *,
    tell: Callable[[str], None],
    grace: float,
    patience: float = 300.0,
    pause: float = 0.5,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until Zammad has restarted itself, as it does within 5 seconds after new fields (fact 34).

    `grace` is how many seconds it has to go down: where it stays up for that long, it has no need to restart.
    Raises Transient where it is not back within `patience` seconds.
    """
    waited = 0.0
    while waited < grace and admin.is_up():
        sleep(pause)
        waited += pause
    waited = 0.0
    while not admin.is_up():
        if waited == 0:
            tell("Zammad restarts itself for the new fields; waiting until it is back")
        if waited >= patience:
            raise Transient(
                f"Zammad did not come back within {patience:.0f} s after the new fields: start it, then run this again"
            )
        sleep(pause)
        waited += pause


def _content(answer: requests.Response, where: str) -> Json:
    status = answer.status_code
    if answer.ok and status < 300:
        try:
            return answer.json() if answer.content else {}
        except ValueError as exc:
            raise Permanent(f"{where} was answered without JSON: is the URL that of the helpdesk itself?") from exc
    if status in OVERLOADED:
        raise Transient(f"Zammad answered {status} to {where}: {_said(answer)}")
    if status == 401:
        raise Permanent("Zammad answered 401: the token is wrong or was revoked")
    if status == 403:
        raise Forbidden(f"Zammad answered 403 to {where}: {_said(answer)}")
    if status == 404:
        raise Gone(f"Zammad answered 404 to {where}: {_said(answer)}")
    if 300 <= status < 400:
        target = answer.headers.get("location", "elsewhere")
        raise Permanent(f"{where} is redirected to {target}: set the URL to where it leads in the end")
    raise Permanent(f"Zammad answered {status} to {where}: {_said(answer)}")


def _said(answer: requests.Response) -> str:
    try:
        content = answer.json()
    except ValueError:
        return " ".join(answer.text.split())[:200] or answer.reason
    text = content.get("error_human") or content.get("error") if isinstance(content, dict) else content
    return " ".join(str(text or answer.reason).split())[:200]
