"""Where workers' time went, by hand."""

import pytest

from benchmarks.overhead import breakdown
from benchmarks.service import Cohort

# Two workers from 0 to 20: two stages, the first of which ends unevenly.
COHORTS = [
    Cohort("coarse", "search", 2.0, 8.0, 5),
    Cohort("coarse", "search", 2.5, 10.0, 5),
    Cohort("fine", "search", 11.0, 18.0, 5),
    Cohort("fine", "search", 11.0, 17.0, 5),
]


def test_every_second_of_every_worker_is_of_one_kind() -> None:
    parts = breakdown(COHORTS, 2, 0.0, 20.0)
    assert parts.training == 6 + 7.5 + 7 + 6
    assert parts.start == 2 * 2
    assert parts.between == 2 * 1
    assert parts.idle == 2 + 0.5 + 1
    assert parts.ending == 2 * 2
    assert sum(parts.shares().values()) == pytest.approx(1)
    assert parts.overhead == pytest.approx(1 - 26.5 / 40)


def test_a_worker_that_has_nothing_to_do_is_idle() -> None:
    parts = breakdown([Cohort("final", "final", 0.0, 10.0, 3)], 4, 0.0, 10.0)
    assert parts.overhead == pytest.approx(0.75)
    assert parts.idle == 30
