"""Hold the database open."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import Executable, Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from connector.store.batch import Batch, Work
from connector.store.engine import WRITING, make_engine
from connector.store.faults import translated
from connector.store.migrate import migrate

T = TypeVar("T")

INSERT: dict[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


class Store:
    """Hold the database: one way to read, one way to write."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Take a database whose tables are there; `open_store` sees to that."""
        self.engine = engine
        self.dialect = engine.dialect.name
        self._batch = Batch(engine.execution_options(**WRITING))
        # On PostgreSQL a statement alone is a transaction, without the round trips of BEGIN and COMMIT.
        self._alone = engine if self.dialect == "sqlite" else engine.execution_options(isolation_level="AUTOCOMMIT")

    async def read(self, statement: Executable) -> Sequence[Row[Any]]:
        """Return the rows; raises Transient when the database is away."""
        with translated(self.engine.url):
            async with self._alone.connect() as connection:
                return (await connection.execute(statement)).all()

    async def write(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        """Change rows by one statement; return what it returns once that is committed."""

        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(statement, values)).all()

        if self.dialect == "sqlite":
            return await self._batch.write(work)
        with translated(self.engine.url):
            async with self._alone.connect() as connection:
                return await work(connection)

    async def transact(self, work: Work[T]) -> T:
        """Do the work in one transaction and return its result once it is committed.

        The work may be run twice, so it touches nothing but the connection. Raises Transient when nothing was written.
        """
        if self.dialect == "sqlite":
            return await self._batch.write(work)
        with translated(self.engine.url):
            async with self.engine.begin() as connection:
                return await work(connection)

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """Begin an INSERT that may say ON CONFLICT, which each dialect spells by itself."""
        return INSERT[self.dialect](table)

    async def close(self) -> None:
        """Finish what is being written and let go of the database."""
        await self._batch.finish()
        await self.engine.dispose()


@asynccontextmanager
async def open_store(url: str) -> AsyncIterator[Store]:
    """Bring the tables up to date and hold the database open.

    Raises Transient when it is away, Misconfigured when it is no database of ours or newer than this program.
    """
    await migrate(url)
    store = Store(make_engine(url))
    try:
        yield store
    finally:
        await store.close()
