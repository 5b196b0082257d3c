"""What a halving asks for: how many trials come how far, and how many steps that takes."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.errors import StudyFileError
from search.study.file import Study, study_of
from search.study.halving import Halving


def halving(**changes: Any) -> Halving:
    return Halving.model_validate({"keep": 0.5, "at": [2, 4]} | changes)


@pytest.mark.parametrize(
    ("keep", "count", "kept"), [(0.5, 8, 4), (0.5, 5, 3), (0.1, 30, 3), (0.01, 3, 1), (0.9, 1, 1)]
)
def test_the_share_is_rounded_up(keep: float, count: int, kept: int) -> None:
    assert halving(keep=keep).kept(count) == kept


@settings(deadline=None, derandomize=True)
@given(st.floats(0.001, 0.999), st.integers(0, 10_000))
def test_some_go_on_and_none_is_made_up(keep: float, count: int) -> None:
    rule = halving(keep=keep)
    assert (count > 0) <= rule.kept(count) <= count
    assert rule.kept(count) <= rule.kept(count + 1)
    assert abs(rule.kept(count) - keep * count) <= 1
    assert rule.counts(count) == (count, rule.kept(count), rule.kept(rule.kept(count)))


def test_steps_are_those_that_each_trial_really_has() -> None:
    assert halving().steps(8, (2, 4), 10) == 8 * 2 + 4 * 2 + 2 * 6
    assert halving(keep=0.3, at=[1]).steps(5, (1,), 10) == 5 + 2 * 9


def test_all_trials_of_the_stage_are_compared_unless_said() -> None:
    assert halving().among == "stage"


def study(finalists: int = 2, **stage: Any) -> Study:
    first = {"trials": 8, "box": {"momentum": [0.0, 0.9]}} | stage
    return study_of({"name": "x", "stages": [first], "final": {"finalists": finalists}})


def test_finalists_are_no_more_than_can_be_trained_to_their_end() -> None:
    """A trial that is alone in its cohort always is, so among cohorts that may be all of them."""
    assert study(8, halving={"keep": 0.5, "at": [2, 4], "among": "cohort"}).final.finalists == 8
    for among, most in (("cohort", 8), ("stage", 2)):
        told = f"found {most + 1}, but .* have {most} trials that can be .*; give {most} or fewer"
        with pytest.raises(StudyFileError, match=told):
            study(most + 1, halving={"keep": 0.5, "at": [2, 4], "among": among})


def test_a_study_with_halving_is_written_and_read_back() -> None:
    halved = study(halving={"keep": 0.5, "at": [2, 4], "among": "cohort"})
    assert study_of(halved.canonical()) == halved
    assert halved.canonical()["stages"][0]["halving"] == {
        "keep": 0.5,
        "at": [2, 4],
        "unit": "epochs",
        "among": "cohort",
    }
    assert "halving" not in study().canonical()["stages"][0]  # its hash stays what it was
    assert math.isclose(halved.stages[0].halving.keep if halved.stages[0].halving else 0, 0.5)
