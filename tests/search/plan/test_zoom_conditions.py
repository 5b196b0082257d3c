"""Zooms of hyperparameters with conditions: by the trials that have them, and in words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.plan.trial import Trial
from search.plan.zoom import Zoomed, zoom
from search.space.joining import hull
from search.space.space import Box, Choices, Condition, Interval, Point, Range, Value
from search.study.file import study_of
from search.study.zoom_rules import DecadesZoom, QuantileZoom
from tests.search.space.boxes import boxes

STAGE = {"trials": 1, "box": {"momentum": [0.5]}}
OBJECTIVE = study_of({"name": "own", "stages": [STAGE]}).objective
DECADE = DecadesZoom.model_validate({"rule": "decades", "decades": 1, "from": ("coarse",)})
HALF = QuantileZoom.model_validate(
    {"rule": "quantile", "quantile": 0.5, "margin": 0, "from": ("coarse",)}
)
RANGES: dict[str, Range] = {
    "activation": Choices(("relu", "elu", "leaky_relu")),
    "alpha": Interval(0.01, 100.0),
    "slope": Choices((0.01, 0.1, 0.2)),
}
WHEN = {
    "alpha": Condition({"activation": ("elu",)}),
    "slope": Condition({"activation": ("leaky_relu", "relu")}),
}
BOX = Box(RANGES, WHEN)


def trials(*points: Point, box: Box = BOX) -> list[Trial]:
    """Trials 0, 1, … from the best to the worst."""
    return [Trial("coarse", i, one, 0.9 - i / 100, box) for i, one in enumerate(points)]


def relu(slope: float) -> Point:
    return {"activation": "relu", "slope": slope}


def elu(alpha: float) -> Point:
    return {"activation": "elu", "alpha": alpha}


def lines(zoomed: Zoomed) -> list[str]:
    return zoomed.sentence.split("\n")[1:]


def test_decades_go_round_the_best_trial_that_has_it_and_name_it() -> None:
    zoomed = zoom(DECADE, trials(relu(0.1), elu(2.0), elu(50.0)), {}, OBJECTIVE)
    assert lines(zoomed) == [
        "activation: relu, elu, leaky_relu: all kept",
        "alpha: [0.01, 100] → [0.2, 20]: ± 1 decade round 2 of coarse #1, the best trial that has "
        "it",
        "slope: 0.01, 0.1, 0.2: all kept",
    ]
    assert zoomed.box.conditions == BOX.conditions


def test_decades_round_the_best_itself_say_no_more_than_before() -> None:
    zoomed = zoom(DECADE, trials(elu(2.0), relu(0.1)), {}, OBJECTIVE)
    assert lines(zoomed)[1] == "alpha: [0.01, 100] → [0.2, 20]: ± 1 decade round 2"


def test_a_range_that_no_trial_has_stays_as_it_was() -> None:
    zoomed = zoom(DECADE, trials(relu(0.1), relu(0.2)), {}, OBJECTIVE)
    assert zoomed.box.ranges["alpha"] == RANGES["alpha"]
    assert "alpha: [0.01, 100]: kept: none of the best 2 has it" in lines(zoomed)
    alone = zoom(DECADE, trials(elu(1.0)), {}, OBJECTIVE)
    assert "slope: 0.01, 0.1, 0.2: kept: the only trial lacks it" in lines(alone)


def test_a_quantile_is_spanned_by_those_of_the_best_that_have_it() -> None:
    points = [relu(0.1), elu(2.0), elu(4.0), relu(0.01), *[elu(50.0)] * 4]
    zoomed = zoom(HALF, trials(*points), {}, OBJECTIVE)
    alpha = zoomed.box.ranges["alpha"]
    assert isinstance(alpha, Interval)
    assert (alpha.low, alpha.high) == pytest.approx((2, 4))
    assert lines(zoomed) == [
        "activation: relu, elu, leaky_relu → relu, elu: what occurs among the best 4",
        "alpha: [0.01, 100] → [2, 4]: 2 to 4 spanned by the 2 of the best 4 that have it, and a "
        "margin of 0 of that",
        "slope: 0.01, 0.1, 0.2 → 0.01, 0.1: what occurs among the 2 of the best 4 that have it",
    ]
    assert zoomed.box.conditions["slope"] == Condition({"activation": ("relu",)})


def test_one_trial_of_the_best_that_has_it_is_told_as_one() -> None:
    zoomed = zoom(HALF, trials(relu(0.1), elu(2.0), *[relu(0.1)] * 2), {}, OBJECTIVE)
    assert "2 in the 1 of the best 2 that has it, and 5 % of the old length" in lines(zoomed)[1]


def test_what_needs_a_value_that_was_zoomed_away_leaves_the_box() -> None:
    zoomed = zoom(HALF, trials(elu(2.0), elu(4.0), relu(0.1), relu(0.2)), {}, OBJECTIVE)
    assert zoomed.box == Box(
        {"activation": Choices(("elu",)), "alpha": zoomed.box.ranges["alpha"]},
        {"alpha": Condition({"activation": ("elu",)})},
    )
    assert lines(zoomed)[-1] == (
        "slope: left out: it is searched only where activation is leaky_relu or relu"
    )


def test_a_whole_parent_that_has_moved_away_takes_its_own_along() -> None:
    box = Box(
        {
            "depth": Interval(1, 9, log=False, step=1),
            "rate": Interval(0.1, 1),
            "gain": RANGES["alpha"],
        },
        {"rate": Condition({"depth": (1, 2)}), "gain": Condition({"depth": (8, 9)})},
    )
    points: list[Point] = [{"depth": depth} for depth in (5, 6, 4)]
    points.append({"depth": 9, "gain": 1.0})
    zoomed = zoom(HALF, trials(*points, box=box), {}, OBJECTIVE)
    assert set(zoomed.box.ranges) == {"depth"}


def test_a_narrower_box_is_pooled_with_that_it_came_from() -> None:
    narrow = Box(
        {"activation": Choices(("elu",)), "alpha": Interval(1, 10)}, {"alpha": WHEN["alpha"]}
    )
    results = [
        *trials(relu(0.1), relu(0.2)),
        *(Trial("fine", n, elu(2.0 + n), 0.95, narrow) for n in range(2)),
    ]
    for rule in (DECADE, HALF):
        both = rule.model_copy(update={"sources": ("coarse", "fine")})
        zoomed = zoom(both, results, {}, OBJECTIVE)
        assert "alpha" in zoomed.box.ranges
        assert "slope" not in zoomed.box.ranges


@st.composite
def results(make: st.DrawFn) -> list[Trial]:
    """Trials of one box with conditions; the first has a value."""
    box = make(boxes())
    found = []
    for number in range(make(st.integers(1, 10))):
        point: dict[str, Value] = {
            name: make(st.sampled_from(extent.values())) for name, extent in box.ranges.items()
        }
        value = make(st.sampled_from([0.1, 0.3, 0.5] + [None] * (number > 0)))
        found.append(Trial("coarse", number, box.active(point), value, box))
    return found


@settings(deadline=None, derandomize=True, max_examples=150)
@given(results(), st.sampled_from([DECADE, HALF]))
def test_a_zoomed_box_holds_the_best_and_joins_the_old_one(
    found: list[Trial], rule: DecadesZoom | QuantileZoom
) -> None:
    zoomed = zoom(rule, found, {}, OBJECTIVE)
    best = max((one for one in found if one.value is not None), key=lambda r: (r.value, -r.number))
    assert zoomed.box.contains(best.parameters)
    old = found[0].box
    assert set(zoomed.box.ranges) <= set(old.ranges)
    assert set(hull((old, zoomed.box)).ranges) == set(old.ranges)
    told = [line.partition(":")[0] for line in lines(zoomed)]
    assert sorted(told) == sorted(old.ranges)
    assert {line.partition(":")[0] for line in lines(zoomed) if ": left out: " in line} == (
        set(old.ranges) - set(zoomed.box.ranges)
    )
