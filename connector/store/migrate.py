"""Bring the tables up to date."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_fixed

from connector.errors import Misconfigured, Transient
from connector.store.engine import BARE, PATIENCE, WRITING, make_engine
from connector.store.faults import name, translated

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE: Final = "helpdesk_policy_version"
LOCK = 0x68656C70  # "help"; any number that no neighbour in the same PostgreSQL database takes


async def migrate(url: str) -> None:
    """Apply the migrations that are missing; daemons that start together wait for each other.

    Raises Misconfigured for a database that a newer program has migrated, Transient when it is away.
    """
    engine = make_engine(url)
    try:
        if engine.dialect.name == "sqlite":
            await prepare_file(engine)
        with translated(engine.url):
            async with engine.execution_options(**WRITING).begin() as connection:
                await connection.run_sync(upgrade, engine.url)
    finally:
        await engine.dispose()


async def prepare_file(engine: AsyncEngine) -> None:
    """Create the file of a SQLite database, with a write-ahead log: so readers and the writer need not wait."""
    folder = Path(str(engine.url.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(f"cannot make the folder {folder} for the database: {error}") from error
    # Two programs that switch a new file at once are refused without the usual waiting.
    patience = AsyncRetrying(
        retry=retry_if_exception_type(Transient), stop=stop_after_delay(PATIENCE), wait=wait_fixed(0.05), reraise=True
    )
    async for attempt in patience:
        with attempt, translated(engine.url):
            async with engine.execution_options(**BARE).connect() as connection:
                await connection.exec_driver_sql("PRAGMA journal_mode = WAL")  # has no effect inside a transaction


def upgrade(connection: Connection, url: URL) -> None:
    """Run Alembic inside our transaction, whose lock keeps others out: on SQLite it began as a writer."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))  # a long migration elsewhere is worth waiting for
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    config = alembic_config()
    script = ScriptDirectory.from_config(config)
    heads = set(MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_heads())
    known = {revision.revision for revision in script.walk_revisions()}
    if not heads <= known:
        raise Misconfigured(
            f"{name(url)} is at version {', '.join(sorted(heads))}, this program knows versions up to "
            f"{script.get_current_head()}: start the newer program that was here before, or restore a backup"
        )
    if heads == set(script.get_heads()):
        return
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def alembic_config() -> Config:
    """Return the settings that would stand in an alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
