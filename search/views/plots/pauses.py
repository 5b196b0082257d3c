"""How long a search was trained: its time without the pauses in which no worker held a trial."""

from collections.abc import Sequence

import numpy as np

from search.ledger.records import Stint

SHORTEST = 60.0  # seconds; less is the time between two cohorts, in which a stage may be planned


def pauses(stints: Sequence[Stint], begin: float, clock: float) -> np.ndarray:
    """From when to when no worker had a cohort, (pauses, 2), in order; none without stints.

    Args:
        stints: Those of the search.
        begin: When it was recorded, from which on the first worker may have been waited for.
        clock: Where those end that have not ended.
    """
    if not stints:
        return np.zeros((0, 2))
    held = np.array([(s.claimed_at, s.finished_at or clock) for s in stints])
    held = held[np.argsort(held[:, 0])]
    ends = np.maximum.accumulate(np.concatenate([[begin], held[:-1, 1]]))
    between = np.stack([ends, held[:, 0]], 1)
    long: np.ndarray = between[between[:, 1] - between[:, 0] > SHORTEST]
    return long


def without(found: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Times less the pauses before them, (times,); all times within one are its beginning."""
    gone = np.clip(times[:, None] - found[:, 0], 0, found[:, 1] - found[:, 0])
    less: np.ndarray = times - gone.sum(axis=1)
    return less
