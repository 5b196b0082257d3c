"""A mean over several trainings is told with its standard error, and another value without."""

import math

import pytest

from search.objective.report import Report
from search.study.file import study_of
from search.views.reading.spread import error_of, value_text

STAGE = {"name": "one", "trials": 2, "box": {"learning_rate": {"low": 1e-3, "high": 0.1}}}
FOLDED = study_of({"name": "x", "data": {"folds": 5}, "stages": [STAGE]}).objective
PLAIN = study_of({"name": "x", "stages": [STAGE]}).objective


def reports(*errors: float) -> list[Report]:
    return [
        Report(step, {"validation_accuracy_se": error}, 0.9)
        for step, error in enumerate(errors, start=1)
    ]


@pytest.mark.parametrize(
    ("errors", "error", "text"),
    [
        ([], None, "90.00 %"),
        ([0.1, 0.0125], 0.0125, "90.00 % ± 1.25"),
        ([0.1, math.nan], None, "90.00 %"),
    ],
)
def test_the_error_is_that_of_the_last_report(
    errors: list[float], error: float | None, text: str
) -> None:
    assert error_of(FOLDED, reports(*errors)) == error
    assert value_text(FOLDED, 0.9, reports(*errors)) == text


def test_without_folds_there_is_none() -> None:
    assert error_of(PLAIN, reports(0.1)) is None
    assert value_text(PLAIN, 0.9, reports(0.1)) == "90.00 %"
    assert value_text(FOLDED, None, reports(0.1)) == "–"
