"""Copies of one database, on each of which a process is disturbed at chosen statements."""

import shutil
from collections.abc import Callable, Collection
from itertools import count
from pathlib import Path

from psycopg import sql

from tests.faults.points import Happening
from tests.faults.watch import lapse
from tests.faults.workers import LEASE_SECONDS, ended, fork, work
from tests.postgresql import OWNER, Server

Work = Callable[..., None]


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
