"""Points of boxes with conditions hold what is active alone; other points are what they were."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.errors import KlayerError
from search.plan.samplers import Sampler, distributions, draw
from search.space.space import Box, Choices, Condition, Interval, Point, Range
from tests.search.space.boxes import boxes

RANGES: dict[str, Range] = {
    "alpha": Interval(0.1, 1.0),
    "weight_decay": Interval(1e-6, 1e-1),
    "activation": Choices(("relu", "elu")),
    "width_1": Interval(10, 50, log=False, step=20),
}
WHEN = {"alpha": Condition({"activation": ("elu",)})}


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_a_condition_changes_no_other_draw(sampler: Sampler) -> None:
    whole = draw(sampler, (Box(RANGES), Box(RANGES)), 40, 3)
    some = draw(sampler, (Box(RANGES, WHEN), Box(RANGES, WHEN)), 40, 3)
    for one, other in zip(whole, some, strict=True):
        left = dict(one.parameters)
        if left["activation"] != "elu":
            del left["alpha"]
        assert list(other.parameters.items()) == list(left.items())
        assert other.box == one.box
    assert {"alpha" in one.parameters for one in some} == {True, False}


@settings(deadline=None, derandomize=True, max_examples=60)
@given(boxes(), st.sampled_from(["random", "sobol", "grid"]), st.integers(0, 2**63 - 1))
def test_every_point_has_what_is_active_and_fits_the_stored_distributions(
    box: Box, sampler: Sampler, seed: int
) -> None:
    stored = distributions((box,))
    assert set(stored) == set(box.ranges)
    for one in draw(sampler, (box,), 8, seed):
        assert box.contains(one.parameters)
        assert list(box.active(one.parameters).items()) == list(one.parameters.items())
        for name, value in one.parameters.items():
            assert stored[name]._contains(stored[name].to_internal_repr(value))


def test_listed_points_need_what_is_active_for_them() -> None:
    box = Box(RANGES, WHEN)
    relu: Point = {"activation": "relu", "width_1": 30, "weight_decay": 1e-3}
    elu = {**relu, "activation": "elu"}
    assert [one.box for one in draw("points", (box,), 0, 0, [relu, {**elu, "alpha": 0.5}])] == [
        0,
        0,
    ]
    for wrong in (elu, {**relu, "alpha": 0.5}):
        with pytest.raises(KlayerError, match="lies in none"):
            draw("points", (box,), 0, 0, [wrong])


def test_a_stage_has_one_set_of_distributions_though_a_box_lacks_what_is_never_active() -> None:
    both = Box(RANGES, WHEN)
    plain = Box({"activation": Choices(("relu",)), **{n: RANGES[n] for n in ("weight_decay",)}})
    without = {n: extent for n, extent in RANGES.items() if n != "width_1"}
    assert distributions((plain, Box(without, WHEN))) == {
        name: one for name, one in distributions((both,)).items() if name != "width_1"
    }


# What was drawn before there were conditions; real numbers may differ in their last bits between
# processors.
BOX = Box(
    {
        "weight_decay": Interval(1e-6, 1e-1),
        "width_1": Interval(10, 50, log=False, step=20),
        "momentum": Interval(0.5, 0.9, log=False),
        "activation": Choices(("relu", "elu")),
        "batch_size": Choices((50, 100)),
    }
)
DRAWN: dict[Sampler, list[Point]] = {
    "random": [
        {
            "weight_decay": 7.039473071512367e-05,
            "width_1": 30,
            "momentum": 0.6216310535957545,
            "activation": "elu",
            "batch_size": 100,
        },
        {
            "weight_decay": 0.00036047210498037224,
            "width_1": 10,
            "momentum": 0.6335245941815958,
            "activation": "elu",
            "batch_size": 100,
        },
    ],
    "sobol": [
        {
            "weight_decay": 0.0006045439571953325,
            "width_1": 10,
            "momentum": 0.596397090703249,
            "activation": "elu",
            "batch_size": 50,
        },
        {
            "weight_decay": 3.191351541805428e-05,
            "width_1": 50,
            "momentum": 0.8875110372900963,
            "activation": "elu",
            "batch_size": 50,
        },
    ],
}


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_points_of_boxes_without_conditions_are_what_they_were(sampler: Sampler) -> None:
    drawn = [one.parameters for one in draw(sampler, (BOX, BOX), 2, 7)]
    for point, expected in zip(drawn, DRAWN[sampler], strict=True):
        assert list(point) == list(expected)
        for name, value in expected.items():
            near = pytest.approx(value, rel=1e-12) if isinstance(value, float) else value
            assert point[name] == near
