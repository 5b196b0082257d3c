"""Finalists come from stages whose values compare with the last stage's."""

import pytest

from search.study.file import Study, study_of

RATE = {"learning_rate": {"low": 0.01, "high": 0.1}}
DECAY = {"weight_decay": {"low": 1e-6, "high": 1e-2}}
ZOOM = {"rule": "decades", "decades": 1}
FIRST = {"name": "first", "trials": 3, "box": RATE}


def study_with(*stages: dict[str, object], **final: object) -> Study:
    return study_of({"name": "own", "stages": list(stages), "final": final})


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"zoom": ZOOM}, ("first", "second")),
        ({"box": RATE}, ("first", "second")),
        ({"zoom": ZOOM, "box": DECAY}, ("second",)),
        ({"box": DECAY}, ("second",)),
        ({"zoom": ZOOM, "training": {"momentum": 0.5}}, ("second",)),
        ({"box": RATE, "training": {"schedule": {"kind": "constant", "epochs": 2}}}, ("second",)),
    ],
)
def test_the_last_stage_and_those_that_compare_with_it(
    second: dict[str, object], expected: tuple[str, ...]
) -> None:
    study = study_with(FIRST, {"name": "second", "trials": 2} | second)
    assert study.contenders() == expected


def test_an_earlier_stage_may_compare_although_one_between_does_not() -> None:
    between = {"name": "between", "trials": 2, "box": DECAY}
    study = study_with(FIRST, between, {"name": "last", "trials": 2, "box": RATE})
    assert study.contenders() == ("first", "last")


def test_more_finalists_than_comparable_trials_are_refused() -> None:
    last = {"name": "last", "trials": 2, "box": DECAY}
    with pytest.raises(Exception, match="found 3, but last, which finalists come from, have 2"):
        study_with(FIRST, last, finalists=3)
    assert study_with(FIRST, last, finalists=2).final.finalists == 2


CYCLES = {"kind": "cycles", "cycles": 1, "half_cycle_epochs": 1}


def test_a_searched_floor_is_the_only_floor() -> None:
    """Finalists bring their own floor, so [training]'s, which may be higher, bounds no zoom."""
    both = RATE | {"learning_rate_min": {"low": 1e-6, "high": 1e-4}}
    study = study_of(
        {
            "name": "own",
            "training": {"learning_rate_min": 0.5, "schedule": CYCLES},
            "stages": [
                {"name": "first", "trials": 3, "box": both},
                {"name": "second", "trials": 2, "zoom": ZOOM},
            ],
        }
    )
    low = study.natural_limits(study.stages[1])["learning_rate"].low
    assert low == pytest.approx(1e-4)


def test_the_finals_floor_holds_for_stages_that_finalists_come_from_alone() -> None:
    """What is trained otherwise, at rates below that floor, is never trained by the final."""
    low_rates = {"learning_rate": {"low": 1e-6, "high": 1e-1}}
    study = study_of(
        {
            "name": "own",
            "stages": [
                {"name": "first", "trials": 3, "box": low_rates},
                {"name": "second", "trials": 2, "zoom": ZOOM},
                {
                    "name": "last",
                    "trials": 2,
                    "box": RATE,
                    "training": {"schedule": {"kind": "constant", "epochs": 2}},
                },
            ],
            "final": {"training": {"schedule": CYCLES}},
        }
    )
    assert study.contenders() == ("last",)
    low = study.natural_limits(study.stages[1])["learning_rate"].low
    assert low is None or low < 1e-6


def test_a_batch_size_that_no_trial_uses_is_not_held_against_the_images() -> None:
    few = {"source": "digits", "validation": 1_470}
    searched = {"trials": 2, "box": {"batch_size": {"low": 4, "high": 16}}}
    study = study_of({"name": "few", "data": few, "stages": [searched]})
    assert study.data.rows == 30 < study.training.batch_size
    with pytest.raises(Exception, match="found 100; there are 30 training images: give 30 or"):
        study_of({"name": "few", "data": few, "stages": [FIRST]})
