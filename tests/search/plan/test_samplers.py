"""What is drawn: inside its box, in plain numbers, evenly, and the same each time."""

import json
import logging
import math
from collections import Counter
from typing import Literal

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from search.errors import KlayerError
from search.plan.samplers import Drawn, Sampler, distributions, draw
from search.space.space import Box, Choices, Interval, SpaceError

BOX = Box(
    {
        "weight_decay": Interval(1e-6, 1e-1),
        "width_1": Interval(10, 50, log=False, step=20),
        "momentum": Interval(0.5, 0.9, log=False),
        "activation": Choices(("relu", "elu")),
        "batch_size": Choices((50, 100)),
    }
)
DECAY = Box({"weight_decay": Interval(1e-6, 1e-1)})
DRAWING: tuple[Literal["random", "sobol"], ...] = ("random", "sobol")


@st.composite
def intervals(make: st.DrawFn) -> Interval:
    kind = make(st.sampled_from(["log", "linear", "whole"]))
    if kind == "whole":
        first = make(st.integers(1, 500))
        last = first + make(st.integers(0, 300))
        return Interval(first, last, log=False, step=make(st.integers(1, 64)))
    low = make(st.floats(1e-9, 1e3))
    return Interval(low, low * make(st.floats(1, 1e6)), log=kind == "log", points=3)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    st.lists(intervals(), min_size=1, max_size=3),
    st.sampled_from(["random", "sobol", "grid"]),
    st.integers(0, 2**63 - 1),
)
def test_all_lies_in_the_box_and_in_the_stored_distributions(
    extents: list[Interval], sampler: Sampler, seed: int
) -> None:
    box = Box(
        {f"p{i}": extent for i, extent in enumerate(extents[: 2 if sampler == "grid" else 3])}
    )
    stored = distributions((box,))
    for point in draw(sampler, (box,), 9, seed)[:2000]:
        assert box.contains(point.parameters)
        for name, value in point.parameters.items():
            assert stored[name]._contains(stored[name].to_internal_repr(value))


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_values_are_plain_python_of_the_right_kind(sampler: Sampler) -> None:
    for point in draw(sampler, (BOX,), 8, 1):
        kinds = [type(value) for value in point.parameters.values()]
        assert kinds == [float, int, float, str, int]
        assert list(point.parameters) == list(BOX.ranges)
        assert json.loads(json.dumps(dict(point.parameters))) == point.parameters


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_equal_arguments_give_equal_points_and_seeds_matter(sampler: Sampler) -> None:
    np.random.seed(1)  # noqa: NPY002 (nothing may come from the global state)
    first = draw(sampler, (BOX,), 6, 5)
    assert draw(sampler, (BOX,), 6, 5) == first
    assert draw(sampler, (BOX,), 6, 6) != first


@pytest.mark.parametrize("sampler", ["random", "sobol"])
@pytest.mark.parametrize("boxes", [(BOX,), (BOX, BOX), (BOX, BOX, BOX)])
def test_more_trials_keep_the_earlier_ones(sampler: Sampler, boxes: tuple[Box, ...]) -> None:
    longest = draw(sampler, boxes, 20, 3)
    for trials in range(20):
        assert draw(sampler, boxes, trials, 3) == longest[:trials]


def test_sixteen_sobol_points_stand_one_in_each_sixteenth_from_the_first_on() -> None:
    box = Box({"weight_decay": Interval(1e-6, 1e-1), "jitter": Interval(0.0, 1.0, log=False)})
    for seed in range(10):
        points = [one.parameters for one in draw("sobol", (box,), 16, seed)]
        decades = [math.log10(float(point["weight_decay"])) for point in points]
        cells = {int((decade + 6) / 5 * 16) for decade in decades}
        assert cells == set(range(16))
        assert {int(float(point["jitter"]) * 16) for point in points} == set(range(16))


def test_a_range_of_one_value_takes_no_dimension_of_the_sequence() -> None:
    fixed = Box({"momentum": Interval(0.9, 0.9, log=False), **DECAY.ranges})
    alone = [one.parameters["weight_decay"] for one in draw("sobol", (DECAY,), 8, 4)]
    beside = draw("sobol", (fixed,), 8, 4)
    assert [one.parameters["weight_decay"] for one in beside] == alone
    assert {one.parameters["momentum"] for one in beside} == {0.9}


@pytest.mark.parametrize("sampler", DRAWING)
def test_log_ranges_are_log_uniform(sampler: Sampler) -> None:
    decays = [float(one.parameters["weight_decay"]) for one in draw(sampler, (DECAY,), 500, 2)]
    assert 0.36 < np.mean([decay < 1e-4 for decay in decays]) < 0.44


@pytest.mark.parametrize("sampler", DRAWING)
def test_boxes_share_the_trials_by_turns_and_draw_apart(sampler: Sampler) -> None:
    drawn = draw(sampler, (DECAY, DECAY, DECAY), 8, 1)
    assert [one.box for one in drawn] == [0, 1, 2, 0, 1, 2, 0, 1]
    assert len({one.parameters["weight_decay"] for one in drawn}) == 8


@pytest.mark.parametrize("sampler", DRAWING)
def test_each_point_lies_in_the_box_that_it_names(sampler: Sampler) -> None:
    boxes = tuple(Box({"jitter": Interval(i, i + 0.5, log=False)}) for i in range(3))
    assert all(boxes[one.box].contains(one.parameters) for one in draw(sampler, boxes, 10, 0))


