"""Gradient checks as published, and what is made of their errors."""

import math
from dataclasses import replace
from typing import Any

import pytest

from search.errors import KlayerError
from search.objectives.network.measuring import GradientError
from search.reproduce import gradients
from search.reproduce.gradients import MOST_ROWS, CheckRow, quick_check, run_check
from search.reproduce.published_tables import GradientCheck
from search.study.reading import load

PUBLISHED = {"weights": 5e-4, "bias": 6.5e-6, "gamma": 4.9e-4, "beta": 3.5e-4}
CHECK = GradientCheck.model_validate(
    {
        "id": "B0",
        "setting": "1 hidden layer of 8",
        "network": {"widths": [8], "batch_norm": "before"},
        "weight_decay": 0.005,
        "inputs": 10,
        "rows": 3,
        "difference": "forward",
        "published": PUBLISHED,
    }
)


def test_a_check_has_the_keys_of_its_own_network() -> None:
    row = run_check(CHECK, load("digits"), None)
    assert set(row.ours or {}) == {"weights", "bias", "gamma", "beta"}
    assert all(0 <= error < 1e-2 for error in (row.ours or {}).values())
    plain = CHECK.model_copy(update={"network": {"widths": [8], "batch_norm": "none"}})
    assert set(run_check(plain, load("digits"), None).ours or {}) == {"weights", "bias"}


def test_a_gradient_that_is_no_number_is_no_small_error(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = gradients.check_gradients

    def broken(*given: Any) -> list[GradientError]:
        first, *rest = checked(*given)
        return [replace(first, worst=math.nan), *rest]

    monkeypatch.setattr(gradients, "check_gradients", broken)
    row = run_check(CHECK, load("digits"), None)
    assert row.within is False
    assert math.inf in (row.ours or {}).values()


def test_more_inputs_than_there_are_is_one_message() -> None:
    with pytest.raises(KlayerError, match="64 inputs; 3 and 65 were asked for"):
        run_check(CHECK.model_copy(update={"inputs": 65}), load("digits"), None)


def test_a_rehearsal_asks_for_no_more_than_there_is() -> None:
    large = CHECK.model_copy(update={"inputs": 1000, "rows": 100})
    small = quick_check(large, 64)
    assert (small.inputs, small.rows) == (64, MOST_ROWS)
    assert (quick_check(CHECK, 64).inputs, quick_check(CHECK, 64).rows) == (10, 3)


@pytest.mark.parametrize(
    ("ours", "within"),
    [
        (None, None),
        (PUBLISHED, True),
        (PUBLISHED | {"weights": 5.1e-4}, False),
        (PUBLISHED | {"gamma": math.inf}, False),
        ({"weights": 5e-4, "bias": 0.0}, False),  # no scale and shift were compared
        ({}, False),
    ],
)
def test_all_must_be_at_most_the_published(ours: dict[str, float] | None, within: object) -> None:
    assert CheckRow(CHECK, ours).within is within
