"""The pure half of the progress: who is best so far, and how long the rest takes."""

import io
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest
from rich.console import Console

from search.ledger.records import Stint
from search.objective.metric import Metric
from search.study.reading import load
from search.views.terminal.progress import RunView, best_of, pace_of, seconds_left
from tests.search.views.timed import TimedStudy

NAMES = ("coarse", "fine")


def test_the_best_is_of_the_stages_that_search(study: Any, stage: Any, trial: Any) -> None:
    states = [
        stage("coarse", best=trial(value=0.8)),
        stage("fine", best=trial(stage="fine", value=0.9)),
        stage("finest"),
        stage("final", best=trial(stage="final", value=0.99)),
    ]
    best = best_of(study, states)
    assert best is not None
    assert (best.stage, best.value) == ("fine", 0.9)


def test_of_equals_the_first_is_best(study: Any, stage: Any, trial: Any) -> None:
    states = [stage("coarse", best=trial()), stage("fine", best=trial(stage="fine"))]
    assert best_of(study, states) == trial()


def test_there_is_no_best_before_a_trial_has_a_value(study: Any, stage: Any) -> None:
    assert best_of(study, [stage("coarse", state="open"), stage("fine")]) is None
    assert best_of(study, []) is None


def stint(claimed: float, finished: float | None, steps: int) -> Stint:
    return Stint("w", "coarse", (0, 3), claimed, finished, steps)


def test_the_rest_takes_as_long_as_its_epochs_at_the_pace_so_far(stage: Any) -> None:
    states = [
        stage("coarse", state="finished", steps_done=80),
        stage("fine", state="open", steps_done=20),
        stage("finest"),
    ]
    # 100 epochs in 50 seconds; 60 of this stage and 80 of the next are left.
    assert seconds_left(states, 2.0) == pytest.approx(70.0)
    assert seconds_left(states, None) is None
    assert seconds_left([stage("coarse", state="finished", steps_done=30)], 2.0) == 0.0


def test_a_pace_counts_the_time_in_which_somebody_trained() -> None:
    two_at_once = [stint(0, 10, 40), stint(5, 15, 40)]
    assert pace_of(two_at_once, 1000.0) == pytest.approx(80 / 15)
    behind_a_pause = [*two_at_once, stint(900, None, 20)]
    assert pace_of(behind_a_pause, 910.0) == pytest.approx(100 / 25)
    assert pace_of([], 10.0) is None
    assert pace_of([stint(900, None, 0)], 910.0) is None  # nothing is reported yet


def test_a_better_value_that_does_not_compare_is_not_the_best(stage: Any, trial: Any) -> None:
    other, own = trial(stage="coarse", value=0.9), trial(stage="fine", value=0.5)
    states = [stage("coarse", best=other), stage("fine", best=own)]
    study: Any = TimedStudy(load("digits"))
    study.objective, study.contenders = load("digits").objective, lambda: ("fine",)
    assert best_of(study, states) == own
    assert best_of(study, states[:1]) == other  # better than nothing, before there is one


def test_of_a_search_that_minimises_the_least_is_best(study: Any, stage: Any, trial: Any) -> None:
    slow, quick = trial(value=0.8), trial(stage="fine", value=0.3)
    states = [stage("coarse", best=slow), stage("fine", best=quick)]
    timed: Any = TimedStudy(study)
    assert best_of(timed, states) == quick


def test_a_unit_is_shown_as_it_is_and_never_read_as_markup(
    search: Any, stage: Any, trial: Any
) -> None:
    timed: Any = TimedStudy(search.study)
    timed.objective = replace(timed.objective, score=Metric("time", unit="[/s] [red]"))
    stages = [stage("coarse", state="open", best=trial(value=0.25))]
    nothing = Mock(return_value=[])
    read = Mock(stages=lambda _: stages, trials=nothing, stints=nothing)
    ledger = Mock(changes=Mock(), read=read)
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with RunView(console, ledger, replace(search, study=timed)) as view:
        view.update(now=True)
    assert "best single 0.25 [/s] [red]" in console.file.getvalue()  # type: ignore[attr-defined]


def test_the_best_is_told_once_a_look_and_is_no_worse_than_what_has_a_line(
    search: Any, stage: Any, trial: Any
) -> None:
    """Trials go on ending between the two reads of a look."""
    ended: list[Any] = []
    to_end: list[Any] = []

    def trials(*_: object, **__: object) -> list[Any]:
        found = list(ended)
        ended.extend(to_end[:1])
        return found

    def stages(_: object) -> list[Any]:
        found = []
        for name in NAMES:
            own = [one for one in ended if one.stage == name]
            best = max(own, key=lambda one: one.value, default=None)
            found.append(stage(name, state="open", trials=9, best=best))
        ended.extend(to_end[:1])
        return found

    read = Mock(stages=stages, trials=trials, stints=lambda *_: [], clock=lambda: 0.0)
    console = Console(file=io.StringIO(), width=200)
    view = RunView(console, Mock(changes=Mock(), read=read), search)
    ended += [trial(value=0.5), trial(id=2, stage="fine", value=0.75)]
    to_end += [trial(id=3, stage="fine", number=1, value=0.875)]
    view.update(now=True)
    lines = [line for line in console.file.getvalue().splitlines() if "#" in line]  # type: ignore[attr-defined]
    assert [line.split(":")[0].strip() for line in lines] == ["coarse #0", "fine #0"]
    assert ["best single 87.50 %" in line for line in lines] == [False, True]


def test_why_a_stage_ended_early_is_told_behind_its_last_trials(
    search: Any, stage: Any, trial: Any
) -> None:
    coarse, ended = stage("coarse", state="open", explanation="as told"), list[Any]()
    read = Mock(stages=lambda _: [coarse], trials=lambda *_, **__: ended, stints=lambda *_: [])
    read.clock = lambda: 0.0
    console = Console(file=io.StringIO(), width=200)
    view = RunView(console, Mock(changes=Mock(), read=read), search)
    view.update(now=True)
    ended.append(trial())
    coarse = replace(coarse, state="finished", explanation="as told\nstopped after 1 of 9 trials")
    view.update(now=True)
    view.update(now=True)
    lines = [line.strip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]
    assert lines[1] == "as told"
    assert lines[-2].startswith("coarse #0")
    assert lines[-1] == "stopped after 1 of 9 trials"
    assert lines.count("as told") == 1


def test_trials_that_ended_by_a_clock_that_was_ahead_hide_none_that_end_later(
    search: Any, stage: Any, trial: Any
) -> None:
    ended = [trial(finished_at=8_000.0)]

    def trials(*_: object, since: float) -> list[Any]:
        return [one for one in ended if one.finished_at >= since]

    read = Mock(stages=lambda _: [stage("coarse", state="open")], trials=trials)
    read.clock, read.stints = (lambda: 1_000.0), (lambda *_: [])
    console = Console(file=io.StringIO(), width=200)
    view = RunView(console, Mock(changes=Mock(), read=read), search)
    ended.append(trial(id=2, number=1, finished_at=1_000.0))
    view.update(now=True)
    assert "coarse #1" in console.file.getvalue()  # type: ignore[attr-defined]
