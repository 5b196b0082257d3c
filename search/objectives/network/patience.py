"""Patience: a trial that has not improved for some epochs ends, with the value that it has then.

It follows from the trial's own reports alone, so it ends at the same epoch whoever trains it, and
through any interruption: how long it has waited is a part of what it goes on from.
"""

import io
import math
from collections.abc import Mapping, Sequence

import numpy as np

from model.checkpoint import DAMAGE
from search.errors import KlayerError
from search.objective.metric import Metric
from search.objective.report import Report
from search.plan.ranking import Ranking

_STATE, _BEST, _WAITED = "state", "patience.best", "patience.waited"


class Patience:
    """How the trials of a cohort stand, by their places."""

    def __init__(self, epochs: int | None, score: Metric) -> None:
        """Take after how many epochs a trial ends, None for never, and what must improve."""
        self._epochs, self._score, self._ranking = epochs, score, Ranking(score.direction)
        self._best: dict[int, float] = {}
        self._waited: dict[int, int] = {}

    def ended(self, reports: Mapping[int, Report]) -> set[int]:
        """The places of trials that end after these reports, of an epoch."""
        if self._epochs is None:
            return set()
        for place, report in reports.items():
            now = report.metrics.get(self._score.name, math.nan)
            if self._improves(now, self._best.get(place, math.nan)):
                self._best[place], self._waited[place] = now, 0
            else:
                self._waited[place] = self._waited.get(place, 0) + 1
        return {place for place in reports if self._waited[place] >= self._epochs}

    def _improves(self, now: float, best: float) -> bool:
        """Whether a score is better than the best before, NaN where there is none."""
        return not math.isnan(now) and (math.isnan(best) or self._ranking.better(now, best))

    def packed(self, place: int, state: bytes) -> bytes:
        """What a trial goes on from, with how long it has waited."""
        if self._epochs is None:
            return state
        file = io.BytesIO()
        waited = {
            _BEST: np.array(self._best.get(place, math.nan)),
            _WAITED: np.array(self._waited.get(place, 0)),
        }
        np.savez(file, **{_STATE: np.frombuffer(state, np.uint8), **waited})  # type: ignore[arg-type]
        return file.getvalue()

    def unpacked(self, start: Sequence[bytes]) -> list[bytes]:
        """What `packed` was given, of all trials of a cohort, which wait as they did.

        Raises:
            KlayerError: It did not write this.
        """
        if self._epochs is None:
            return list(start)
        states = []
        for place, written in enumerate(start):
            try:
                with np.load(io.BytesIO(written), allow_pickle=False) as archive:
                    states.append(archive[_STATE].tobytes())
                    self._best[place] = float(archive[_BEST])
                    self._waited[place] = int(archive[_WAITED])
            except DAMAGE as error:
                raise KlayerError(f"this is no checkpoint of a trial: {error}") from error
        return states
