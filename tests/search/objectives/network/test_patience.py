"""A trial that does not improve ends, at the same epoch whatever interrupts it; others go on."""

import math
from collections.abc import Mapping

import pytest

from search.errors import KlayerError
from search.ledger.ledger import Ledger
from search.ledger.opening import card_of
from search.objective.metric import Direction, Metric
from search.objective.report import Assignment, Report
from search.objectives.network import trials
from search.objectives.network.patience import Patience
from search.runtime.environment import environment
from tests.search.objectives.network.trainings import (
    ORDER_SEED,
    TRIALS,
    section_and_data,
    study_with,
    trained,
)
from tests.search.workers.serving import work

LONG = "training.schedule.epochs=8"
# Too slow a rate for the accuracy to rise in each epoch, and others.
GIVEN = (*TRIALS[:2], Assignment({"learning_rate": 1e-4, "weight_decay": 0.0}, 5))


def ends(scores: list[float], epochs: int, direction: Direction = "maximize") -> int | None:
    """After how many of these scores a trial ends; None if it does not."""
    patience = Patience(epochs, Metric("score", direction))
    for step, score in enumerate(scores, start=1):
        if patience.ended({0: Report(step, {"score": score}, score)}):
            return step
    return None


def test_it_ends_after_so_many_epochs_without_a_better_score() -> None:
    assert ends([0.1, 0.2, 0.2, 0.1, 0.3], 2) == 4
    assert ends([0.1, 0.2, 0.2, 0.3, 0.3], 2) is None
    assert ends([3, 2, 2.5, 1, 1, 1], 2, "minimize") == 6
    assert ends([math.nan, 0.1, math.nan, 0.2, math.nan], 2) is None
    assert ends([math.nan] * 3, 3) == 3
    assert Patience(None, Metric("score")).ended({0: Report(1, {"score": 1.0})}) == set()


def expected(whole: list[Mapping[int, Report]], patience: int) -> dict[int, list[Report]]:
    """The reports of each trial until it ends."""
    found: dict[int, list[Report]] = {}
    for place in range(len(GIVEN)):
        curve = [reports[place] for reports in whole]
        scores = [one.metrics["validation_accuracy"] for one in curve]
        found[place] = curve[: ends(scores, patience)]
    return found


def by_place(reports: list[Mapping[int, Report]]) -> dict[int, list[Report]]:
    return {place: [one[place] for one in reports if place in one] for place in range(len(GIVEN))}


@pytest.mark.parametrize("also", [(), ("data.folds=3",)])
def test_each_trial_of_a_cohort_ends_by_its_own_scores(also: tuple[str, ...]) -> None:
    precise = ("training.precision='float64'", LONG, *also)
    whole = trained(study_with(*precise), GIVEN)
    until = expected(whole, 1)
    lengths = {len(curve) for curve in until.values()}
    assert len(lengths) > 1
    study = study_with(*precise, "training.patience=1")
    found = by_place(trained(study, GIVEN))
    for place, curve in until.items():
        assert [one.step for one in found[place]] == [one.step for one in curve]
        assert found[place][-1].value == curve[-1].value
        assert found[place][-1].reason is None


@pytest.mark.parametrize("also", [(), ("data.repeats=2",)])
@pytest.mark.parametrize("after", [1, 2, 3])
def test_interrupted_it_is_the_same_bit_for_bit(after: int, also: tuple[str, ...]) -> None:
    """With momentum beside none: where the first has left, the others are taken up as they are."""
    study = study_with(LONG, "training.patience=1", *also)
    given = [
        Assignment({**one.parameters, "momentum": 0.9 if one is GIVEN[2] else 0.0}, one.seed)
        for one in GIVEN
    ]
    section, data = section_and_data(study)
    whole = list(trials.train(study.objective, section, given, ORDER_SEED, data))
    training = trials.train(study.objective, section, given, ORDER_SEED, data, until=after)
    first = []
    while True:
        try:
            first.append(next(training))
        except StopIteration as end:
            states = end.value
            break
    left = list(states)
    some = [given[place] for place in left]
    begun = tuple(states.values())
    again = (
        list(trials.train(study.objective, section, some, ORDER_SEED, data, begun)) if left else []
    )
    rest = [{left[i]: report for i, report in reports.items()} for reports in again]
    assert first + rest == whole
    with pytest.raises(KlayerError, match="no checkpoint of a trial"):
        Patience(1, study.objective.score).unpacked([b"else"])


def test_the_ledger_has_them_as_complete(ledger: Ledger) -> None:
    rates = "{name='only', sampler='grid', box={learning_rate=[1e-4, 0.1]}}"
    study = study_with(f"stages=[{rates}]", LONG, "training.patience=1", "final.finalists=1")
    search = ledger.record(study, "", card_of(study, None), environment())
    work(ledger, search)
    curves = ledger.read.curves(search)
    found = [one for one in ledger.read.trials(search) if one.stage == "only"]
    assert {one.state for one in found} == {"complete"}
    lengths = [len(curves[one.id]) for one in found]
    assert min(lengths) < 8
    for one, length in zip(found, lengths, strict=True):
        scores = [report.metrics["validation_accuracy"] for report in curves[one.id]]
        assert one.value == scores[-1]
        assert (ends(scores, 1) or 8) == length
