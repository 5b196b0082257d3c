"""How sure a best is, since when nothing was better, what comes next: from trials alone."""

import math
from dataclasses import replace
from typing import Any

import pytest

from search.ledger.records import RecordedTrial
from search.plan.plan import steps
from search.plan.verdicts import ahead, certainty, edges, improvement
from search.space.space import Box, Interval
from search.study.file import Study
from search.study.reading import load

STUDY = load("digits")
BOX = Box({"learning_rate": Interval(0.01, 1.0), "weight_decay": Interval(1e-6, 1e-2)})


def trial(number: int, value: float | None, stage: str = "coarse", **more: Any) -> RecordedTrial:
    made = RecordedTrial(
        stage=stage,
        number=number,
        parameters={"learning_rate": 0.1 + number / 1000, "weight_decay": 1e-4},
        value=value,
        box=BOX,
        id=number,
        state="complete" if value is not None else "diverged",
        seed=1,
        order_seed=2,
        reason=None if value is not None else "the cost was infinite",
        finished_at=float(number),
    )
    return replace(made, **more)


def test_configurations_within_the_noise_of_the_rows_are_one_group() -> None:
    trials = [trial(n, value) for n, value in enumerate((0.90, 0.89, 0.87, 0.80, None))]
    found = certainty(STUDY, trials, trials[0], 900)
    assert found is not None
    assert found.noise == pytest.approx(math.sqrt(0.9 * 0.1 / 900))  # 1 %
    assert (found.group, found.among, found.rows, found.gap) == (2, 4, 900, None)
    wide = certainty(STUDY, trials, trials[0], 100)
    assert wide is not None
    assert wide.group == 3
    unknown = certainty(STUDY, trials, trials[0], None)
    assert unknown is not None
    assert unknown.noise is None
    assert certainty(STUDY, trials, trials[4], 900) is None


def test_fresh_seeds_tell_how_much_was_luck_and_how_wide_the_noise_is() -> None:
    single = [trial(0, 0.95), trial(1, 0.94), trial(2, 0.60)]
    reruns = [
        replace(single[n % 2], stage="finalists", number=n, value=value)
        for n, value in enumerate((0.90, 0.92, 0.94, 0.92))
    ]
    found = certainty(STUDY, [*single, *reruns], single[0], 10**6)
    assert found is not None
    assert found.seeds is not None
    assert found.gap == pytest.approx(-0.03)
    # Of two configurations, whose seeds differ by 0.04 and by nothing.
    assert found.noise == pytest.approx(math.sqrt(0.0008 / 2))
    assert (found.rows, found.group, found.among) == (None, 2, 3)


def test_the_stages_that_compare_are_looked_for_once_and_not_for_each_trial(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A page asks each second, of thousands of trials."""
    looked, found = [0], type(STUDY).contenders

    def counted(study: Study) -> tuple[str, ...]:
        looked[0] += 1
        return found(study)

    monkeypatch.setattr(type(STUDY), "contenders", counted)
    trials = [trial(n, 0.5) for n in range(20)]
    certainty(STUDY, trials, trials[0], 100)
    improvement(STUDY, trials)
    assert looked[0] == 2


def test_of_a_perfect_score_the_noise_is_not_nothing() -> None:
    found = certainty(STUDY, [trial(0, 1.0)], trial(0, 1.0), 100)
    assert found is not None
    assert found.noise is not None
    assert found.noise > 0


def test_the_first_of_equals_has_set_the_best() -> None:
    values = (0.5, 0.9, None, 0.9, 0.1, *[0.2] * 20)
    found = improvement(STUDY, [trial(n, value) for n, value in enumerate(values)])
    assert found is not None
    assert (found.holder.number, found.place, found.ended, found.since) == (1, 2, 25, 23)
    assert not found.goes_on
    assert found.no_better == ()


def test_a_later_stage_that_is_no_better_is_named() -> None:
    coarse = [trial(n, 0.9) for n in range(4)]
    fine = [trial(n, 0.8, "fine", id=10 + n, finished_at=10.0 + n) for n in range(3)]
    found = improvement(STUDY, [*coarse, *fine])
    assert found is not None
    assert (found.no_better, found.since, found.goes_on) == (("fine",), 6, True)
    better = improvement(STUDY, [*coarse, *fine, trial(3, 0.95, "fine", finished_at=13.0)])
    assert better is not None
    assert (better.holder.stage, better.no_better, better.since) == ("fine", (), 0)
    assert improvement(STUDY, [trial(0, None)]) is None


def test_the_next_box_is_that_of_the_rule() -> None:
    fine = steps(STUDY)[1]
    trials = [trial(n, 0.9 - n / 100) for n in range(8)]
    (box,), why = ahead(STUDY, fine, trials)
    extent = box.ranges["learning_rate"]
    assert isinstance(extent, Interval)
    assert 0.01 < extent.low < 0.1 < 0.103 < extent.high < 1.0
    assert "best 4 of 8 trials" in why
    assert ahead(STUDY, fine, [trial(0, None)]) == ((), "")
    assert ahead(STUDY, steps(STUDY)[3], trials) == ((), "")  # finalists have none


def test_an_edge_within_another_box_is_none() -> None:
    point = {"learning_rate": 0.011, "weight_decay": 1e-4}
    low = trial(0, 0.9, parameters=point)
    assert edges(low, [low.box]) == ("learning_rate at its low edge 0.01",)
    wider = Box({"learning_rate": Interval(1e-4, 1.0)})
    assert edges(low, [low.box, wider]) == ()
    high = replace(low, parameters={"learning_rate": 0.99})
    assert edges(high, [wider]) == ("learning_rate at its high edge 1",)
