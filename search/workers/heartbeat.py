"""A process that is known to the ledger, and keeps the lease of what it holds, from a thread.

The thread bears faults of the database as long as the ledger does (with pauses that grow and are
drawn at random), and when those last longer it goes on with its next beat: it ends only with its
process. What has been lost meanwhile its worker learns from the ledger when it next writes.
"""

import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self

from search.errors import LedgerError
from search.ledger.claims import LostLeaseError
from search.ledger.faults import DatabaseFaultError
from search.ledger.host import host_identity
from search.ledger.ledger import LEASE_SECONDS, Ledger
from search.ledger.records import Claim, Presence, WorkerKind

BEATS = 3  # in the time of a lease


def presence(
    name: str,
    kind: WorkerKind = "worker",
    search_id: int | None = None,
    launcher: str | None = None,
    lease_seconds: float = LEASE_SECONDS,
    *,
    sees_launcher: bool = False,
) -> Presence:
    """This process, as it makes itself known."""
    return Presence(
        name=name,
        kind=kind,
        host=platform.node(),
        machine=host_identity(),
        process=os.getpid(),
        search_id=search_id,
        launcher=launcher,
        lease_seconds=lease_seconds,
        sees_launcher=sees_launcher,
    )


class Heartbeat:
    """Makes a process known for as long as it is entered, and keeps the lease of what it holds.

    Args:
        ledger: The database, opened in this process.
        who: This process.
        lease_seconds: Of what it claims.

    Attributes:
        asked_to_stop: Whether the ledger says that it should stop.

    Raises:
        LedgerError: On entering: the database is SQLite, and in use on another machine.
    """

    def __init__(self, ledger: Ledger, who: Presence, lease_seconds: float = LEASE_SECONDS) -> None:
        self._ledger, self._who, self.lease_seconds = ledger, who, lease_seconds
        self.asked_to_stop = False
        self._claim: Claim | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="lease heartbeat")

    def __enter__(self) -> Self:
        self._ledger.join(self._who)
        try:
            self._thread.start()
        except RuntimeError:  # the system refuses one
            with suppress(DatabaseFaultError):
                self._ledger.leave(self._who)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        with suppress(DatabaseFaultError):  # then what it holds is free when its lease runs out
            self._ledger.leave(self._who)

    @contextmanager
    def holding(self, claim: Claim) -> Iterator[None]:
        """Keep a claim's lease while its work is done; give it up where that fails.

        A lost lease ends the work without a fault: somebody else does it now, with the same result.
        """
        self._claim = claim
        try:
            yield
        except LostLeaseError:
            pass
        except BaseException as error:
            self._claim = None
            # Where the database was away for longer than is borne, that is not the claim's fault,
            # and to wait for it once more would help nobody: on leaving it is free.
            if not (isinstance(error, DatabaseFaultError) and error.passing):
                of_the_work = isinstance(error, Exception) and not isinstance(
                    error, DatabaseFaultError
                )
                with suppress(DatabaseFaultError):
                    self._ledger.release(claim, lost=of_the_work)
            raise
        finally:
            self._claim = None

    def _beat(self) -> None:
        every = min(self.lease_seconds, self._who.lease_seconds) / BEATS
        while not self._done.wait(every):
            with suppress(LedgerError, OSError, MemoryError):  # the next beat may have room again
                asked = self._ledger.beat(self._who, self._claim, self.lease_seconds)
                self.asked_to_stop |= asked
