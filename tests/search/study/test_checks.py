"""What lies between tables is checked against what a trial would really meet."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.errors import StudyFileError
from search.space.space import Box, Choices, Interval
from search.study.file import study_of
from search.study.lineage import reach
from search.study.reading import load
from search.study.zoom_rules import Limits
from tests.search.study.written import NEAR, RATES, boxed, faults, study

CYCLES = {"kind": "cycles", "cycles": 1, "half_cycle_epochs": 1}


@pytest.mark.parametrize("key", ["score", "batch_size"])
def test_stages_are_pooled_only_if_their_budgets_agree(key: str) -> None:
    other = {"score": "best_epoch", "batch_size": 64}[key]
    steps = {"kind": "cycles", "cycles": 1, "half_cycle_steps": 50}
    first, second = boxed("a", momentum=RATES), boxed("b", momentum=RATES)
    second["training"] = {key: other}
    third = {"trials": 2, "zoom": {**NEAR, "from": ["a", "b"]}}
    assert faults(first, second, third, training={"schedule": steps}) == [
        f"stages.3.zoom.from: a and b differ in training.{key}, so their values don't compare; "
        "read one of them, or train both alike"
    ]


def test_batch_sizes_may_differ_where_epochs_are_counted() -> None:
    second = {**boxed("b", momentum=RATES), "training": {"batch_size": 64}}
    third = {"trials": 2, "zoom": {**NEAR, "from": ["a", "b"]}}
    assert study(boxed("a", momentum=RATES), second, third)


def test_scales_must_agree_to_be_pooled() -> None:
    linear = boxed("b", momentum={**RATES, "log": False})
    third = {"trials": 2, "zoom": {**NEAR, "from": ["a", "b"]}}
    said = faults(boxed("a", momentum=RATES), linear, third)
    assert said[0].startswith("stages.3.zoom.from: a and b cannot be read together: ")


def test_one_fault_does_not_bring_others_along() -> None:
    broken = boxed("a", width_7={"low": 5, "high": 9})
    zoomed = {"name": "b", "trials": 2, "zoom": {**NEAR, "from": ["a"]}}
    last = {"name": "c", "trials": 2, "zoom": {**NEAR, "from": ["b"]}}
    assert len(faults(broken, zoomed, last)) == 1
    unread = {"name": "b", "trials": 2, "zoom": {**NEAR, "from": ["q"]}}
    assert len(faults(boxed("a", momentum=RATES), unread, last)) == 1


def test_own_ranges_stand_before_carried_ones() -> None:
    second = {"name": "b", "trials": 2, "zoom": NEAR, "box": {"momentum": [0.5]}}
    stages = study(boxed(momentum=RATES, weight_decay=RATES), second).stages
    assert reach(stages)["b"] == Box(
        {"momentum": Choices((0.5,)), "weight_decay": Interval(1e-3, 1e-1)}
    )


def test_pooled_sources_reach_as_far_as_both() -> None:
    first = boxed("a", momentum={"low": 0.1, "high": 0.5})
    second = boxed("b", momentum={"low": 0.3, "high": 0.9})
    third = {"name": "c", "trials": 2, "zoom": {**NEAR, "from": ["a", "b"]}}
    stages = study(first, second, third).stages
    assert reach(stages)["c"] == Box({"momentum": Interval(0.1, 0.9)})


def test_natural_limits_are_those_of_the_registry() -> None:
    ranges: dict[str, Any] = {
        "momentum": {**RATES, "log": False},
        "weight_decay": {**RATES, "log": False},
        "width_1": {"low": 5, "high": 9},
        "batch_size": [50, 100],
    }
    zoomed = study(boxed(**ranges), {"trials": 2, "zoom": NEAR})
    limits = zoomed.natural_limits(zoomed.stages[1])
    assert set(limits) == {"momentum", "weight_decay", "width_1"}
    assert limits["weight_decay"] == Limits(low=0)
    assert limits["width_1"] == Limits(low=1, high=1_000_000)
    high = limits["momentum"].high
    assert high is not None
    assert 0.999999 < high < 1


def test_limits_of_lists_and_fractions_of_units_are_refused() -> None:
    listed = {**NEAR, "limits": {"momentum": {"low": 0.5}, "width_1": {"low": 5.5}}}
    said = faults(
        boxed(momentum=[0.5, 0.9], width_1={"low": 5, "high": 9}), {"trials": 2, "zoom": listed}
    )
    assert said == [
        "stages.2.zoom.limits.momentum: found limits of a list of values; "
        "only ranges have limits: leave them out",
        "stages.2.zoom.limits.width_1.low: found 5.5; give a whole number",
    ]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | st.text(max_size=8)
    | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["low", "high", "kind", "momentum", "rule"]), inner)
    ),
    max_leaves=6,
)


def paths(value: Any, way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The keys of every value inside a document."""
    if isinstance(value, dict):
        inner = [path for key, each in value.items() for path in paths(each, (*way, key))]
    elif isinstance(value, list):
        inner = [path for key, each in enumerate(value) for path in paths(each, (*way, key))]
    else:
        inner = []
    return [*([way] if way else []), *inner]


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.data())
def test_whatever_stands_at_a_key_costs_messages_and_nothing_else(data: st.DataObject) -> None:
    document = load(data.draw(st.sampled_from(["digits", "batch-norm-3-layers"]))).canonical()
    *way, last = data.draw(st.sampled_from(paths(document)))
    holder: Any = document
    for part in way:
        holder = holder[part]
    holder[last] = data.draw(VALUES)
    with contextlib.suppress(StudyFileError):
        changed = study_of(document)
        assert study_of(changed.canonical()) == changed
