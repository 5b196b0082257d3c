"""How long a study is expected to take, stage by stage."""

import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from search.objective.timing import seconds_of
from search.objectives.network.objective import NetworkObjective
from search.plan.plan import plan, steps
from search.space.space import Point
from search.study.file import Study
from search.study.reading import load
from search.workers.forecast import (
    CALIBRATION_SECONDS,
    MOST_KINDS,
    _timed_at_once,
    forecast,
    makespan,
)


@pytest.mark.parametrize(
    ("seconds", "workers", "expected"),
    [
        ([], 2, 0.0),
        ([3.0], 2, 3.0),
        ([3.0, 2.0, 2.0], 1, 7.0),
        ([3.0, 2.0, 2.0], 2, 4.0),
        ([3.0, 2.0, 2.0], 5, 3.0),
    ],
)
def test_work_is_taken_in_order_by_who_is_free(
    seconds: list[float], workers: int, expected: float
) -> None:
    assert makespan(seconds, workers) == expected


def test_every_stage_takes_its_time() -> None:
    study = load("digits")
    expected = forecast(study, 1)
    assert [one.step for one in expected] == list(steps(study))
    assert all(0 < (one.seconds or 0) < 60 for one in expected)


def test_ten_times_the_epochs_take_about_ten_times_as_long() -> None:
    of = "training.schedule.epochs={}"
    few, many = (
        sum(one.seconds or 0 for one in forecast(load("digits", [of.format(n)]), 1))
        for n in (10, 100)
    )
    assert 4 < many / few < 25


@dataclass
class Clock:
    """A machine in whose every epoch a column takes a second for each image of a batch.

    Attributes:
        timed: The trials of each cohort that was timed.
        budgets: Seconds that it might take.
        processes: How many timed at once, each time.
    """

    timed: list[list[Point]] = field(default_factory=list)
    budgets: list[float] = field(default_factory=list)
    processes: list[int] = field(default_factory=list)

    def seconds_per_step(self, _: object, points: Any, budget: float) -> float:
        self.timed.append(list(points))
        self.budgets.append(budget)
        return columns(points) * float(points[0].get("batch_size", 100))

    def timed_at_once(self, processes: int, most: int, *asked: Any) -> list[list[float]]:
        """One after another, in this process."""
        assert processes <= most
        self.processes.append(processes)
        return [seconds_of(*asked) for _ in range(processes)]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(
        NetworkObjective, "seconds_per_step", lambda _, *asked: made.seconds_per_step(*asked)
    )
    monkeypatch.setattr("search.workers.forecast._timed_at_once", made.timed_at_once)
    return made


def columns(points: Iterable[Point]) -> float:
    """Of a stack's first layer: all are padded to the widest."""
    widths = [float(point.get("width_1", 50)) for point in points]
    return len(widths) * max(widths)


def cohorts_of_first(study: Study) -> list[list[Point]]:
    made = plan(study, steps(study)[0], [])
    return [[made.trials[number].parameters for number in numbers] for numbers in made.cohorts]


WIDE = (
    "stages=[{name='wide', trials=16, box={width_1={low=10, high=200}, batch_size=[50, 100]}}]",
    "final.finalists=6",
    "final.seeds=1",
    "final.ensemble=true",
    "final.train_on='training'",
    "training.schedule.epochs=10",
)


def test_searched_widths_and_batches_are_counted(clock: Clock) -> None:
    study = load("digits", WIDE)
    cohorts = cohorts_of_first(study)
    assert {len({point["batch_size"] for point in one}) for one in cohorts} == {1}
    times = [10 * columns(one) * float(one[0]["batch_size"]) for one in cohorts]
    alone, beside = forecast(study, 1)[0], forecast(study, 2)[0]
    assert alone.seconds == pytest.approx(sum(times))
    assert beside.seconds == pytest.approx(makespan(times, 2))
    assert (alone.trials, alone.steps) == (16, 160)
    assert {point["batch_size"] for one in clock.timed for point in one} == {50, 100}