def test_a_grid_changes_the_first_hyperparameter_slowest() -> None:
    box = Box(
        {"width_1": Interval(10, 30, log=False, step=10), "batch_norm": Choices((True, False))}
    )
    drawn = [tuple(one.parameters.values()) for one in draw("grid", (box,), 0, 0)]
    expected = [(10, True), (10, False), (20, True), (20, False), (30, True), (30, False)]
    assert drawn == expected
    assert all(type(norm) is bool for _, norm in drawn)


def test_a_grid_of_a_continuous_range_takes_its_points_with_exact_ends() -> None:
    box = Box({"weight_decay": Interval(1e-5, 1e-1, points=5)})
    values = [one.parameters["weight_decay"] for one in draw("grid", (box,), 0, 0)]
    assert values[0] == 1e-5
    assert values[-1] == 1e-1
    assert values == pytest.approx([1e-5, 1e-4, 1e-3, 1e-2, 1e-1])


def test_grids_of_several_boxes_go_by_turns_until_each_is_through() -> None:
    boxes = (Box({"a": Choices((1, 2, 3))}), Box({"a": Choices((7,))}))
    drawn = [(one.box, one.parameters["a"]) for one in draw("grid", boxes, 0, 0)]
    assert drawn == [(0, 1), (1, 7), (0, 2), (0, 3)]


def test_a_grid_without_a_number_of_points_says_so() -> None:
    with pytest.raises(SpaceError, match="points = N"):
        draw("grid", (DECAY,), 3, 0)


def test_points_are_taken_as_they_are_in_their_first_box() -> None:
    boxes = (Box({"a": Choices((1, 2))}), Box({"a": Choices((2, 3))}))
    drawn = draw("points", boxes, 3, 0, [{"a": 3}, {"a": 2}, {"a": 1}])
    assert drawn == (Drawn({"a": 3}, 1), Drawn({"a": 2}, 0), Drawn({"a": 1}, 0))


def test_a_point_outside_every_box_is_refused() -> None:
    with pytest.raises(KlayerError, match=r"the point \{'a': 9\} lies in none of the stage's 1"):
        draw("points", (Box({"a": Choices((1, 2))}),), 1, 0, [{"a": 9}])


@pytest.mark.parametrize("sampler", ["random", "sobol", "grid", "points"])
def test_no_box_is_refused(sampler: Sampler) -> None:
    with pytest.raises(KlayerError, match="at least one box"):
        draw(sampler, (), 3, 0)


def test_optuna_stays_silent_and_its_settings_stay_as_they_were(
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(logging.DEBUG)
    try:
        for sampler in DRAWING:
            draw(sampler, (BOX,), 3, 0)
        assert optuna.logging.get_verbosity() == logging.DEBUG
    finally:
        optuna.logging.set_verbosity(before)
    assert capfd.readouterr().err == ""


def test_distributions_are_those_of_the_ranges() -> None:
    assert distributions((BOX,)) == {
        "weight_decay": FloatDistribution(1e-6, 1e-1, log=True),
        "width_1": IntDistribution(10, 50, step=20),
        "momentum": FloatDistribution(0.5, 0.9),
        "activation": CategoricalDistribution(("relu", "elu")),
        "batch_size": CategoricalDistribution((50, 100)),
    }


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((10, 50), (30, 90), IntDistribution(10, 90, step=20)),
        ((10, 59), (30, 50), IntDistribution(10, 50, step=20)),
        ((10, 50), (15, 55), IntDistribution(10, 55, step=1)),
    ],
)
def test_the_step_of_joined_boxes_is_kept_where_they_share_a_grid(
    one: tuple[int, int], other: tuple[int, int], expected: IntDistribution
) -> None:
    boxes = tuple(Box({"w": Interval(*ends, log=False, step=20)}) for ends in (one, other))
    assert distributions(boxes) == {"w": expected}
    for point in draw("grid", boxes, 0, 0):
        assert expected._contains(expected.to_internal_repr(int(point.parameters["w"])))


def test_every_whole_number_is_about_as_likely() -> None:
    box = Box({"w": Interval(1, 5, log=False, step=1)})
    counts = Counter(one.parameters["w"] for one in draw("random", (box,), 1000, 0))
    assert set(counts) == {1, 2, 3, 4, 5}
    assert min(counts.values()) > 150


def test_a_stage_without_a_box_has_no_distributions() -> None:
    with pytest.raises(KlayerError, match="a stage needs at least one box"):
        distributions(())


def test_a_list_is_written_as_a_file_writes_it() -> None:
    assert str(Choices((True, False))) == "{true, false}"
    assert str(Choices((64, "relu"))) == "{64, relu}"


def test_listed_numbers_are_points_of_a_range_and_other_lists_are_choices() -> None:
    def box(rate: float, width: int, name: str, flag: bool) -> Box:
        listed = {"rate": rate, "width": width, "name": name, "flag": flag}
        return Box({key: Choices((one,)) for key, one in listed.items()})

    boxes = box(0.1, 8, "a", True), box(0.5, 4, "b", True)
    assert distributions(boxes, listed=True) == {
        "rate": FloatDistribution(0.1, 0.5),
        "width": IntDistribution(4, 8),
        "name": CategoricalDistribution(("a", "b")),
        "flag": CategoricalDistribution((True,)),
    }
    assert distributions(boxes)["rate"] == CategoricalDistribution((0.1, 0.5))
