"""Speak HTTP with the door byte by byte, as any client could."""

import asyncio
import contextlib
import gzip
import hashlib
import hmac
import itertools
import json
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

RECORDED = Path(__file__).parent / "data" / "zammad" / "raw-deliveries.jsonl.gz"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the door said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A delivery of a real Zammad 6.5, with the token that signed it."""

    headers: Mapping[str, str]
    body: bytes
    secret: str


def recorded() -> list[Delivery]:
    """Read the deliveries that a real Zammad sent, in their order."""
    with gzip.open(RECORDED, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    return [
        Delivery(headers=row["headers"], body=b64decode(row["body_base64"]), secret=row["signature_token"])
        for row in rows
    ]


def sign(body: bytes, secret: str, algorithm: str = "sha1") -> str:
    """Make the signature as Zammad does."""
    return f"{algorithm}=" + hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()


def body_about(ticket: object, **more: object) -> bytes:
    """Write the least body that a delivery needs."""
    return json.dumps({"ticket": {"id": ticket, "updated_at": "2026-03-10T12:00:00.000Z", **more}}).encode()


async def post(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    """Send a request with its length; headers are sent as given."""
    given = {"Host": urlsplit(url).netloc, "Connection": "close", "Content-Length": str(len(body))} | dict(
        headers or {}
    )
    return await speak(url, [_head("POST", url, given), body])


async def get(url: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Ask for a page."""
    given = {"Host": urlsplit(url).netloc, "Connection": "close"} | dict(headers or {})
    return await speak(url, [_head("GET", url, given)])


async def stream(url: str, pieces: Iterable[bytes], headers: Mapping[str, str] | None = None) -> Answer:
    """Send a body in chunks, without saying how long it will be."""
    given = {"Host": urlsplit(url).netloc, "Connection": "close", "Transfer-Encoding": "chunked"} | dict(headers or {})
    chunks = (f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces)
    return await speak(url, itertools.chain([_head("POST", url, given)], chunks, [b"0\r\n\r\n"]))


async def speak(url: str, pieces: Iterable[bytes], *, within: float = 10.0) -> Answer:
    """Send pieces until the other side has answered, then read the answer to its end."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    reading = asyncio.create_task(_read(reader))
    try:
        async with asyncio.timeout(within):
            for piece in pieces:
                await asyncio.sleep(0)  # lets the answer come in
                if reading.done():
                    break
                writer.write(piece)
                with contextlib.suppress(ConnectionError):  # answered and hung up before the end
                    await writer.drain()
            return _answer(await reading)
    finally:
        reading.cancel()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Read to the end, or to where the other side cut the line."""
    got = bytearray()
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            got += piece
    return bytes(got)


def _head(method: str, url: str, headers: Mapping[str, str]) -> bytes:
    path = urlsplit(url).path or "/"
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")  # Zammad sends a trigger's name as raw UTF-8


def _answer(raw: bytes) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(status=int(first.split(" ")[1]), headers=headers, body=body)