@pytest.mark.parametrize("sampler", ["tpe", "cmaes"])
def test_a_generation_waits_for_the_one_before(clock: Clock, sampler: str) -> None:
    """Four generations are two cohorts of 4 each; the last is one cohort, and one worker rests."""
    box = "{learning_rate={low=0.01, high=0.1}}"
    stage = f"name='near', sampler='{sampler}', trials=35, generation=8, box={box}"
    study = load("digits", [*WIDE[1:], f"stages=[{{{stage}}}]"])
    cohort = 10 * 4 * 50 * 100
    alone, beside = forecast(study, 1)[0], forecast(study, 2)[0]
    assert alone.seconds == pytest.approx(cohort * (8 + 3 / 4))
    assert beside.seconds == pytest.approx(cohort * (4 + 3 / 4))
    assert (alone.trials, alone.steps) == (35, 350)


def test_the_final_is_as_many_stacks_one_after_another_as_it_needs(clock: Clock) -> None:
    made = [(200, 50), (10, 100), (100, 50), (30, 100)]
    points = ", ".join(f"{{width_1={width}, batch_size={size}}}" for width, size in made)
    stage = f"stages=[{{name='some', sampler='points', points=[{points}]}}]"
    study = load("digits", [*WIDE[1:], stage, "final.finalists=4"])
    expected = 10 * (2 * 200 * 50 + 2 * 30 * 100)
    for workers in (1, 2):
        assert forecast(study, workers)[-1].seconds == pytest.approx(expected)


def test_where_the_pace_is_not_known_the_steps_are_still_counted(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NetworkObjective, "has_pace", False)
    expected = forecast(load("digits", WIDE), 1)
    assert (expected[0].steps, expected[0].seconds) == (160, None)
    assert clock.timed == []
    monkeypatch.setattr(NetworkObjective, "steps", lambda *_: None)
    assert {(one.steps, one.seconds) for one in forecast(load("digits", WIDE), 1)} == {(None, None)}


def test_a_cohort_that_does_not_fit_into_memory_is_taken_to_be_like_the_others(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = load("digits", WIDE)
    whole = forecast(study, 1)[0]

    def little(_: object, section: object, points: Any, budget: float) -> float:
        if points[0].get("batch_size") == 100:
            raise MemoryError
        return clock.seconds_per_step(section, points, budget)

    monkeypatch.setattr(NetworkObjective, "seconds_per_step", little)
    found = forecast(study, 1)[0]
    assert 0 < (found.seconds or 0) < (whole.seconds or 0)
    assert found.cohort_bytes == whole.cohort_bytes
    monkeypatch.setattr(
        "search.workers.forecast._timed_at_once", lambda n, *asked: [[None] * len(asked[2])] * n
    )
    assert forecast(study, 1)[0].seconds is None


class Killed:
    """An objective whose trainings are killed."""

    def seconds_per_step(self, *_: object) -> float:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0.0


def test_a_process_that_is_killed_leaves_the_time_unknown() -> None:
    killed: Any = Killed()
    assert _timed_at_once(1, 1, killed, [(None, ({},))], 0.1) == [[None]]
    assert forecast(load("digits", WIDE), 1)[0].seconds is not None  # others are timed then


def test_the_memory_is_that_of_the_largest_cohort(clock: Clock) -> None:
    study = load("digits", WIDE)
    objective, section = study.objective, study.objective.training
    first = forecast(study, 1)[0]
    cohorts = [objective.cohort_bytes(section, one) or 0 for one in cohorts_of_first(study)]
    assert first.cohort_bytes == max(cohorts)
    assert clock.timed


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_trials_that_repeat_another_one_are_counted(clock: Clock, sampler: str) -> None:
    box = "box={activation=['relu', 'elu']}"
    stage = f"stages=[{{name='two', sampler='{sampler}', trials=10, {box}}}]"
    assert [one.repeated for one in forecast(load("digits", [stage]), 1)] == [8, 0, 0]
    assert [one.repeated for one in forecast(load("digits"), 1)] == [0] * 5
    assert clock.timed


def test_of_many_kinds_of_cohorts_few_are_timed(clock: Clock) -> None:
    sizes = list(range(20, 120))
    box = f"{{batch_size={sizes}, learning_rate={{low=0.01, high=0.1, points=100}}}}"
    study = load("digits", [f"stages=[{{name='many', sampler='grid', box={box}}}]"])
    assert len(cohorts_of_first(study)) > 100 * MOST_KINDS
    assert forecast(study, 1)[0].trials == 10_000
    assert len(clock.timed) == MOST_KINDS
    assert sum(clock.budgets) == pytest.approx(CALIBRATION_SECONDS)
    assert set(clock.processes) == {1}
