"""Commit together what is written together.

SQLite lets one transaction write at a time and each commit waits for the disk. Work that arrives while a commit is
running shares the next transaction, so a burst of wake-ups costs a few waits and not one each.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from connector.errors import Transient
from connector.store.faults import translated

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]

LARGEST = 256  # pieces of work in one transaction, so that the first of them does not wait for long


@dataclass(frozen=True, eq=False)
class Piece:
    """Work that waits to be written, with the promise to whoever waits for it."""

    work: Work[Any]
    promise: asyncio.Future[Any]


class Batch:
    """Send all writing through one task, which lives as long as there is something to write."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Take the engine whose transactions begin as writers."""
        self._engine = engine
        self._waiting: list[Piece] = []
        self._writer: asyncio.Task[None] | None = None

    async def write(self, work: Work[T]) -> T:
        """Do the work in a transaction shared with whoever comes at the same time; return once it is committed.

        The work is run a second time, alone, if a neighbour's failed. It is left out if its caller gave up before.
        """
        piece: Piece = Piece(work, asyncio.get_running_loop().create_future())
        self._waiting.append(piece)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        result: T = await piece.promise
        return result

    async def finish(self) -> None:
        """Return once nothing waits to be written."""
        if self._writer is not None:
            await self._writer

    async def _write_all(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:LARGEST], self._waiting[LARGEST:]
            wanted = [piece for piece in together if not piece.promise.done()]
            try:
                await self._write_together(wanted)
            finally:  # the loop is closing: nobody may wait for ever
                for piece in together:
                    piece.promise.cancel()

    async def _write_together(self, pieces: list[Piece]) -> None:
        if not pieces:
            return
        try:
            results = await self._commit(pieces)
        except Transient as error:  # of the database, so it would meet each of them alike
            refuse(pieces, error)
        except Exception as error:  # one of them failed: find out which
            if len(pieces) == 1:
                refuse(pieces, error)
                return
            for piece in pieces:
                await self._write_together([piece])
        else:
            for piece, result in zip(pieces, results, strict=True):
                if not piece.promise.done():
                    piece.promise.set_result(result)

    async def _commit(self, pieces: list[Piece]) -> list[Any]:
        with translated(self._engine.url):
            async with self._engine.begin() as connection:
                return [await piece.work(connection) for piece in pieces]


def refuse(pieces: list[Piece], error: Exception) -> None:
    """Tell all who wait that nothing of theirs was written."""
    for piece in pieces:
        if not piece.promise.done():
            piece.promise.set_exception(error)
