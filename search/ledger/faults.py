"""What goes wrong with a database, as errors that say what to do; and which of it passes by itself.

Messages never hold a password: `shown` is a URL without one (`search.ledger.location`).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from search.errors import LedgerError

# Of PostgreSQL, appendix A of its manual: the connection failed, a transaction was rolled back for
# the sake of others, too many connections, the server is going down, or coming up, a lock was not
# to be had, this process was silent for too long within a transaction; its disk is full, a
# statement took longer than it may, or the server is a replica that is about to be promoted; or
# somebody deleted the study of Optuna's that a row was about to be added to.
_LOCKED = "55P03"
_PASSING_CLASSES = ("08", "40")
_PASSING_STATES = (
    *("53300", "57P01", "57P02", "57P03", _LOCKED, "25P03"),
    *("53100", "57014", "25006", "23503"),
)


class NoLedgerError(LedgerError):
    """There is no ledger here yet; one can be made."""


class NoAnswerError(LedgerError):
    """The database's server does not answer; it may in a moment, if it ever did."""


class DatabaseFaultError(LedgerError):
    """The database failed while it was in use: a full disk, a lock, a server that is gone.

    Attributes:
        passing: Whether the same may succeed in a moment.
        locked: Whether it does once another session ends its transaction.
    """

    def __init__(self, message: str, *, passing: bool = False, locked: bool = False) -> None:
        super().__init__(message)
        self.passing, self.locked = passing, locked


def fault(shown: str, error: Exception) -> DatabaseFaultError:
    """What to tell of an error of the database. Its transaction has changed nothing."""
    said, on_server = cause(error), getattr(getattr(error, "orig", None), "sqlstate", None)
    if on_server == _LOCKED:
        said += " (a session holds what is to be written: `klayer doctor` names it)"
    return DatabaseFaultError(
        f"{shown}: the database failed: {said}. What it holds is kept; once the cause "
        "is mended, the same command goes on",
        passing=passes(error),
        locked=on_server == _LOCKED or is_busy(error),
    )


@contextmanager
def reported(shown: str) -> Iterator[None]:
    """Let errors of the database leave as one that the user can mend.

    Raises:
        DatabaseFaultError: For every error of SQLAlchemy.
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise fault(shown, error) from error


def passes(error: BaseException) -> bool:
    """Whether an error of a database that is in use may be gone in a moment."""
    if isinstance(error, NoConnectionError) or is_busy(error):
        return True
    if not isinstance(error, DBAPIError) or isinstance(error.orig, sqlite3.Error):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # the server did not answer; the driver alone speaks
        return error.connection_invalidated or "Operational" in type(error).__name__
    return state in _PASSING_STATES or state[:2] in _PASSING_CLASSES


def is_busy(error: BaseException) -> bool:
    """Whether another process was in the way: SQLite does not wait where it changes to WAL."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", 0)
    return (code & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def cause(error: Exception) -> str:
    """What the database itself said, in one line."""
    origin = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(origin).splitlines() if line.strip()]
    return lines[0] if lines else type(origin).__name__
