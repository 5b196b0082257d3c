"""When nothing improves: decided by the trials' numbers, values and the one ranking."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from search.plan.generations import plan_generation
from search.plan.plan import plan, step_of
from search.plan.stopping import Ending, ending
from search.plan.trial import Trial
from search.study.file import Study, study_of

BOX = {"momentum": {"low": 0.1, "high": 0.9}}


def study_with(stop: dict[str, Any], **stage: Any) -> Study:
    whole = {"name": "only", "sampler": "sobol", "trials": 20, "box": BOX, "stop": stop} | stage
    return study_of({"name": "own", "stages": [whole]})


def ended(
    study: Study, values: Sequence[float | None], pruned: Sequence[int] = ()
) -> Ending | None:
    box = study.stages[0].boxes[0]
    trials = [
        Trial("only", n, {"momentum": 0.5}, value, box, 1 if n in pruned else None)
        for n, value in enumerate(values)
    ]
    random.Random(1).shuffle(trials)  # the order in which they came in
    return ending(study, step_of(study, 1), trials)


def test_a_stage_ends_where_so_many_in_a_row_bring_nothing_better() -> None:
    study = study_with({"after": 3})
    assert ended(study, [0.5, 0.6, 0.6, 0.1]) is None
    found = ended(study, [0.5, 0.6, 0.6, 0.1, None])
    assert found is not None
    said = "stopped after 5 of 20 trials: none of the last 3 was better than #1, 60.00 %"
    assert found == Ending("stop", said, 15)
    assert ended(study, [0.5, 0.6, 0.6, 0.1, 0.7]) is None


def test_smaller_values_are_better_where_the_score_says_so() -> None:
    document = {"name": "own", "objective": {"score": "log_loss"}}
    stage = {"name": "only", "sampler": "random", "trials": 20, "box": BOX, "stop": {"after": 2}}
    study = study_of(document | {"stages": [stage]})
    assert ended(study, [0.5, 0.6, 0.7]) is not None
    assert ended(study, [0.7, 0.6, 0.5]) is None


def test_small_steps_count_once_they_add_up_to_more_than_the_difference() -> None:
    study = study_with({"after": 3, "min_delta": 0.01})
    found = ended(study, [0.5, 0.504, 0.508, 0.51])
    assert found is not None
    assert found.text.endswith("better than #0, 50.00 %, by more than 1.00 %")
    assert ended(study, [0.5, 0.504, 0.508, 0.511]) is None


def test_it_is_counted_from_the_first_value_on_and_dropped_trials_bring_nothing() -> None:
    study = study_with({"after": 2})
    assert ended(study, [None] * 8) is None
    assert ended(study, [None, None, None, 0.5, None]) is None
    assert ended(study, [0.5, 0.9, 0.9], pruned=[1, 2]) is not None
    assert ended(study, [0.5, 0.9, 0.9], pruned=[1]) is None


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_a_sampler_that_does_not_learn_draws_the_same_points_in_parts(sampler: str) -> None:
    study = study_with({"after": 8}, sampler=sampler)
    whole = study_of(
        {"name": "own", "stages": [{"name": "only", "sampler": sampler, "trials": 20, "box": BOX}]}
    )
    step = step_of(study, 1)
    assert step.generations == 3
    made = plan(study, step, [])
    trials = [*made.trials]
    for generation in (1, 2):
        told = [Trial("only", t.number, t.parameters, 0.5, made.boxes[0]) for t in trials]
        trials += plan_generation(study, step, generation, made.boxes, told).trials
    assert tuple(trials) == plan(whole, step_of(whole, 1), []).trials
