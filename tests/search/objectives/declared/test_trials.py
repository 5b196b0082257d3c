"""Attempts at a cohort that are made up: who is tried again, who rests, what is told when."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from search.objective.metric import Metric
from search.objective.report import Report
from search.objectives.declared.checkpoints import State
from search.objectives.declared.reports import Judge
from search.objectives.declared.trials import Asked, Attempt, Cohort, Given, Rules, Run, reason
from search.objectives.faults import DoubtfulError, TrialError

JUDGE = Judge((Metric("loss"),), Metric("loss"), "last")

Script = Callable[[Sequence[Given]], Iterator[Any]]


class Made:
    """Attempts by script: each yields places and records, and raises or returns what it likes."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self.given: list[Sequence[Given]] = []
        self.closed = 0

    def __call__(self, given: Sequence[Given], _until: int | None, asked: Asked) -> Attempt:
        self.given.append(given)
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        try:
            for event in script(given):
                yield event
                if asked.enough():
                    break
        finally:
            self.closed += 1
        return [None] * len(given)


def reports_of(
    made: Run,
    *,
    tries: int = 1,
    steps: int | None = None,
    until: int | None = None,
    start: Sequence[bytes] = (),
    count: int = 1,
) -> tuple[list[dict[int, Report]], dict[int, bytes]]:
    rules = Rules(JUDGE, tries, steps, until)
    told = []
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder, "cohort")
        training = Cohort(made, rules, [{}] * count, range(count), start, own).train()
        while True:
            try:
                told.append(dict(next(training)))
            except StopIteration as end:
                assert not own.exists()
                return [one for one in told if one], end.value


def keep(given: Given, name: str, text: str) -> None:
    given.checkpoints.mkdir(parents=True, exist_ok=True)
    (given.checkpoints / name).write_text(text)


def losses(*steps: int, place: int = 0, fails: str = "") -> Script:
    def script(_: Sequence[Given]) -> Iterator[Any]:
        for step in steps:
            yield place, {"step": step, "loss": float(step)}
        if fails:
            raise TrialError(fails)

    return script


def steps_of(told: Sequence[dict[int, Report]], place: int = 0) -> list[int]:
    return [one[place].step for one in told if place in one and one[place].reason is None]


def test_a_second_attempt_tells_what_is_new() -> None:
    made = Made(losses(1, 2, fails="no"), losses(1, 2, 3))
    told, _ = reports_of(made, tries=2)
    assert steps_of(told) == [1, 2, 3]
    assert made.closed == 2


def test_a_doubtful_fault_costs_no_try() -> None:
    def doubtful(_: Sequence[Given]) -> Iterator[Any]:
        yield 0, {"step": 1, "loss": 1.0}
        raise DoubtfulError("it may be another's")

    made = Made(doubtful, losses(1, 2, fails="one"), losses(1))
    told, _ = reports_of(made)
    assert steps_of(told) == [1, 2]
    assert told[-1] == {0: Report(2, {}, None, "one")}


def test_the_last_fault_is_the_reason() -> None:
    told, _ = reports_of(Made(losses(1, fails="one"), losses(1, fails="two")), tries=2)
    assert told[-1] == {0: Report(1, {}, None, "two")}


def test_each_attempt_has_a_folder_of_its_own() -> None:
    def keeps(given: Sequence[Given]) -> Iterator[Any]:
        assert not given[0].checkpoints.exists()
        keep(given[0], "half", "x")
        raise TrialError("no")
        yield

    made = Made(keeps)
    reports_of(made, tries=3)
    assert len({given[0].scratch for given in made.given}) == 3
    assert not made.given[0][0].scratch.exists()


def test_only_those_of_a_cohort_are_tried_again_that_failed() -> None:
    def one_fails(given: Sequence[Given]) -> Iterator[Any]:
        for place, one in enumerate(given):
            yield place, {"loss": float("nan") if one.seed == 1 and len(made.given) == 1 else 1.0}

    made = Made(one_fails)
    told, _ = reports_of(made, tries=2, count=3)
    assert [[one.seed for one in given] for given in made.given] == [[0, 1, 2], [1]]
    assert [steps_of(told, place) for place in range(3)] == [[1], [1], [1]]


def test_what_comes_after_a_rung_waits_with_the_checkpoints_that_are_past_it() -> None:
    def ahead(given: Sequence[Given]) -> Iterator[Any]:
        keep(given[0], "step", "3")
        yield 0, {"step": 2, "loss": 2.0}
        yield 0, {"step": 3, "loss": 3.0}

    def stays(given: Sequence[Given], _: Any, __: Any) -> Attempt:
        yield from ahead(given)
        return [None]

    told, states = reports_of(stays, steps=4, until=2)
    assert steps_of(told) == [2]
    assert list(State.of(states[0]).ahead) == [{"step": 3, "loss": 3.0}]
    told, _ = reports_of(Made(losses(4)), steps=4, start=[states[0]])
    assert steps_of(told) == [3, 4]


def test_checkpoints_that_miss_a_step_are_cast_aside_without_costing_a_try() -> None:
    def keeps(given: Sequence[Given]) -> Iterator[Any]:
        keep(given[0], "step", "3")
        yield 0, {"step": 1, "loss": 1.0}
        yield 0, {"step": 2, "loss": 2.0}

    _, states = reports_of(Made(keeps), steps=5, until=2)
    made = Made(losses(4, 5), losses(1, 2, 3, 4, 5))
    told, _ = reports_of(made, steps=5, start=[states[0]])
    assert steps_of(told) == [3, 4, 5]
    assert [bool(given[0].scratch) for given in made.given] == [True, True]


def test_checkpoints_that_cannot_be_put_back_are_cast_aside_without_costing_a_try() -> None:
    def keeps(given: Sequence[Given]) -> Iterator[Any]:
        given[0].checkpoints.mkdir(parents=True)
        (given[0].checkpoints / "kept").write_text("2")
        (given[0].checkpoints / "outside").symlink_to("/usr")
        yield 0, {"step": 1, "loss": 1.0}
        yield 0, {"step": 2, "loss": 2.0}

    _, states = reports_of(Made(keeps), steps=4, until=2)

    def afresh(given: Sequence[Given]) -> Iterator[Any]:
        assert not given[0].checkpoints.exists()
        yield from losses(1, 2, 3, 4)(given)

    told, _ = reports_of(Made(afresh), steps=4, start=[states[0]])
    assert steps_of(told) == [3, 4]
    assert not any(report.reason for one in told for report in one.values())


def test_a_trial_that_reports_now_and_then_misses_nothing() -> None:
    def keeps(given: Sequence[Given]) -> Iterator[Any]:
        keep(given[0], "step", "20")
        yield 0, {"step": 10, "loss": 1.0}
        yield 0, {"step": 20, "loss": 2.0}

    _, states = reports_of(Made(keeps), until=20)
    made = Made(losses(30, 40))
    told, _ = reports_of(made, start=[states[0]])
    assert steps_of(told) == [30, 40]
    assert len(made.given) == 1


def test_a_reason_is_cut_where_it_is_long() -> None:
    text = reason(TrialError("it failed", "x" * 3000 + "end"))
    assert text.startswith("it failed\n…x")
    assert text.endswith("xend")
    assert len(text) == 2000
    assert reason(TrialError("y" * 3000, "out")) == "y" * 2000
    assert reason(TrialError("it failed", "out")) == "it failed\nout"
    assert reason(TrialError("a\0b\ud800", "c\x1b[31m\nd")) == "a\ufffdb\ufffd\nc\ufffd[31m\nd"
