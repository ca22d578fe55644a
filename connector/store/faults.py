"""Turn what a database says into our errors."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, exc

from connector.errors import Permanent, Transient

AWAY = (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.TimeoutError, OSError)
BROKEN = (exc.ProgrammingError, exc.DatabaseError)
OURS = (exc.IntegrityError, exc.DataError, exc.NotSupportedError)


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Raise Transient for a database that is away or locked, Permanent for one that needs a person.

    A broken constraint or an unfit value is a mistake of this program and passes as it is.
    """
    try:
        yield
    except OURS:
        raise
    except AWAY as error:
        if is_ill_formed(error):
            raise broken(url, error) from error
        raise Transient(f"expected {name(url)} to answer, got: {said(error)}; {advice(url)}") from error
    except BROKEN as error:
        raise broken(url, error) from error


def is_ill_formed(error: Exception) -> bool:
    """Tell a missing table or column on SQLite, which calls it operational like a locked file."""
    orig = error.orig if isinstance(error, exc.DBAPIError) else None
    return isinstance(orig, sqlite3.Error) and getattr(orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR


def broken(url: URL, error: Exception) -> Permanent:
    """Say that the tables are not as we left them."""
    return Permanent(
        f"expected the tables of helpdesk-policy in {name(url)}, got: {said(error)}; "
        "give this user rights on them, or restore the database from a backup"
    )


def name(url: URL) -> str:
    """Say which database is meant, without its password."""
    return url.render_as_string(hide_password=True)


def said(error: Exception) -> str:
    """Quote the driver's words on one line, without the statement and its values."""
    words = str(error.orig if isinstance(error, exc.DBAPIError) else error)
    return " ".join(words.split()) or type(error).__name__


def advice(url: URL) -> str:
    """Say what an admin does about it; the work itself is tried again."""
    if url.get_backend_name() == "sqlite":
        return "see that no other program holds the file, that it may be written, and that the disk has room"
    return "see that PostgreSQL runs, is reached under this address, and lets this user in"
