"""What a budget by the clock cuts: nothing that fits, and of the rest a share of each stage."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from search.plan.budget import (
    Shortage,
    Standing,
    first_cohort,
    in_steps,
    later_rungs,
    shortage,
    work,
)
from search.plan.plan import steps
from search.study.file import Study, study_of

BOX = {"momentum": {"low": 0.1, "high": 0.9}}
COMMAND: dict[str, Any] = {
    "objective": {"kind": "command", "command": ["true"]},
    "hyperparameters": {"momentum": {"low": 0.1, "high": 0.9}},
    "metrics": [{"name": "loss", "direction": "minimize"}],
}


def study_with(hours: float = 1.0, final: Mapping[str, Any] | None = None, **coarse: Any) -> Study:
    """Two stages of 10 and 30 trials of 10 epochs, and finalists of 40 epochs."""
    stages = [
        {"name": "coarse", "trials": 10, "box": BOX} | coarse,
        {"name": "fine", "trials": 30, "box": BOX},
    ]
    given = {"finalists": 2, "seeds": 2} if final is None else final
    training = {"schedule": {"kind": "constant", "epochs": 10}}
    document = {"name": "own", "training": training, "stages": stages, "final": given}
    return study_of(document | {"budget": {"hours": hours}})


def standing(minutes: float, *done: float, workers: int = 1) -> Standing:
    seconds = 60 * minutes
    return Standing(seconds, dict(enumerate(done, start=1)), {}, workers * seconds, workers)


def test_work_is_counted_in_steps_where_they_are_known_and_else_in_trials() -> None:
    study = study_with()
    factor = study.objective.final_factor
    assert in_steps(study)
    assert work(study) == {1: 100, 2: 300, 3: 40, 4: pytest.approx(2 * 10 * factor)}
    own = study_of(COMMAND | {"name": "own", "stages": [{"trials": 8}], "final": {"finalists": 1}})
    assert not in_steps(own)
    assert work(own) == {1: 8}


def test_what_is_handed_out_first_is_the_largest_cohort_that_is_planned_next() -> None:
    learning = {"sampler": "tpe", "trials": 22, "generation": 4}
    study = study_with(**learning)
    coarse, fine, *_ = steps(study)
    # A generation of 4 is cut in two; the last has two trials, which stay together.
    assert [first_cohort(study, coarse, one) for one in (1, 4, 5)] == [20, 20, 20]
    assert first_cohort(study, fine, 0) == 80
    halved = study_with(halving={"keep": 0.5, "at": [3], "among": "stage"})
    assert first_cohort(halved, steps(halved)[0], 0) == 15
    own = study_of(COMMAND | {"name": "own", "stages": [{"trials": 8}], "final": {"finalists": 1}})
    assert first_cohort(own, steps(own)[0], 0) == 4


def test_nothing_is_cut_while_all_of_it_fits() -> None:
    study = study_with()
    # 10 epochs a minute: 40 minutes of searching, and a reserve of 5 and what the final takes.
    assert shortage(study, 1, standing(9.9, 99), 10, begun=True) is None
    assert shortage(study, 2, standing(30, 100, 200), 10, begun=True) is None


def test_without_a_pace_nothing_is_cut_before_the_end() -> None:
    study = study_with()
    assert shortage(study, 1, standing(0), 10, begun=False) is None
    assert shortage(study, 1, standing(59.9), 10, begun=True) is None
    assert shortage(study, 1, standing(60), 10, begun=True) == Shortage(1.0, 3600.0, 0.0)


def test_a_stage_that_does_not_fit_ends_with_its_share() -> None:
    study = study_with(final={"finalists": 1, "train_on": "training"})
    # 5 epochs a minute: 80 minutes of searching, of which the first stage has a quarter of what
    # the final's 10 epochs leave: 2 minutes, and a quarter more, of 60.
    share = (60 - 1.25 * 2 * study.objective.final_factor) / 4
    before = standing(share - 2.1, 5 * (share - 2.1))
    assert shortage(study, 1, before, 10, begun=True) is None
    assert shortage(study, 1, standing(share - 1.9, 5 * (share - 1.9)), 10, begun=True) is not None
    # A stage may begin as long as there is time, and ends with the time that is for searching.
    late = standing(4 * share - 2.1, 50, 5 * (4 * share - 2.1) - 50)
    assert shortage(study, 2, late, 10, begun=True) is None
    assert shortage(study, 1, late, 10, begun=False) is None
    later = standing(4 * share - 1.9, 50, 5 * (4 * share - 1.9) - 50)
    assert shortage(study, 2, later, 10, begun=False) is not None


def test_trials_that_failed_early_leave_no_work_behind() -> None:
    """Of 10 trials 5 failed in their first epoch, and 4 are trained: 10 epochs are left, not 60."""
    late = Standing(12.5 * 60, {1: 40.0}, {1: 4}, 40 / 8.5 * 60, 1.0)
    assert shortage(study_with(), 1, late, 10, begun=True) is not None
    assert shortage(study_with(), 1, replace(late, ended={1: 9}), 10, begun=True) is None


def test_the_time_in_which_processes_begin_says_nothing_of_the_pace() -> None:
    slow_start = Standing(600.0, {1: 80.0}, {}, 60.0, 1.0)
    assert shortage(study_with(), 1, slow_start, 10, begun=True) is None


def test_more_workers_take_longer_for_the_last_training_and_for_each_cohort() -> None:
    study = study_with(final={"finalists": 1})
    alone = shortage(study, 2, standing(58, 50, 200), 10, begun=True)
    shared = shortage(study, 2, standing(58, 50, 200, workers=2), 10, begun=True)
    assert alone is not None
    assert shared is not None
    assert shared.reserve == pytest.approx(2 * alone.reserve)


def test_what_follows_on_a_rung_is_kept_for_those_that_come_to_it() -> None:
    halved = study_with(halving={"keep": 0.5, "at": [2]})
    assert later_rungs(halved, steps(halved)[0]) == 5 * 8
    assert later_rungs(halved, steps(halved)[1]) == 0.0
    among = study_with(halving={"keep": 0.5, "at": [2], "among": "cohort"})
    assert later_rungs(among, steps(among)[0]) == 0.0


def test_it_is_told_in_a_sentence() -> None:
    assert Shortage(1.5, 3600.0, 600.0).text(24, 64) == (
        "cut after 24 of 64 trials by [budget] hours = 1.5: 1:00:00 were spent, and about 10:00 "
        "are kept for what follows the stages; 40 were never trained, and the search is no longer "
        "reproducible by its file alone"
    )
    assert "klayer extend own --stages FILE" in Shortage(1.5, 5400.0, 0.0).failure("own")
