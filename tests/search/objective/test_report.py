"""A report can be stored wherever numbers can."""

import json
import math

from search.objective.report import Assignment, Evaluation, Report


def test_numbers_stay_as_they_are_bit_for_bit() -> None:
    metrics = {"loss": 0.1 + 0.2, "rate": 5e-324, "accuracy": 0.0, "cost": -1e308}
    report = Report(3, metrics, 0.5)
    assert json.loads(json.dumps(report.finite(), allow_nan=False)) == metrics
    assert list(report.finite()) == list(metrics)


def test_what_is_no_finite_number_is_none() -> None:
    report = Report(1, {"a": math.nan, "b": math.inf, "c": -math.inf, "d": 1.0})
    assert report.finite() == {"a": None, "b": None, "c": None, "d": 1.0}


def test_a_trial_that_goes_on_has_no_reason_and_need_not_have_a_value() -> None:
    report = Report(1, {})
    assert (report.value, report.reason, report.diverged) == (None, None, False)


def test_equal_assignments_are_one_and_an_evaluation_may_keep_nothing() -> None:
    assert Assignment({"a": 1}, 3) == Assignment({"a": 1}, 3) != Assignment({"a": 1}, 4)
    assert Evaluation({}, (None,)).attachments == {}
