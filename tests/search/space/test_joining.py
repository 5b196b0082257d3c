"""What is left of boxes, and what they join to."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.space.joining import fitted, hull, overlaid
from search.space.space import Box, Choices, Condition, Interval, Range, SpaceError, Value
from tests.search.space.boxes import ACTIVATIONS, BOX, CONDITIONS, RANGES, boxes


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
