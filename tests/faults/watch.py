"""Looks at a search while it is disturbed, on any database, and waits for what a fault needs."""

import time
from collections.abc import Callable

from sqlalchemy import text

from search.errors import LedgerError
from search.ledger.ledger import Ledger
from tests.faults.outcome import NAME

LONGEST_SECONDS = 120.0  # that a test waits for anything
POLL_SECONDS = 0.02

TRAINING = """
    SELECT count(*) FROM klayer_trials
    JOIN klayer_cohorts ON klayer_cohorts.id = klayer_trials.cohort_id
    WHERE klayer_cohorts.state = 'claimed' AND EXISTS (
        SELECT 1 FROM klayer_reports
        WHERE klayer_reports.trial_id = klayer_trials.id
            AND klayer_reports.step > klayer_cohorts.start)
"""
FINISHED = "SELECT count(*) FROM klayer_trials WHERE finished_at IS NOT NULL"
OVER = f"SELECT count(*) FROM klayer_searches WHERE name = '{NAME}' AND finished_at IS NOT NULL"
STATES = "SELECT DISTINCT state FROM klayer_trials"


class Watch:
    """Questions to a database that may not be there yet, or not now; then the answer is nothing."""

    def __init__(self, storage: str) -> None:
        self.storage = storage
        self._ledger: Ledger | None = None

    def close(self) -> None:
        """Give its connection back."""
        if self._ledger is not None:
            self._ledger.database.close()
            self._ledger = None

    def ask(self, statement: str) -> list[object]:
        """The first column of what a statement selects."""
        try:
            if self._ledger is None:
                self._ledger = Ledger(self.storage)
            with self._ledger.database.reading() as connection:
                return list(connection.scalars(text(statement)))
        except LedgerError:
            self.close()
            return []

    def is_training(self) -> bool:
        """Whether some trial that is not finished has epochs of its present attempt."""
        return self.ask(TRAINING) not in ([], [0])

    def finished(self) -> int:
        """How many trials have a result; 0 where that cannot be said."""
        return sum(one for one in self.ask(FINISHED) if isinstance(one, int))

    def is_over(self) -> bool:
        """Whether the search is finished."""
        return self.ask(OVER) == [1]

    def states(self) -> set[object]:
        """The states of all its trials."""
        return set(self.ask(STATES))


def wait_until(holds: Callable[[], bool], what: str, seconds: float = LONGEST_SECONDS) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(POLL_SECONDS)


def lapse(storage: str) -> None:
    """Let time pass for a database: every lease in it has run out."""
    with Ledger(storage) as ledger, ledger.database.writing() as connection:
        for name in ("klayer_stages", "klayer_cohorts"):
            connection.execute(text(f"UPDATE {name} SET lease_until = 0 WHERE lease_until > 0"))
