"""What a stage will train, before it is planned and while it is trained."""

import pytest

from search.plan.outlook import Counts, planned, unplanned
from search.plan.plan import steps
from search.study.reading import load

STUDY = load("digits", ["stages.coarse.trials=10", "training.schedule.epochs=6"])
FIRST = steps(STUDY)[0]
HALVED = load(
    "digits",
    [
        "stages.coarse.trials=10",
        "training.schedule.epochs=6",
        "stages.coarse.halving={keep=0.5, at=[2], among='cohort'}",
    ],
)


def counts(
    states: dict[str, int],
    cohorts: tuple[int, ...] = (8, 2),
    steps_each: float | None = 6.0,
    pruned_steps: int = 0,
    other_reports: int = 0,
) -> Counts:
    return Counts(10, states, cohorts, steps_each, pruned_steps, other_reports)


def test_before_it_is_planned_the_study_file_says_what_comes() -> None:
    found = unplanned(STUDY, FIRST)
    assert (found.trials, found.steps_each, found.steps_total, found.steps_done) == (10, 6, 60, 0)


def test_complete_trials_have_all_steps_and_others_those_that_are_counted() -> None:
    states = {"complete": 3, "pruned": 2, "diverged": 1, "running": 2, "waiting": 2}
    found = planned(STUDY, FIRST, counts(states, pruned_steps=4, other_reports=7))
    assert found.steps_done == 3 * 6 + 4 + 7
    assert (found.trials, found.steps_total) == (10, 60)


@pytest.mark.parametrize(
    ("cohorts", "total"),
    [((8, 2), 8 * 2 + 4 * 4 + 2 * 2 + 1 * 4), ((5, 5), 2 * (5 * 2 + 3 * 4))],
)
def test_halving_within_cohorts_depends_on_their_sizes(
    cohorts: tuple[int, ...], total: int
) -> None:
    found = planned(HALVED, steps(HALVED)[0], counts({"waiting": 10}, cohorts))
    assert found.steps_total == total


def test_trials_of_generations_to_come_count() -> None:
    found = planned(STUDY, FIRST, counts({"waiting": 4}, (4,)))
    assert (found.trials, found.steps_total) == (10, 60)


def test_where_the_length_is_not_known_only_reports_count() -> None:
    found = planned(
        STUDY, FIRST, counts({"complete": 3, "waiting": 7}, steps_each=None, other_reports=11)
    )
    assert (found.steps_each, found.steps_done) == (None, 11)
