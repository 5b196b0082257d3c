"""SQLite as a ledger's database: one file, of one machine.

All writing happens inside `BEGIN IMMEDIATE`: SQLite's default begins a transaction as a reader, and
two readers that both want to write then fail or take the same work.
"""

import errno
import math
import os
import secrets
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, text

from search.errors import LedgerError
from search.ledger.faults import NoLedgerError
from search.ledger.file_system import check_file_system
from search.ledger.location import Location

BUSY_SECONDS = 60
_LACKS_ROOM = (
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
)
# So file systems say that have no hard links, as on memory sticks and shares of Windows.
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)
READING = "klayer_reading"  # execution option of a connection that will not write


def engine(location: Location) -> Engine:
    """An engine whose every transaction begins as a writer, unless it says that it only reads."""
    made = create_engine(location.url, connect_args={"timeout": BUSY_SECONDS})
    set_up(made)
    return made


def lacks_room(error: BaseException) -> bool:
    """Whether SQLite could not write the files beside its own that even readers share."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", 0)
    return (code & 0xFF) in _LACKS_ROOM


def reader(location: Location) -> Engine:
    """An engine that only reads, and writes nothing beside the file: not to be used amid writes.

    What was committed last may still be in the write-ahead log, where a writer was killed; then a
    copy of both is read, which is removed when the engine is disposed of.

    Raises:
        OSError: They cannot be read or copied.
    """
    path = (location.path or Path()).absolute()
    log = path.with_name(f"{path.name}-wal")
    copied = log.exists() and log.stat().st_size > 0
    folder = Path(tempfile.mkdtemp(prefix="klayer-")) if copied else path.parent

    def remove() -> None:
        if copied:
            shutil.rmtree(folder, ignore_errors=True)

    try:
        for file in (path, log) if copied else ():
            shutil.copyfile(file, folder / file.name)
    except OSError:
        remove()
        raise
    uri = f"file:{quote(str(folder / path.name))}" + ("" if copied else "?immutable=1")
    made = create_engine(
        location.url, creator=lambda: sqlite3.connect(uri, uri=True, check_same_thread=False)
    )
    set_up(made)

    @event.listens_for(made, "connect")
    def _only_reads(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA query_only = ON")

    @event.listens_for(made, "engine_disposed")
    def _disposed(_: Engine) -> None:
        remove()

    return made


def set_up(engine: Engine) -> None:
    """Let every transaction of `engine` begin as a writer, unless it says that it only reads."""

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()
        _let_logarithms_be_taken(connection)

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        reading = connection.get_execution_options().get(READING, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _let_logarithms_be_taken(connection: Any) -> None:
    """Add `ln` to a SQLite that was compiled without mathematical functions."""
    try:
        connection.execute("SELECT ln(1.0)")
    except sqlite3.OperationalError:
        connection.create_function("ln", 1, math.log, deterministic=True)


def check_file(path: Path, shown: str, *, create: bool) -> None:
    """Whether a database can be there.

    Raises:
        NoLedgerError: There is no file, and none may be made.
        LedgerError: It is a folder, or in a missing one, or on another machine's disk.
    """
    if path.is_dir():
        raise LedgerError(f"{shown}: {path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise LedgerError(f"{shown}: the folder {path.parent} does not exist; create it first")
    if not path.exists() and not create:
        raise NoLedgerError(
            f"{shown}: there is no database here; `klayer run STUDY` makes one, as `klayer submit "
            "STUDY` and `klayer storage create` do, and --storage or KLAYER_STORAGE names another"
        )
    check_file_system(path)


def let_readers_in(engine: Engine) -> None:
    """Keep changes in a log of their own (WAL), so that a writer keeps no reader out.

    The file remembers it: later connections, Optuna's as well, find it so.
    """
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.close()


def back_up(engine: Engine, to: Path) -> None:
    """Copy a database into one new file, as it is at one moment, while others write to it.

    The file alone would lack what is in the write-ahead log.

    Raises:
        FileExistsError: There is something at the path already.
        OSError: The file cannot be written.
        sqlite3.Error: The copy cannot be made, such as on a full disk.
    """
    if os.path.lexists(to):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    draft = to.with_name(f".{secrets.token_hex(16)}.part")
    draft.touch(mode=0o600, exist_ok=False)  # it may hold what others may not read
    try:
        with closing(engine.raw_connection()) as source, closing(sqlite3.connect(draft)) as copy:
            held = source.driver_connection
            if held is not None:
                held.backup(copy)  # all pages in one step: a writer would let it begin anew
            copy.execute("PRAGMA journal_mode = DELETE")  # so that it is one file
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        try:
            os.link(draft, to)  # not over what came there meanwhile
        except OSError as error:
            if error.errno not in _NO_LINKS or os.path.lexists(to):
                raise
            draft.rename(to)
    finally:
        draft.unlink(missing_ok=True)


def identity(path: Path) -> tuple[int, int] | None:
    """What tells the file at a path from another one that is put there; None where none is."""
    try:
        there = path.stat()
    except OSError:
        return None
    return there.st_dev, there.st_ino


def give_no_key_again(connection: Connection, key: int) -> None:
    """Note the key of a search that was deleted: workers and pages may still know it by that.

    SQLite itself gives the highest key again. The note is the file's `user_version`, which is
    written within the transaction.
    """
    if key > highest_key_given(connection):
        connection.exec_driver_sql(f"PRAGMA user_version = {key:d}")


def highest_key_given(connection: Connection) -> int:
    """The highest key of a search that was deleted; 0 where none was."""
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def let_tables_be_replaced(connection: Connection) -> None:
    """Let rows refer to none for a while: where a table is dropped, and another takes its name.

    Args:
        connection: Whose transaction has not begun; in one this cannot be changed.
    """
    driver = connection.connection.driver_connection
    if driver is not None:
        driver.execute("PRAGMA foreign_keys = OFF")


def check_references(connection: Connection, shown: str) -> None:
    """Whether all rows refer to rows that are there.

    Raises:
        LedgerError: One does not.
    """
    for table, _, parent, _ in connection.execute(text("PRAGMA foreign_key_check")):
        raise LedgerError(f"{shown}: rows of {table} refer to rows of {parent} that are missing")
