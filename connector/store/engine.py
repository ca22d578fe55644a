"""Make the engine for a database address."""

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, exc, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from connector.errors import Misconfigured

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",  # as many a hosting provider spells it
}
WRITING = {"sqlite_begin": "BEGIN IMMEDIATE"}  # options of an engine or connection; PostgreSQL heeds neither
BARE = {"sqlite_begin": None}  # no transaction at all
PATIENCE = 10  # seconds to wait for another's lock, for a free connection, for a silent server


def sqlite_url(path: Path) -> str:
    """Return the address of the database in a file."""
    return URL.create(DRIVERS["sqlite"], database=str(path)).render_as_string()


def make_engine(url: str) -> AsyncEngine:
    """Return the engine for an address; raises Misconfigured for one that we cannot serve."""
    address = read_url(url)
    if address.get_backend_name() == "sqlite":
        engine = create_async_engine(address, pool_timeout=PATIENCE, connect_args={"timeout": PATIENCE})
        event.listen(engine.sync_engine, "connect", set_up_sqlite)
        event.listen(engine.sync_engine, "begin", begin_sqlite)
        return engine
    asked = {"connect_timeout": PATIENCE, "tcp_user_timeout": PATIENCE * 1000, "application_name": "helpdesk-policy"}
    engine = create_async_engine(
        address,
        pool_pre_ping=True,  # a connection cut overnight is no reason to refuse the first delivery of the day
        pool_timeout=PATIENCE,
        connect_args={key: value for key, value in asked.items() if key not in address.query},
    )
    event.listen(engine.sync_engine, "connect", set_up_postgresql)
    return engine


def read_url(url: str) -> URL:
    """Understand an address; a path alone is a SQLite file."""
    try:
        address = make_url(url if "://" in url else sqlite_url(Path(url)))
    except (exc.ArgumentError, ValueError):
        raise Misconfigured(
            "DATABASE_URL is not an address: expected postgresql+psycopg://user:password@host/name or sqlite:////path; "
            "characters like @ : / in a password are written %40 %3A %2F"
        ) from None  # the driver's words may quote half of a password
    driver = DRIVERS.get(address.get_backend_name())
    if driver is None:
        raise Misconfigured(f"DATABASE_URL names {address.get_backend_name()}: expected one of sqlite, postgresql")
    if driver == DRIVERS["sqlite"] and address.database in (None, "", ":memory:"):
        raise Misconfigured("DATABASE_URL names no file: expected sqlite:////path/to/helpdesk-policy.db")
    return address.set(drivername=driver)


def set_up_sqlite(connection: Any, _record: object) -> None:
    """Make each commit reach the disk, and leave transactions to us."""
    connection.isolation_level = None  # else the driver begins them, as readers, too late
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def begin_sqlite(connection: Connection) -> None:
    """Begin as a writer where we write: a reader that turns writer is refused at once if another wrote meanwhile."""
    begin = connection.get_execution_options().get("sqlite_begin", "BEGIN")
    if begin is not None:
        connection.exec_driver_sql(begin)


def set_up_postgresql(connection: Any, _record: object) -> None:
    """Wait for another's lock as long as for anything else, and no longer."""
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = '{PATIENCE}s'")
    cursor.close()
    connection.commit()
