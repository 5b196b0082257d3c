"""Boxes with conditions: which points they hold, and what they refuse."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.space.space import (
    Box,
    Condition,
    Interval,
    SpaceError,
    Value,
    cycle,
)
from tests.search.space.boxes import BOX, CONDITIONS, RANGES, boxes


@pytest.mark.parametrize(
    ("point", "names"),
    [
        ({"activation": "elu", "depth": 3, "norm": False}, {"elu_alpha", "norm"}),
        ({"activation": "elu", "depth": 5, "norm": True}, {"norm"}),
        ({"activation": "relu", "depth": 5, "norm": False}, {"norm"}),
        ({"activation": "elu", "depth": 1, "norm": False}, set()),
    ],
)
def test_all_parents_must_hold_and_an_inactive_parent_holds_for_nothing(
    point: dict[str, Value], names: set[str]
) -> None:
    whole = {"momentum": 0.5, "elu_alpha": 1.0, **point}
    active = BOX.active(whole)
    assert list(active) == [
        name for name in RANGES if name in names | {"activation", "depth", "momentum"}
    ]
    assert BOX.contains(active)
    assert BOX.contains(whole) == (active.keys() == whole.keys())


def test_a_point_needs_what_is_active_and_nothing_that_is_not() -> None:
    point: dict[str, Value] = {"activation": "relu", "depth": 1, "momentum": 0.5}
    assert BOX.contains(point)
    assert not BOX.contains(point | {"norm": True})
    assert not BOX.contains(point | {"depth": 3})
    assert BOX.contains(point | {"depth": 3, "norm": True})
    assert not BOX.contains(point | {"momentum": 0.05})


def test_names_come_after_those_that_they_depend_on() -> None:
    order = BOX.parents_first
    assert sorted(order) == sorted(RANGES)
    assert order.index("depth") < order.index("norm") < order.index("elu_alpha")
    assert Box(RANGES).parents_first == tuple(RANGES)


def test_equal_boxes_are_one_and_survive_pickling() -> None:
    again = Box(RANGES, dict(reversed(CONDITIONS.items())))
    assert again == BOX
    assert hash(again) == hash(BOX)
    assert Box(RANGES) != BOX
    back = pickle.loads(pickle.dumps(BOX))
    assert (back, hash(back), back.parents_first) == (BOX, hash(BOX), BOX.parents_first)
    with pytest.raises(TypeError):
        BOX.conditions["norm"] = CONDITIONS["norm"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        (
            {"beta": Condition({"norm": (True,)})},
            "beta has a condition, but no range in the box; give it one",
        ),
        (
            {"norm": Condition({"beta": (1,)})},
            "norm depends on beta, but the box has elu_alpha, activation, depth, momentum; "
            "add beta",
        ),
        (
            {"norm": Condition({"activation": ("elu", "gelu")})},
            "norm depends on activation being gelu, which it cannot be; give values of "
            "{relu, leaky_relu, elu}",
        ),
        (
            {"norm": Condition({"depth": (4,)})},
            "norm depends on depth being 4, which it cannot be; give values of [1, 5], step 2",
        ),
        ({"activation": Condition({"norm": (1,)})}, "being 1, which it cannot be"),
        (
            {"norm": Condition({"momentum": (0.5,)})},
            "norm depends on momentum, a continuous range, which has a given value only by chance; "
            "list its values",
        ),
        (
            {
                "norm": Condition({"activation": ("elu",)}),
                "activation": Condition({"depth": (3,)}),
                "depth": Condition({"norm": (True,)}),
            },
            "activation depends on depth, which depends on norm, which depends on activation; "
            "leave out one of these conditions",
        ),
        ({"norm": Condition({"norm": (True,)})}, "norm depends on norm; leave out"),
    ],
)
def test_conditions_that_make_no_sense_are_refused(
    conditions: dict[str, Condition], message: str
) -> None:
    with pytest.raises(SpaceError) as caught:
        Box(RANGES, conditions)
    assert message in str(caught.value)


def test_a_condition_needs_a_parent_and_each_parent_a_value() -> None:
    with pytest.raises(SpaceError, match="at least one hyperparameter"):
        Condition({})
    with pytest.raises(SpaceError, match="a condition on depth needs at least one value"):
        Condition({"depth": ()})


def test_a_range_is_described_with_its_condition() -> None:
    assert BOX.described("norm") == "{true, false}, where depth is 3 or 5"
    assert BOX.described("momentum") == "[0.1, 0.9], log"
    assert str(Interval(10_000.0, 250_000.0)) == "[10000, 250000], log"
    assert [name for name in RANGES if BOX.always(name)] == ["activation", "depth", "momentum"]
    assert not BOX.always("beta")


def test_a_condition_is_written_in_words() -> None:
    told = Condition({"activation": ("elu", "relu"), "norm": (True,)})
    assert str(told) == "activation is elu or relu and norm is true"


def test_no_cycle_is_none() -> None:
    assert cycle({"a": ("b", "c"), "b": ("c",)}) == ()


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.data())
def test_what_is_active_of_a_point_is_in_the_box_and_stays_active(data: st.DataObject) -> None:
    box = data.draw(boxes())
    point = {
        name: data.draw(st.sampled_from(extent.values())) for name, extent in box.ranges.items()
    }
    active = box.active(point)
    assert box.contains(active)
    assert box.active(active) == active
    for name in box.ranges:
        condition = box.conditions.get(name)
        holds = condition is None or all(
            active.get(parent) in values for parent, values in condition.values.items()
        )
        assert (name in active) == holds
