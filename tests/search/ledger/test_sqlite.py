"""One file, of one machine: who may make it, who writes to it, and that readers are let in."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine

from search.errors import LedgerError
from search.ledger import sqlite
from search.ledger.database import connect, now
from search.ledger.faults import NoLedgerError
from search.ledger.ledger import Ledger
from search.ledger.location import locate
from search.ledger.schema import open_database
from search.objective.data_card import DataCard
from search.study.reading import load
from tests.without_rights import WITHOUT_RIGHTS

ROOT = Path(__file__).parents[3]


def refusal(storage: str, *, create: bool = True) -> str:
    """The message for a URL that is refused; it must come soon."""
    began = time.monotonic()
    with pytest.raises(LedgerError) as caught:
        open_database(storage, create=create)
    assert time.monotonic() - began < 5
    return str(caught.value)


@pytest.fixture
def file(sqlite_template: Path, tmp_path: Path) -> Path:
    """A database that holds no search."""
    path = tmp_path / "a.db"
    path.write_bytes(sqlite_template.read_bytes())
    return path


@pytest.fixture
def engine(file: Path) -> Engine:
    return connect(locate(f"sqlite:///{file}"))


# --- where it can be ----------------------------------------------------------------------------


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(f"sqlite:///{tmp_path}") == (
        f"sqlite:///{tmp_path}: {tmp_path} is a folder; name a file in it"
    )


def test_a_file_in_a_missing_folder_is_refused(tmp_path: Path) -> None:
    message = refusal(f"sqlite:///{tmp_path}/missing/a.db")
    assert f"the folder {tmp_path}/missing does not exist; create it first" in message
    assert list(tmp_path.iterdir()) == []


def test_reading_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(NoLedgerError, match="there is no database here; `klayer run STUDY` makes"):
        open_database(f"sqlite:///{tmp_path}/a.db", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("create", [True, False])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, create: bool) -> None:
    path = tmp_path / "photo.db"
    content = bytes(range(256)) * 40
    path.write_bytes(content)
    message = refusal(f"sqlite:///{path}", create=create)
    assert message == f"sqlite:///{path}: cannot be used as a database: file is not a database"
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_cannot_be_written_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"")
    (path if what == "file" else tmp_path).chmod(0o500)
    try:
        assert "cannot be used as a database" in refusal(f"sqlite:///{path}")
    finally:
        tmp_path.chmod(0o700)


# --- who writes, and who reads --------------------------------------------------------------------


def test_what_is_created_lets_readers_and_a_writer_work_at_once(tmp_path: Path) -> None:
    with Ledger(f"sqlite:///{tmp_path}/a.db", create=True):
        pass
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_transaction_is_a_writer_from_its_beginning_unless_it_says_otherwise(
    file: Path, engine: Engine
) -> None:
    with closing(sqlite3.connect(file, timeout=0)) as other:
        with engine.begin(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        with engine.connect().execution_options(**{sqlite.READING: True}) as reading:
            assert abs(now(reading) - time.time()) < 5
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
    engine.dispose()


def test_a_writer_waits_for_another_to_end(file: Path, engine: Engine) -> None:
    with engine.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    assert found == sqlite.BUSY_SECONDS * 1000
    engine.dispose()


def test_rows_that_refer_to_none_are_refused(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1  # NORMAL
    engine.dispose()


READS = """\
import sys
from search.errors import LedgerError
from search.ledger.ledger import Ledger
with Ledger(sys.argv[1]) as ledger:
    print(ledger.read.names())
    try:
        ledger.stop(ledger.read.search("digits"))
    except LedgerError as error:
        print(error)
"""


def read_without_rights(storage: str, scratch: Path) -> list[str]:
    """What a reader that is bound by modes finds, and what it is told when it writes."""
    command = [*WITHOUT_RIGHTS, sys.executable, "-c", READS, storage]
    scratch.mkdir(exist_ok=True)
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(scratch.iterdir()) == []
    return done.stdout.splitlines()


@pytest.fixture
def recorded(file: Path) -> Path:
    """A database with a search, in a folder of its own."""
    with Ledger(f"sqlite:///{file}") as ledger:
        ledger.record(load("digits"), "", DataCard("digits", "f" * 64), {})
    folder = file.parent / "folder #1%"
    folder.mkdir()
    return Path(shutil.move(file, folder / "a.db"))


def leave_a_log(recorded: Path) -> None:
    """Rename the search as a writer that is killed does: the change is in the log alone."""
    before = recorded.read_bytes()
    with closing(sqlite3.connect(recorded)) as writer:
        writer.execute("UPDATE klayer_searches SET name = 'renamed'")
        writer.commit()
        log = recorded.with_name("a.db-wal").read_bytes()
    recorded.write_bytes(before)
    recorded.with_name("a.db-wal").write_bytes(log)


@pytest.mark.skipif(sys.platform != "linux", reason="rights are given up in Linux's way")
@pytest.mark.parametrize("mode", [0o644, 0o444])
def test_a_file_in_a_folder_that_may_not_be_written_is_read(
    recorded: Path, tmp_path: Path, mode: int
) -> None:
    recorded.chmod(mode)
    recorded.parent.chmod(0o555)
    names, told = read_without_rights(f"sqlite:///{recorded}", tmp_path / "scratch")
    assert names == "['digits']"
    assert "attempt to write a readonly database" in told
    assert [path.name for path in recorded.parent.iterdir()] == ["a.db"]


@pytest.mark.skipif(sys.platform != "linux", reason="rights are given up in Linux's way")
def test_what_a_killed_writer_left_in_the_log_is_read_too(recorded: Path, tmp_path: Path) -> None:
    leave_a_log(recorded)
    before = recorded.read_bytes()
    recorded.parent.chmod(0o555)
    storage = f"sqlite:///{recorded}"
    names, told = read_without_rights(storage, tmp_path / "scratch")
    assert names == "['renamed']"
    assert "no search of this name" in told
    assert recorded.read_bytes() == before
    assert sorted(path.name for path in recorded.parent.iterdir()) == ["a.db", "a.db-wal"]


@pytest.mark.parametrize("logged", [False, True])
def test_a_file_on_a_full_disk_is_read(recorded: Path, tmp_path: Path, logged: bool) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if logged:
        leave_a_log(recorded)
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        for path in recorded.parent.iterdir():
            shutil.copy(path, disk)
        with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
            while True:
                ballast.write(b"0" * 4096)
        with Ledger(f"sqlite:///{disk}/a.db") as ledger:
            assert ledger.read.names() == ["renamed" if logged else "digits"]
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
