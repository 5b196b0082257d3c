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
