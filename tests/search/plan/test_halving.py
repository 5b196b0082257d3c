"""Who goes on at a rung: the best, always the same, and as many as the file says."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from search.plan import halving as module
from search.plan.halving import expected_steps, plan_rung, rungs
from search.plan.plan import plan, steps
from search.plan.ranking import Ranking
from search.space.space import Point
from search.study.file import Study, study_of
from search.study.halving import Halving

VALUES = st.dictionaries(
    st.integers(0, 50), st.none() | st.sampled_from([0.1, 0.2, 0.5, 0.9]), max_size=30
)


def half(keep: float = 0.5) -> Halving:
    return Halving.model_validate({"keep": keep, "at": [1]})


def survivors(halving: Halving, values: dict[int, float | None]) -> tuple[int, ...]:
    return module.survivors(halving, values, Ranking("maximize"))


def test_where_less_is_better_the_lower_half_goes_on() -> None:
    values = {0: 0.5, 1: 0.9, 2: 0.5, 3: 0.4, 4: None}
    assert module.survivors(half(), values, Ranking("minimize")) == (0, 2, 3)


def test_the_better_half_goes_on_and_ties_go_by_number() -> None:
    assert survivors(half(), {0: 0.5, 1: 0.9, 2: 0.5, 3: 0.4}) == (0, 1)
    assert survivors(half(), {7: 0.5, 3: 0.5, 5: 0.5}) == (3, 5)


def test_diverged_trials_count_and_do_not_go_on() -> None:
    assert survivors(half(), {0: None, 1: None, 2: 0.1, 3: 0.2}) == (2, 3)
    assert survivors(half(), {0: None, 1: None, 2: None, 3: 0.2}) == (3,)
    assert survivors(half(), {0: None}) == ()
    assert survivors(half(), {}) == ()


@settings(deadline=None, derandomize=True)
@given(VALUES, st.floats(0.01, 0.99), st.randoms(use_true_random=False))
def test_who_goes_on_depends_on_nothing_but_the_values(
    standings: dict[int, float | None], keep: float, chance: random.Random
) -> None:
    chosen = survivors(half(keep), standings)
    shuffled = list(standings.items())
    chance.shuffle(shuffled)
    assert survivors(half(keep), dict(shuffled)) == chosen
    sound = {number: value for number, value in standings.items() if value is not None}
    assert len(chosen) == min(half(keep).kept(len(standings)), len(sound))
    assert list(chosen) == sorted(set(chosen))
    for number in chosen:
        for other in set(sound) - set(chosen):
            assert (-sound[number], number) < (-sound[other], other)


@settings(deadline=None, derandomize=True)
@given(VALUES, st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_who_goes_on_where_few_do_also_does_where_more_do(
    standings: dict[int, float | None], one: float, other: float
) -> None:
    few, many = (survivors(half(keep), standings) for keep in sorted((one, other)))
    assert set(few) <= set(many)


@settings(deadline=None, derandomize=True)
@given(VALUES.filter(bool), st.floats(0.01, 0.99))
def test_a_better_value_never_costs_a_trial_its_place(
    standings: dict[int, float | None], keep: float
) -> None:
    for number in survivors(half(keep), standings):
        assert number in survivors(half(keep), standings | {number: 1.0})


def halved(**halving: Any) -> Study:
    stage = {"trials": 10, "box": {"momentum": [0.0, 0.9]}, "halving": {"keep": 0.5} | halving}
    return study_of({"name": "x", "stages": [stage, {"trials": 4, "box": {"momentum": [0.9]}}]})


def test_the_rungs_of_a_step_are_those_of_who_is_compared() -> None:
    for among, other in (("cohort", "stage"), ("stage", "cohort")):
        study = halved(at=[2, 4], among=among)
        first, second, _ = steps(study)
        assert (rungs(study, first, among), rungs(study, first, other)) == ((2, 4), ())
        assert (rungs(study, second, among), rungs(study, second, other)) == ((), ())


def test_a_stage_whose_trials_wait_for_each_other_first_stops_at_its_first_rung() -> None:
    for among, stop in (("cohort", None), ("stage", 2)):
        study = halved(at=[2, 4], among=among)
        first, *_ = steps(study)
        assert plan(study, first, []).stop == stop


def test_expected_steps_are_those_of_each_cohort() -> None:
    by_cohort = halved(at=[2], among="cohort")
    first, second, final = steps(by_cohort)
    assert expected_steps(by_cohort, first) == 2 * (5 * 2 + 3 * 8)  # two fives
    assert expected_steps(by_cohort, first, (8, 2)) == (8 * 2 + 4 * 8) + (2 * 2 + 1 * 8)
    assert expected_steps(by_cohort, second) == 40
    assert expected_steps(by_cohort, final) == 10


def test_expected_steps_of_a_whole_stage_do_not_depend_on_its_cohorts() -> None:
    by_stage = halved(at=[2, 4])
    first = steps(by_stage)[0]
    expected = 10 * 2 + 5 * 2 + 3 * 6
    assert expected_steps(by_stage, first) == expected
    assert expected_steps(by_stage, first, (7, 2, 1)) == expected


def test_a_rung_regroups_those_that_go_on() -> None:
    study = halved(at=[2, 4])
    step = steps(study)[0]
    standings: dict[int, tuple[Point, float | None]] = {
        number: ({"batch_size": 50 * (1 + number % 2)}, number / 10) for number in range(10)
    }
    standings[9] = (standings[9][0], None)

    made = plan_rung(study, step, 1, standings)
    assert (made.rung, made.start, made.stop) == (1, 2, 4)
    assert made.dropped == (0, 1, 2, 3)
    assert made.cohorts == ((4, 6, 8), (5, 7))
    left = {number: standings[number] for number in (4, 5, 6, 7, 8)}
    last = plan_rung(study, step, 2, left)
    assert (last.start, last.stop, last.dropped) == (4, None, (4, 5))
    assert sorted(number for cohort in last.cohorts for number in cohort) == [6, 7, 8]
    backwards = dict(reversed(standings.items()))
    assert plan_rung(study, step, 1, backwards) == made


def test_the_last_few_of_one_kind_are_shared_by_two_workers() -> None:
    study = halved(at=[2, 4])
    standings: dict[int, tuple[Point, float | None]] = {n: ({}, n / 10) for n in range(6)}
    made = plan_rung(study, steps(study)[0], 1, standings)
    assert made.cohorts == ((3, 4), (5,))
