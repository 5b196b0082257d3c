"""Writes what a cohort reports: in batches, in order, from a thread beside its training.

The training does not wait for the database, which may be hundreds of milliseconds away. A
checkpoint is written with all reports that came before it, in one transaction: whoever goes on from
there finds them stored. What the writing raises (a lost lease, a database that fails for too long)
is raised at the next call.
"""

import threading
import time
from collections.abc import Mapping
from typing import Self

from search.ledger.ledger import Ledger
from search.ledger.records import CohortCheckpoint, CohortClaim
from search.objective.report import Report

# Reports are collected for so long, or for as long as the last batch took where that was longer,
# unless a checkpoint comes: a short cohort is handed in with all of its own. After one that took
# minutes, since the database was away, others wait no minutes.
BATCH_SECONDS = 0.02
LONGEST_BATCH_SECONDS = 1.0
# The training waits for the database where more reports than these are still to be written.
MOST_WAITING = 10_000

Reports = dict[int, list[Report]]
"""By trial number."""


class ReportWriter:
    """Writes reports and checkpoints of a claimed cohort while it is entered.

    On leaving, what is still to be written is written, unless that has failed before, or the worker
    is to end at once (Ctrl-C).

    Args:
        ledger: The search's database.
        claim: The cohort.
        lease_seconds: Of the claim; each batch renews it.

    Attributes:
        asked: Whether the ledger says that the cohort should be released.
    """

    def __init__(self, ledger: Ledger, claim: CohortClaim, lease_seconds: float) -> None:
        self._ledger, self._claim, self._lease_seconds = ledger, claim, lease_seconds
        self.asked = False
        self._changed = threading.Condition()
        self._reports: Reports = {}
        self._checkpoint: CohortCheckpoint | None = None
        self._look = False
        self._count = 0  # of reports that are not stored yet
        self._took = 0.0  # seconds, the last batch
        self._writing = self._saving = self._hurried = self._closed = False
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or issubclass(kind, Exception):
            self._end()

    @property
    def saving(self) -> bool:
        """Whether a checkpoint is still to be stored."""
        return self._checkpoint is not None or self._saving

    def put(self, reports: Mapping[int, Report], checkpoint: CohortCheckpoint | None) -> None:
        """Let reports be written, by trial number, and where the cohort goes on after them.

        Raises:
            LostLeaseError: Somebody else has the claim.
            DatabaseFaultError: The database failed for longer than the ledger bears it.
        """
        with self._changed:
            self._check()
            for number, report in reports.items():
                self._reports.setdefault(number, []).append(report)
            self._count += len(reports)
            self._checkpoint = checkpoint or self._checkpoint
            self._wake()
            if self._count > MOST_WAITING:
                self._wait()

    def look(self) -> None:
        """Let the ledger be asked whether to release the cohort.

        Raises:
            KlayerError: As `put`.
        """
        with self._changed:
            self._check()
            self._look = True
            self._wake()

    def wait(self) -> None:
        """Wait until all is stored.

        Raises:
            KlayerError: As `put`.
        """
        with self._changed:
            self._wait()

    def rest(self) -> Reports:
        """End the writing; the reports that are not stored, for the hand-in.

        Raises:
            KlayerError: As `put`.
        """
        with self._changed:
            left, self._reports, self._checkpoint, self._look = self._reports, {}, None, False
        self._end()
        self._check()
        return left

    def _end(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _wake(self) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="report writer", daemon=True)
            thread.start()  # which the system may refuse
            self._thread = thread
        self._changed.notify_all()

    def _wait(self) -> None:
        self._hurried = True
        self._changed.notify_all()
        self._changed.wait_for(
            lambda: self._error is not None or not (self._due() or self._writing)
        )
        self._hurried = False
        self._check()

    def _due(self) -> bool:
        return bool(self._reports) or self._checkpoint is not None or self._look

    def _is_urgent(self) -> bool:
        return self._hurried or self._closed or self._checkpoint is not None

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            error, asked, began = None, False, time.monotonic()
            try:
                asked = self._write(*batch)
            except BaseException as raised:
                error = raised
            size = sum(map(len, batch[0].values()))
            del batch  # a checkpoint is large
            with self._changed:
                self._writing = self._saving = False
                self._took = time.monotonic() - began
                self._count -= size
                self.asked |= asked
                self._error = error
                self._changed.notify_all()
            if error is not None:
                return

    def _next(self) -> tuple[Reports, CohortCheckpoint | None] | None:
        """What is to be written now; None where nothing is to come."""
        with self._changed:
            self._changed.wait_for(lambda: self._due() or self._closed)
            collecting = max(BATCH_SECONDS, min(self._took, LONGEST_BATCH_SECONDS))
            self._changed.wait_for(self._is_urgent, collecting)
            if not self._due():
                return None
            batch = self._reports, self._checkpoint
            self._writing, self._saving = True, self._checkpoint is not None
            self._reports, self._checkpoint, self._look = {}, None, False
        return batch

    def _write(self, reports: Reports, checkpoint: CohortCheckpoint | None) -> bool:
        """Write a batch; whether the cohort should be released."""
        if not reports and checkpoint is None:
            return self._ledger.read.asked_to_release(self._claim)
        return self._ledger.record_reports(self._claim, reports, self._lease_seconds, checkpoint)
