"""Importance: what decides is found, and what has nothing to say is left out."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest

from search.plan import importance
from search.plan.trial import Trial
from search.space.space import Box, Choices, Interval, Value

BOX = Box(
    {
        "learning_rate": Interval(1e-4, 1.0),
        "weight_decay": Interval(1e-6, 1e-1),
        "width_1": Interval(10, 100, log=False, step=10),
        "activation": Choices(("relu", "elu")),
    }
)


def results(count: int, worth: Callable[[dict[str, Value]], float]) -> list[Trial]:
    source = random.Random(5)
    found = []
    for number in range(count):
        point: dict[str, Value] = {
            "learning_rate": 10 ** source.uniform(-4, 0),
            "weight_decay": 10 ** source.uniform(-6, -1),
            "width_1": 10 * source.randint(1, 10),
            "activation": source.choice(("relu", "elu")),
        }
        found.append(Trial("coarse", number, point, worth(point), BOX))
    return found


def importances(results: Sequence[Trial], box: Box) -> Mapping[str, float]:
    return importance.importances(results, box, "maximize")


def width_matters(point: dict[str, Value]) -> float:
    return float(point["width_1"]) / 100  # type: ignore[arg-type]


def test_what_decides_comes_first() -> None:
    found = importances(results(200, width_matters), BOX)
    assert next(iter(found)) == "width_1"
    assert found["width_1"] > 0.8
    assert set(found) == set(BOX.ranges)
    assert sum(found.values()) == pytest.approx(1)


def test_it_is_the_high_values_that_count() -> None:
    """High widths ruin most trials: who is among the best tenth is decided by the activation."""
    found = importances(
        results(400, lambda point: 0.9 if point["activation"] == "elu" else 0.1), BOX
    )
    assert next(iter(found)) == "activation"


def test_where_less_is_better_the_low_values_count() -> None:
    costly = [replace(one, value=-(one.value or 0)) for one in results(100, width_matters)]
    found = importance.importances(costly, BOX, "minimize")
    assert found == importances(results(100, width_matters), BOX)
    assert found != importances(costly, BOX)


def test_it_is_deterministic() -> None:
    given = results(60, width_matters)
    assert importances(given, BOX) == importances(given, BOX)


def test_dropped_and_diverged_trials_and_strangers_count_for_nothing() -> None:
    given = results(100, width_matters)
    dropped = [replace(one, pruned_after=2, number=200) for one in given[::-3]]
    diverged = [replace(one, value=None, number=300) for one in given[:5]]
    outside = [
        replace(one, parameters={**one.parameters, "learning_rate": 7.0}, value=1.0)
        for one in given[:20]
    ]
    assert importances([*given, *dropped, *diverged, *outside], BOX) == importances(given, BOX)


def test_too_little_gives_nothing() -> None:
    given = results(50, width_matters)
    assert importances(given[:3], BOX) == {}
    assert importances(given[:4], BOX) != {}
    assert importances([replace(one, value=0.5) for one in given], BOX) == {}
    one = Box({"width_1": BOX.ranges["width_1"], "momentum": Choices((0.9,))})
    fixed = [
        replace(r, parameters={"width_1": r.parameters["width_1"], "momentum": 0.9}) for r in given
    ]
    assert importances(fixed, one) == {}


def test_ten_thousand_trials_take_a_moment() -> None:
    given = results(10_000, width_matters)
    importances(given[:10], BOX)  # imports Optuna
    began = time.process_time()
    importances(given, BOX)
    assert time.process_time() - began < 3  # some 0.2 s; through a storage it was 2 s
