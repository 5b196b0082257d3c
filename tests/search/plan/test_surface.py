"""The surface through trials, and the points that are asked for by it."""

import math
from collections.abc import Callable

import pytest

from search.plan import surface as module
from search.plan.ranking import Ranking
from search.plan.samplers import draw
from search.plan.surface import surface
from search.plan.trial import Trial
from search.space.space import Box, Choices, Condition, Interval, Point

LOWEST = Ranking("minimize")
RATE = Box({"rate": Interval(1e-5, 1.0), "idle": Interval(0.0, 1.0, log=False)})
KIND = Box(
    {"kind": Choices(("a", "b", "c")), "rate": Interval(1e-5, 1.0)},
    {"rate": Condition({"kind": ("a",)})},
)


def trials(box: Box, count: int, loss: Callable[[Point], float | None]) -> list[Trial]:
    drawn = draw("sobol", (box,), count, 7)
    return [Trial("s", n, d.parameters, loss(d.parameters), box) for n, d in enumerate(drawn)]


def off(point: Point) -> float:
    return abs(math.log10(float(point["rate"])) + 2)


def test_the_least_is_expected_where_trials_did_best() -> None:
    points = [{"rate": 10.0**-place, "idle": 0.5} for place in range(6)]
    expected = surface(RATE, trials(RATE, 16, off), LOWEST).expected(points)
    assert min(range(6), key=expected.__getitem__) == 2


def test_only_the_order_of_the_values_counts() -> None:
    told = trials(RATE, 16, off)
    stretched = trials(RATE, 16, lambda point: math.exp(5 * off(point)))
    assert surface(RATE, stretched, LOWEST).ask(4, 1) == surface(RATE, told, LOWEST).ask(4, 1)
    turned = trials(RATE, 16, lambda point: -off(point))
    assert surface(RATE, turned, Ranking("maximize")).ask(4, 1) == (
        surface(RATE, told[::-1], LOWEST).ask(4, 1)
    )


def test_where_nothing_is_left_to_try_points_are_asked_for_again() -> None:
    box = Box({"kind": Choices((1, 2, 3)), "width": Interval(1, 2, log=False, step=1)})
    told = trials(box, 8, lambda point: float(point["kind"]) + float(point["width"]))
    assert len(surface(box, told, LOWEST).ask(8, 1)) == 8
    (left,) = surface(
        box, [one for one in told if one.parameters != told[0].parameters], LOWEST
    ).ask(1, 1)
    assert left == told[0].parameters


def test_what_has_a_condition_is_asked_for_only_where_it_is_active() -> None:
    told = trials(KIND, 16, lambda point: off(point) if "rate" in point else 3.0)
    asked = surface(KIND, told, LOWEST).ask(8, 1)
    assert all(KIND.contains(point) for point in asked)
    assert sum("rate" in point for point in asked) >= 4


@pytest.mark.parametrize("box", [Box({"rate": Interval(0.1, 0.1)}), Box({"kind": Choices(("a",))})])
def test_a_box_of_single_values_has_one_point(box: Box) -> None:
    (point,) = [one.parameters for one in trials(box, 1, lambda _: 1.0)]
    assert surface(box, trials(box, 2, lambda _: 1.0), LOWEST).ask(2, 1) == [point, point]


def test_of_too_many_trials_the_best_half_and_some_of_the_others_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_TOLD", 8)
    told = trials(RATE, 32, off)
    order = [one.parameters for one in sorted(told, key=lambda one: one.value or 0.0)]
    kept = surface(RATE, told, LOWEST).told
    assert list(kept[:4]) == order[:4]
    assert (len(kept), kept[4], kept[7]) == (8, order[4], order[31])
