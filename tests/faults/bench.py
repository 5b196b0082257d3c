"""Copies of one database, on each of which a process is disturbed at chosen statements."""

import os
import shutil
import signal
from collections.abc import Callable, Collection
from itertools import count
from pathlib import Path

import psutil
from psycopg import sql

from tests.faults.points import Happening, work_among_silent
from tests.faults.watch import lapse, wait_until
from tests.faults.workers import LEASE_SECONDS, ended, fork, work
from tests.postgresql import OWNER, Server

Work = Callable[..., None]
SHORT_LEASE_SECONDS = 3.0  # of a worker whose beats are to come often


def is_stopped(pid: int) -> bool:
    """Whether a process stands still."""
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED


class Bench:
    """Makes copies of a database, and starts processes that work on them.

    Args:
        storage: The database. SQLite's file need not exist.
        folder: Where copies of the file are put, and what processes say.
        server: PostgreSQL's; None for SQLite.
    """

    def __init__(self, storage: str, folder: Path, server: Server | None) -> None:
        self._storage, self._folder, self._server = storage, folder, server
        self._copies = count()

    def copy(self) -> str:
        """The URL of another copy."""
        number = next(self._copies)
        if self._server is None:
            original, file = Path(self._storage[10:]), self._folder / f"{number}.db"
            if original.exists():
                shutil.copy(original, file)
            return f"sqlite:///{file}"
        template = self._storage.rpartition("/")[2]
        names = (sql.Identifier(one) for one in (f"{template}_{number}", OWNER, template))
        words = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
        self._server.execute(words.format(*names))
        return self._server.url(f"{template}_{number}")

    def drop(self, storage: str) -> None:
        """Remove a copy, with what was said of it."""
        for file in self._folder.glob(f"{Path(storage).name}*"):
            file.unlink()
        if self._server is None:
            return
        name = sql.Identifier(storage.rpartition("/")[2])
        self._server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def points(self, function: Work) -> list[str]:
        """The statements and commits of an undisturbed process, in their order."""
        storage = self.copy()
        assert self.disturb(function, storage, "nothing", ()) == 0
        points = self._log(storage, "points").read_text().splitlines()
        self.drop(storage)
        return points

    def disturb(
        self, function: Work, storage: str, happening: Happening, places: Collection[int]
    ) -> int:
        """Let that happen to a process at those points; its exit status."""
        # A full disk is none for what is said, so that nothing is.
        said = "/dev/null" if happening == "full" else str(self._log(storage, "said"))
        points = str(self._log(storage, "points"))
        return ended(fork(function, storage, happening, places, points, said))

    def freeze(self, function: Work, storage: str, place: int) -> bool:
        """Stop a process at a point for good, while another finishes; whether it came to that.

        Then it wakes up, and must do no harm.
        """
        points, said = str(self._log(storage, "points")), str(self._log(storage, "said"))
        frozen = fork(function, storage, "freeze", [place], points, said)
        pid = frozen.pid
        assert pid is not None
        try:
            wait_until(lambda: not frozen.is_alive() or is_stopped(pid), "it to stand still")
            lapse(storage)
            finishing = fork(work_among_silent, storage, SHORT_LEASE_SECONDS, said)
            assert ended(finishing) == 0, self.said(storage)
        finally:
            os.kill(pid, signal.SIGCONT)
        return ended(frozen) == 0

    def finish(self, storage: str) -> int:
        """Let another worker go on, when the leases have run out; its exit status."""
        lapse(storage)
        said = str(self._log(storage, "said"))
        return ended(fork(work, storage, "another", LEASE_SECONDS, said))

    def said(self, storage: str) -> str:
        """What the processes have said that worked on a copy."""
        log = self._log(storage, "said")
        return log.read_text() if log.exists() else ""

    def _log(self, storage: str, what: str) -> Path:
        return self._folder / f"{Path(storage).name} {what}"
