"""`strategy = "auto"` is written out as stages and a final."""

from typing import Any

import pytest

from search.plan.plan import expected_trials, steps
from search.study.file import FaultyStudyError, Study, study_of

BOX = {"learning_rate": {"low": 1e-4, "high": 1.0}, "weight_decay": {"low": 1e-6, "high": 0.1}}
BUDGET = {"trainings": 64}
TRIALS = 48  # of those 64; the others race


def auto(**changes: Any) -> Study:
    given = {"name": "own", "strategy": "auto", "budget": BUDGET, "box": BOX} | changes
    return study_of({key: value for key, value in given.items() if value is not None})


@pytest.mark.parametrize("trainings", [24, 32, 47, 48, 64, 95, 96, 128, 255, 256, 1000])
def test_the_whole_search_takes_as_many_trainings_as_it_may(trainings: int) -> None:
    study = auto(budget={"trainings": trainings})
    coarse, fine = study.stages
    race = study.final.rounds
    assert sum(expected_trials(study, one) for one in steps(study)[:-1]) == trainings
    assert race[0].candidates < coarse.trials
    assert abs(coarse.trials - fine.trials) <= 1
    assert fine.sampler == ("sobol" if trainings < 26 else "tpe")
    assert fine.generation is None or 4 <= fine.generation <= 32
    assert race[-1].candidates == study.final.finalists
    assert coarse.trials + fine.trials >= trainings * 0.4


def test_it_is_the_study_of_the_stages_that_it_writes() -> None:
    coarse = {"name": "coarse", "sampler": "sobol", "trials": TRIALS // 2, "box": BOX}
    zoom = {"rule": "quantile", "quantile": 0.25}
    fine = {"name": "fine", "sampler": "tpe", "trials": TRIALS // 2, "generation": 4, "zoom": zoom}
    final = {"candidates": 8, "finalists": 4, "seeds": 3, "train_on": "training+validation"}
    explicit = study_of({"name": "own", "stages": [coarse, fine], "final": final})
    made = auto(final={"train_on": "training+validation"})
    assert made == explicit
    assert study_of(made.canonical()) == made


def test_hyperparameters_of_ones_own_training_are_the_ranges() -> None:
    study = auto(
        box=None,
        objective={"kind": "function", "function": "own:train"},
        hyperparameters=BOX,
        metrics=[{"name": "loss", "direction": "minimize"}],
    )
    assert set(study.stages[0].boxes[0].ranges) == set(BOX)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"strategy": "best"}, 'strategy: found "best", which is no strategy; known here: auto'),
        ({"strategy": 1}, 'strategy: found 1, which is no strategy; give "auto"'),
        ({"strategy": None}, 'budget.trainings: found without a strategy; give strategy = "auto"'),
        ({"stages": []}, "strategy: found beside stages; give one of the two"),
        ({"budget": None}, "budget: missing; give how many trainings the search may take"),
        ({"budget": {"trainings": 23}}, "budget.trainings: found 23; give 24 or more"),
        ({"budget": {"hours": 2}}, "budget.trainings: missing; give how many trainings"),
        ({"budget": {"trainings": 64, "hours": 0}}, "budget.hours: found 0; give more than 0"),
        ({"budget": {"trainings": 64, "days": 2}}, "budget.days: unknown key"),
        ({"final": {"seeds": 3}}, "final.seeds: found beside a strategy; leave it out"),
        ({"final": 3}, "final: found 3; give a table"),
        ({"box": None}, "box: missing; give the ranges to search"),
        ({"box": {"learning_rat": BOX["learning_rate"]}}, "box.learning_rat: "),
        ({"box": {"learning_rate": {"low": 1.0, "high": 0.1}}}, "box.learning_rate: low must not"),
        ({"box": {"width_3": {"low": 8, "high": 64}}}, "box.width_3: "),
    ],
)
def test_what_is_wrong_is_told_where_the_file_has_it(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(FaultyStudyError) as caught:
        auto(**changes)
    assert str(caught.value).startswith(said)
