"""Where a stack does not fit into memory, its trials are trained alone; only the too large fail."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from model import training
from search.objective.port import Reports
from search.objective.report import Report
from search.objectives.network.within_memory import train
from tests.search.objectives.network.trainings import (
    DECAY,
    DIVERGING,
    ORDER_SEED,
    TRIALS,
    drained,
    study_with,
)

STEPS = 3
REASONS = ("first", "second", "third")


def steps(places: Sequence[int], most: int = STEPS, *, fails: bool = False) -> Reports:
    """Trains some trials, whose values are their places, and fails in the step behind `most`."""
    going = list(range(len(places)))
    for step in range(1, most + 1):
        sent = yield {row: Report(step, {"x": 0.0}, float(places[row])) for row in going}
        going = [row for row in going if sent is None or row in sent]
    if fails:
        raise MemoryError
    return {row: str(places[row]).encode() for row in going}


def one_by_one(*fails: int) -> list[Callable[[], Reports]]:
    """How the trials train alone, of which some fail at once."""

    def alone(place: int) -> Callable[[], Reports]:
        failing = place in fails
        return lambda: steps([place], 0 if failing else STEPS, fails=failing)

    return [alone(place) for place in range(3)]


def told(of: Reports, *choices: Sequence[int] | None) -> tuple[list[Mapping[int, Report]], Any]:
    """The reports that are not empty; after each, one of the choices is sent."""
    found, left = [], list(choices)
    try:
        reports = next(of)
        while True:
            found += [reports] if reports else []
            reports = of.send((left.pop(0) if left else None) if reports else None)
    except StopIteration as end:
        return found, end.value


WHOLE = told(steps(range(3)))


def test_a_cohort_that_fits_is_trained_as_it_is() -> None:
    assert told(train(steps(range(3)), [], REASONS)) == WHOLE
    dropping = train(steps(range(3)), [], REASONS), [0, 2], [2]
    assert told(*dropping) == told(steps(range(3)), [0, 2], [2])


@pytest.mark.parametrize("most", range(STEPS))
def test_trials_that_fit_alone_report_and_end_as_in_the_whole(most: int) -> None:
    whole = steps(range(3), most, fails=True)
    assert told(train(whole, one_by_one(), REASONS)) == WHOLE


@pytest.mark.parametrize("most", range(STEPS))
def test_those_that_are_dropped_are_dropped_at_the_same_step(most: int) -> None:
    whole = steps(range(3), most, fails=True)
    found = told(train(whole, one_by_one(), REASONS), [0, 2], [2])
    assert found == told(steps(range(3)), [0, 2], [2])


@pytest.mark.parametrize("most", range(STEPS))
def test_one_that_does_not_fit_alone_fails_with_its_reason(most: int) -> None:
    whole = steps(range(3), most, fails=True)
    reports, states = told(train(whole, one_by_one(1), REASONS))
    assert [one[1] for one in reports if 1 in one][-1] == Report(max(most, 1), {}, None, "second")
    others = [{p: r for p, r in one.items() if p != 1} for one in reports]
    assert others == [{p: r for p, r in one.items() if p != 1} for one in WHOLE[0]]
    assert states == {0: b"0", 2: b"2"}


def test_a_trial_that_is_a_cohort_by_itself_is_not_begun_again() -> None:
    def again() -> Reports:
        raise AssertionError("begun again")

    found = told(train(steps([0], 1, fails=True), [again], ["too large"]))
    assert found == ([{0: Report(1, {"x": 0.0}, 0.0)}, {0: Report(1, {}, None, "too large")}], {})


def test_the_caller_may_stop_at_any_time_amid_it() -> None:
    closed = []

    def alone() -> Reports:
        try:
            yield from steps([0])
        finally:
            closed.append(True)
        return {}

    going = train(steps(range(2), 0, fails=True), [alone, alone], REASONS)
    assert next(going) == {}
    going.close()
    assert closed == [True]


def test_networks_that_are_too_wide_fail_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a memory that takes one member of 60 units."""
    begun = training.train

    def little(architecture: Any, members: Any, *rest: Any) -> Generator[Any, Any, None]:
        if sum(member.widths[0] for member in members) > 60:
            raise MemoryError
        yield from begun(architecture, members, *rest)

    study = study_with(DECAY)
    trials = [
        replace(one, parameters={**one.parameters, "width_1": width})
        for one, width in zip((*TRIALS[:2], DIVERGING), (50, 70, 50), strict=True)
    ]
    trainer = study.objective.open(study.seed, None)
    section = study.objective.training
    expected = [drained(trainer.train(section, [one], ORDER_SEED))[0] for one in trials]
    monkeypatch.setattr(training, "train", little)
    reports, _ = drained(trainer.train(section, trials, ORDER_SEED))
    found: list[list[Report]] = [[one[p] for one in reports if p in one] for p in range(3)]
    assert found[0] == [one[0] for one in expected[0]]
    assert repr(found[2]) == repr([one[0] for one in expected[2]])  # of NaN, which is not itself
    (failed,) = found[1]
    assert failed.reason == "not enough memory for a network of widths 70-50 (1 MB)"
    assert not failed.diverged
