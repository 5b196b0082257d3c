"""Each rule for reports, and the one message that breaking it costs."""

import math

import pytest

from search.objective.metric import Metric
from search.objective.report import Report
from search.objectives.declared.metrics import ScoredBy
from search.objectives.declared.reports import Judge, Progress
from search.objectives.faults import TrialError

LOSS, ACCURACY = Metric("loss"), Metric("accuracy", "maximize")


def judge(by: ScoredBy = "last", score: Metric = LOSS) -> Judge:
    return Judge((LOSS, ACCURACY), score, by)


def after(judge: Judge, *records: dict[str, object]) -> Progress:
    progress = Progress()
    for record in records:
        progress = judge.next(progress, record)
    return progress


def test_a_report_has_every_metric_of_the_study() -> None:
    progress = after(judge(), {"step": 3, "loss": 1, "accuracy": 0.5})
    assert judge().report(progress) == Report(3, {"loss": 1.0, "accuracy": 0.5}, 1.0)
    assert math.isnan((after(judge(), {"step": 3, "loss": 1}).metrics or {})["accuracy"])


def test_steps_count_on_where_none_is_given() -> None:
    assert after(judge(), {"loss": 1}, {"loss": 1}).step == 2
    assert after(judge(), {"step": 5, "loss": 1}, {"loss": 1}).step == 6
    assert after(judge(), {"step": 5.0, "loss": 1}).step == 5


@pytest.mark.parametrize(
    ("by", "score", "value"),
    [("last", LOSS, 3.0), ("best", LOSS, 1.0), ("last", ACCURACY, 0.2), ("best", ACCURACY, 0.9)],
)
def test_the_last_or_the_best_value_counts(by: ScoredBy, score: Metric, value: float) -> None:
    records = [{"loss": 2, "accuracy": 0.5}, {"loss": 1, "accuracy": 0.9}]
    assert after(judge(by, score), *records, {"loss": 3, "accuracy": 0.2}).value == value


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"step": 2, "loss": 1}, "step 2 is reported twice; report all its metrics at once"),
        ({"step": 1, "loss": 1}, "step 1 is reported after step 2; report steps as they rise"),
        ({"step": 0, "loss": 1}, "found 0 as the step of a report; give 1, 2, 3, …"),
        ({"step": "3", "loss": 1}, 'found "3" as the step of a report; give 1, 2, 3, …'),
        ({"step": True, "loss": 1}, "found true as the step of a report; give 1, 2, 3, …"),
        ({"step": 2.5, "loss": 1}, "found 2.5 as the step of a report; give 1, 2, 3, …"),
        (
            {"accuracy": 1},
            "step 3 reports no loss, by which trials are ranked; report it with each step",
        ),
        (
            {"loss": math.nan},
            "step 3 reports NaN as loss, by which trials are ranked; report a finite number",
        ),
        (
            {"loss": -math.inf},
            "step 3 reports -inf as loss, by which trials are ranked; report a finite number",
        ),
        ({"loss": "0.3"}, 'step 3 reports "0.3" as loss; report a number'),
        ({"loss": True}, "step 3 reports true as loss; report a number"),
        ({"loss": None}, "step 3 reports null as loss; report a number"),
        ({"loss": [1]}, "step 3 reports a list as loss; report a number"),
        ({"loss": 1, "accuracy": "a"}, 'step 3 reports "a" as accuracy; report a number'),
        (
            {"loss": 1, "acc": 1},
            'step 3 reports "acc", which is no metric of the study file; known there: loss, '
            "accuracy",
        ),
        (
            {"loss": 10**400},
            "step 3 reports inf as loss, by which trials are ranked; report a finite number",
        ),
    ],
)
def test_a_report_that_breaks_a_rule(record: dict[str, object], message: str) -> None:
    before = after(judge(), {"step": 2, "loss": 2})
    with pytest.raises(TrialError) as caught:
        judge().next(before, record)
    assert str(caught.value) == message


def test_another_metric_than_the_score_may_be_nan() -> None:
    progress = after(judge(), {"loss": 1, "accuracy": math.nan})
    assert judge().report(progress).finite() == {"loss": 1.0, "accuracy": None}


def test_what_is_returned_is_the_first_report_or_the_last_value() -> None:
    first = judge().returned(Progress(), {"loss": 2.0})
    assert (first.step, first.value) == (1, 2.0)
    last = judge().returned(after(judge(), {"loss": 3}, {"loss": 4}), {"loss": 2.0})
    assert (last.step, last.value, last.metrics and last.metrics["loss"]) == (2, 2.0, 4.0)


def test_a_failed_trial_has_a_reason_and_no_new_step() -> None:
    report = judge().failed(after(judge(), {"loss": 3}, {"loss": 4}), "no luck")
    assert report == Report(2, {}, None, "no luck", diverged=False)
