"""Hyperparameters as axes: their scales, and where values and ranges stand on them."""

import math
from dataclasses import replace
from typing import Any

import pytest

from search.errors import KlayerError
from search.views.plots.axes import Axis, axes, known
from search.views.plots.data import SearchData
from tests.search.views.plots.made import build


def test_ranges_and_lists_have_their_scales(wide: SearchData) -> None:
    kinds = {name: axis.kind for name, axis in axes(wide).items()}
    assert kinds == {
        "learning_rate": "log",
        "weight_decay": "log",
        "width_1": "linear",
        "width_2": "category",
        "activation": "category",
    }
    assert axes(wide)["width_2"].options == (16, 32, 64)


def test_before_a_stage_is_planned_the_study_speaks(unplanned: SearchData) -> None:
    assert list(axes(unplanned)) == ["learning_rate", "weight_decay"]


def test_zero_has_no_place_on_a_log_scale(small: SearchData) -> None:
    assert math.isnan(Axis("weight_decay", "log").place(0.0))
    first = small.trials[0]
    zero = replace(first, parameters={**first.parameters, "weight_decay": 0.0})
    changed = replace(small, trials=(zero, *small.trials[1:]))
    assert axes(changed)["weight_decay"].kind == "linear"


@pytest.mark.parametrize(
    ("axis", "extent", "span"),
    [
        (Axis("a", "log"), {"low": 0.1, "high": 10}, (0.1, 10)),
        (Axis("a", "linear"), [3, 1, 2], (1, 3)),
        (Axis("a", "category", ("x", "y", "z")), ["y", "z"], (0.6, 2.4)),
        (Axis("a", "category", ("x", "y", "z")), {"values": ["y"], "when": {"b": [1]}}, (0.6, 1.4)),
        (Axis("a", "category", ("x",)), ["q"], None),
        (Axis("a", "log"), None, None),
        (Axis("a", "log"), {"low": "x", "high": 1}, None),
    ],
)
def test_spans(axis: Axis, extent: Any, span: Any) -> None:
    assert axis.span(extent) == span


def test_a_list_under_a_condition_has_the_scale_of_a_list(small: SearchData) -> None:
    def kind(values: list[Any]) -> str:
        listed = {"values": values, "when": {"weight_decay": [0.1]}}
        stages = tuple(replace(stage, boxes=({"momentum": listed},)) for stage in small.stages)
        return axes(replace(small, stages=stages))["momentum"].kind

    assert kind([0.5, 0.9]) == "category"
    assert kind([0.5 + power / 20 for power in range(9)]) == "linear"


def test_many_listed_numbers_stand_on_a_scale() -> None:
    def kind(values: list[Any]) -> str:
        return axes(build(only={"weight_decay": values}))["weight_decay"].kind

    assert kind([10.0**-power for power in range(9)]) == "log"
    assert kind([0.5 + power / 10 for power in range(9)]) == "linear"
    assert kind([10.0**-power for power in range(8)]) == "category"


def test_scaled_and_unscaled_are_inverse() -> None:
    for kind in ("log", "linear"):
        axis = Axis("a", kind)  # type: ignore[arg-type]
        assert axis.unscaled(axis.scaled(0.02)) == pytest.approx(0.02)
    assert Axis("a", "log").scaled(100) == 2


def test_what_is_not_searched_is_named(small: SearchData) -> None:
    with pytest.raises(KlayerError, match="give one of learning_rate, weight_decay"):
        known("width_9", small, axes(small))
