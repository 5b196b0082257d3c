"""Boxes with conditions: which points they hold, what they refuse, and what joins."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.space.space import (
    Box,
    Choices,
    Condition,
    Interval,
    Range,
    SpaceError,
    Value,
    cycle,
    fitted,
    hull,
    overlaid,
)
from tests.search.space.boxes import boxes

ACTIVATIONS = Choices(("relu", "leaky_relu", "elu"))
RANGES: dict[str, Range] = {
    "elu_alpha": Interval(0.1, 2.0),
    "activation": ACTIVATIONS,
    "depth": Interval(1, 5, log=False, step=2),
    "norm": Choices((True, False)),
    "momentum": Interval(0.1, 0.9),
}
CONDITIONS = {
    "elu_alpha": Condition({"activation": ("elu",), "norm": (False,)}),
    "norm": Condition({"depth": (3, 5)}),
}
BOX = Box(RANGES, CONDITIONS)


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


def test_a_box_without_conditions_is_reduced_and_hashed_by_its_ranges_alone() -> None:
    box = Box(RANGES)
    assert box.__reduce__() == (Box, (RANGES,))
    assert hash(box) == hash(tuple(RANGES.items()))
    assert box == Box(RANGES, {})


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
    assert [name for name in RANGES if BOX.always(name)] == ["activation", "depth", "momentum"]
    assert not BOX.always("beta")


def test_a_condition_is_written_in_words() -> None:
    told = Condition({"activation": ("elu", "relu"), "norm": (True,)})
    assert str(told) == "activation is elu or relu and norm is true"


def test_no_cycle_is_none() -> None:
    assert cycle({"a": ("b", "c"), "b": ("c",)}) == ()


def test_what_can_no_longer_be_active_leaves_with_all_that_depends_on_it() -> None:
    shallow = {**RANGES, "depth": Interval(1, 1, log=False, step=2)}
    assert fitted(shallow, CONDITIONS) == Box(
        {name: shallow[name] for name in ("activation", "depth", "momentum")}
    )
    deep = {**RANGES, "depth": Interval(5, 9, log=False, step=2)}
    assert fitted(deep, CONDITIONS).conditions["norm"] == Condition({"depth": (5,)})
    assert fitted(RANGES, CONDITIONS) == BOX


def test_own_ranges_stand_before_carried_ones_and_take_their_conditions_along() -> None:
    own = Box({"norm": Choices((True,)), "activation": Choices(("relu",))})
    over = overlaid(BOX, own)
    assert list(over.ranges) == ["activation", "depth", "norm", "momentum"]
    assert dict(over.conditions) == {}
    asked = Box({"beta": Choices((1, 2)), "norm": ACTIVATIONS}, {"beta": _when("norm", "relu")})
    assert dict(overlaid(Box({"beta": ACTIVATIONS}), asked).conditions) == dict(asked.conditions)
    assert overlaid(Box(RANGES), own) == Box({**RANGES, **own.ranges})


def _when(parent: str, *values: Value) -> Condition:
    return Condition({parent: values})


def boxed(*activations: str, when: tuple[str, ...] = ("elu",)) -> Box:
    """Activations, with the α of some of them."""
    return Box(
        {"activation": Choices(activations), "alpha": Interval(0.1, 1)},
        {"alpha": Condition({"activation": when})} if when else {},
    )


def test_boxes_with_one_condition_are_joined_under_it() -> None:
    assert hull((boxed("relu", "elu"), boxed("relu", "elu"))) == boxed("relu", "elu")


def test_a_box_may_lack_what_could_not_be_active_in_it() -> None:
    plain = Box({"activation": Choices(("relu",))})
    joined = boxed("relu", "elu")
    assert hull((plain, boxed("elu"))) == joined
    assert hull((boxed("elu"), plain)) == Box(
        {"activation": Choices(("elu", "relu")), "alpha": Interval(0.1, 1)}, joined.conditions
    )


def test_a_box_may_lack_values_of_a_condition_that_its_parents_lack() -> None:
    some = boxed("relu", "elu", "leaky_relu", when=("elu", "leaky_relu"))
    assert hull((boxed("relu", "elu"), some)).conditions == some.conditions


def test_a_box_may_lack_a_condition_that_always_holds_in_it() -> None:
    every = boxed("elu", "selu", when=())
    some = boxed("relu", "elu")
    for joined in (hull((every, some)), hull((some, every))):
        assert set(joined.conditions["alpha"].values["activation"]) == {"elu", "selu"}
    assert hull((every, every)) == every


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ((boxed("relu", "elu"), boxed("relu", "elu", when=())), "differ in when alpha is active"),
        (
            (boxed("relu", "elu"), boxed("relu", "elu", when=("relu",))),
            "differ in when alpha is active; give one rule",
        ),
        (
            (boxed("relu", "elu"), Box({"activation": Choices(("relu", "elu"))})),
            "need the same hyperparameters, but one has activation, alpha and one activation",
        ),
        (
            (boxed("relu", when=()), Box({"activation": Choices(("relu",))})),
            "need the same hyperparameters",
        ),
    ],
)
def test_boxes_that_differ_in_what_is_active_are_not_joined(
    boxes: tuple[Box, ...], message: str
) -> None:
    with pytest.raises(SpaceError) as caught:
        hull(boxes)
    assert message in str(caught.value)


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


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.data())
def test_a_narrower_box_joins_its_origin_to_what_that_was(data: st.DataObject) -> None:
    """What a zoom leaves of a box can be pooled with the box again."""
    box = data.draw(boxes())
    narrow: dict[str, Range] = {}
    for name, extent in box.ranges.items():
        values = extent.values()
        kept = data.draw(st.lists(st.sampled_from(values), min_size=1, unique=True))
        low, high = min(map(values.index, kept)), max(map(values.index, kept))
        narrow[name] = (
            Choices(tuple(kept))
            if isinstance(extent, Choices)
            else Interval(values[low], values[high], log=False, step=1)  # type: ignore[arg-type]
        )
    left = fitted(narrow, box.conditions)
    joined = hull((box, left))
    assert joined.ranges == box.ranges
    assert joined.conditions.keys() == box.conditions.keys()
    for name, condition in joined.conditions.items():
        whole = box.conditions[name].values
        assert {k: set(v) for k, v in condition.values.items()} == {
            k: set(v) for k, v in whole.items()
        }
