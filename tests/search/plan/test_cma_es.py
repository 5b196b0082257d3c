"""CMA-ES: told the order of each generation, and made again from its results each time."""

import math
import statistics
import sys
import warnings
from collections.abc import Callable, Sequence

import pytest

from search.errors import KlayerError
from search.plan import cma_es
from search.plan.ranking import Ranking
from search.plan.seeds import derive
from search.plan.trial import Trial
from search.space.space import Box, Interval, Point

HIGHEST = Ranking("maximize")
RATE = Box({"learning_rate": Interval(1e-5, 1.0)})
MIXED = Box(
    {
        "learning_rate": Interval(1e-5, 1.0),
        "momentum": Interval(0.0, 0.99, log=False),
        "width_1": Interval(10, 200, log=False, step=10),
    }
)


def ask(
    box: Box, told: Sequence[Trial], count: int, population: int, of: int, by: Ranking = HIGHEST
) -> list[Point]:
    return cma_es.ask(box, told, count, population, of, by)


def seed(generation: int) -> int:
    return derive(1, generation)


def grown(
    box: Box,
    objective: Callable[[Point], float | None],
    generations: int,
    told: list[Trial] | None = None,
    population: int = 8,
) -> list[Trial]:
    """The results of a box after so many generations, those of `told` included."""
    told = list(told or [])
    while len(told) < generations * population:
        made = ask(box, told, population, population, seed(len(told) // population))
        told += [Trial("s", len(told) + n, p, objective(p), box) for n, p in enumerate(made)]
    return told


def rate(point: Point) -> float:
    return -abs(math.log10(float(point["learning_rate"])) + 1)


def test_only_the_order_of_the_values_counts() -> None:
    told = grown(RATE, rate, 3)
    stretched = [
        Trial("s", one.number, one.parameters, math.exp(3 * (one.value or 0)), RATE) for one in told
    ]
    assert ask(RATE, stretched, 8, 8, seed(3)) == ask(RATE, told, 8, 8, seed(3))


def test_where_less_is_better_the_negated_values_teach_the_same() -> None:
    told = grown(RATE, rate, 3)
    costs = [Trial("s", one.number, one.parameters, -(one.value or 0), RATE) for one in told]
    assert ask(RATE, costs, 8, 8, seed(3), Ranking("minimize")) == ask(RATE, told, 8, 8, seed(3))
    assert ask(RATE, costs, 8, 8, seed(3)) != ask(RATE, told, 8, 8, seed(3))


def test_a_diverged_trial_is_as_bad_as_the_worst() -> None:
    """The only diverged one counts as if it had the lowest value, or one that is lower still."""
    told = grown(RATE, rate, 1)
    worst = min(told, key=lambda one: one.value or 0)

    def with_worst(value: float | None) -> list[Point]:
        changed = [
            Trial("s", one.number, one.parameters, value if one is worst else one.value, RATE)
            for one in told
        ]
        return ask(RATE, changed, 8, 8, seed(1))

    assert with_worst(None) == with_worst(worst.value) == with_worst(-9.0)
    assert with_worst(None) != with_worst(9.0)


def test_a_generation_that_diverged_as_a_whole_changes_nothing_but_the_draws() -> None:
    """The next one comes from the same distribution."""
    lost = grown(RATE, lambda _: None, 1)
    found = ask(RATE, lost, 8, 8, seed(1))
    assert found == ask(RATE, [], 8, 8, seed(1))
    assert found != [one.parameters for one in lost]


def test_fewer_points_are_the_first_of_more() -> None:
    told = grown(MIXED, rate, 2)
    assert ask(MIXED, told, 3, 8, seed(2)) == ask(MIXED, told, 8, 8, seed(2))[:3]


def test_a_point_is_learned_from_where_it_lies() -> None:
    """All lie at a high rate and few units, whoever put them there: the next ones follow."""
    told = [
        Trial("s", n, {"learning_rate": 0.2 + n / 100, "momentum": 0.5, "width_1": 20}, 0.5, MIXED)
        for n in range(24)
    ]
    made = [point for n in range(20) for point in ask(MIXED, told, 8, 8, seed(n))]
    assert statistics.median(float(point["learning_rate"]) for point in made) > 0.03
    assert statistics.fmean(int(point["width_1"]) for point in made) < 80  # 105 in the middle
    assert all(MIXED.contains(point) for point in made)


@pytest.mark.parametrize(
    "box",
    [
        Box({"width_1": Interval(1, 3, log=False, step=1)}),
        Box({"width_1": Interval(50, 50, log=False, step=1), "momentum": Interval(0.9, 0.9)}),
        MIXED,
    ],
)
@pytest.mark.parametrize("objective", [lambda _: 0.5, lambda point: -float(point["width_1"])])
def test_many_generations_on_few_values_stay_in_the_box(
    box: Box, objective: Callable[[Point], float]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = grown(box, objective, 40, population=4)
    assert all(box.contains(one.parameters) for one in told)
    assert {type(one.parameters["width_1"]) for one in told} == {int}


def test_where_nothing_is_left_to_tell_apart_another_strategy_begins() -> None:
    told = grown(RATE, lambda point: -float(point["learning_rate"]), 80, population=4)
    spans = []
    for first in range(0, len(told), 4):
        rates = [float(one.parameters["learning_rate"]) for one in told[first : first + 4]]
        spans.append(math.log10(max(rates) / min(rates)))
    narrow = next(place for place, span in enumerate(spans) if span < 1e-7)
    assert max(spans[narrow:]) > 0.5


def test_whole_numbers_are_equally_likely_at_both_ends() -> None:
    box = Box({"width_1": Interval(1, 5, log=False, step=1)})
    drawn = [int(point["width_1"]) for n in range(400) for point in ask(box, [], 4, 4, seed(n))]
    shares = [drawn.count(value) / len(drawn) for value in range(1, 6)]
    assert min(shares) > 0.1
    assert shares == pytest.approx(shares[::-1], abs=0.04)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cmaes", None)
    with pytest.raises(
        KlayerError, match=r"needs a library .* install it with `pip install cmaes`"
    ):
        ask(RATE, [], 8, 8, 1)
