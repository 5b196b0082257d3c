"""What of a recorded study may change, and a study with one stage more."""

import pytest

from search.errors import StudyFileError
from search.study.extension import fixed_differences, with_more_trials
from search.study.file import Study, study_of
from search.study.reading import load


@pytest.fixture(scope="module")
def study() -> Study:
    return load("digits")


@pytest.mark.parametrize(
    ("overrides", "planned", "expected"),
    [
        (("stages.finest.trials=9", "final.seeds=5", "description='more'"), 2, []),
        (("stages.finest.trials=9",), 3, ["stages.finest.trials: 8 before, 9 now"]),
        (("stages.coarse.trials=9",), 0, []),
        (("stages.finest.training.dropout=0.2", "final.training.optimizer='adam'"), 2, []),
        (("training.dropout=0.2",), 2, ["training.dropout: 0.0 before, 0.2 now"]),
        (("seed=7",), 0, ["seed: 1 before, 7 now"]),
        (("data.validation=100",), 0, ["data.validation: 300 before, 100 now"]),
        (
            ("stages.finest.training.repeats=2",),
            2,
            [
                "metrics: learning_rate, train_cost, train_loss, train_accuracy, validation_cost, "
                "validation_loss, validation_accuracy before, learning_rate, train_cost, "
                "train_loss, train_accuracy, validation_cost, validation_loss, "
                "validation_accuracy_se, validation_accuracy now"
            ],
        ),
    ],
)
def test_what_is_planned_and_what_all_stages_share_must_stay(
    study: Study, overrides: tuple[str, ...], planned: int, expected: list[str]
) -> None:
    assert fixed_differences(study, load("digits", overrides), planned) == expected


def test_one_stage_more_draws_as_the_last_does(study: Study) -> None:
    more = with_more_trials(study, 5)
    last, added = more.stages[-2:]
    assert (added.name, added.trials, added.sampler) == ("more", 5, last.sampler)
    assert added.zoom is not None
    assert last.zoom is not None
    assert added.zoom.sources == (*last.zoom.sources, last.name)
    assert [stage.name for stage in with_more_trials(more, 2).stages[-2:]] == ["more", "more-2"]
    assert more.contenders() == (*study.contenders(), "more")


def test_a_sampler_that_learns_needs_more_than_start_points() -> None:
    box = {"learning_rate": {"low": 1e-3, "high": 1e-1}}
    stage = {"sampler": "tpe", "trials": 20, "generation": 5, "box": box}
    learning = study_of({"name": "a", "stages": [stage]})
    found = with_more_trials(learning, 16).stages[-1]
    assert (found.trials, found.generation, found.zoom) == (16, 5, None)
    with pytest.raises(StudyFileError, match="trials of a stage like stage-1: found 10, but the"):
        with_more_trials(learning, 10)


def test_a_list_of_points_has_no_more() -> None:
    listed = study_of(
        {"name": "a", "stages": [{"sampler": "points", "points": [{"learning_rate": 0.1}]}]}
    )
    with pytest.raises(StudyFileError) as caught:
        with_more_trials(listed, 4)
    assert str(caught.value) == (
        "a: the last stage, stage-1, has the trials of its points, so it cannot have more; give a "
        "study file with a stage behind it: --stages FILE"
    )
