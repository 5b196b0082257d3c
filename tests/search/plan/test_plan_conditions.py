"""A whole search under conditions, planned to its end with made-up values."""

import json
from typing import Any

import pytest

from search.plan.finalists import finalists
from search.plan.importance import importances
from search.plan.plan import FINALISTS, plan, steps
from search.plan.samplers import distributions
from search.plan.trial import Trial
from search.space.joining import hull
from search.space.space import Box, Choices, Condition, Interval, Point
from search.study.file import Study, study_of
from search.study.ranges import recorded_box, write_box
from tests.search.plan.made_up import planned

BOX: dict[str, Any] = {
    "elu_alpha": {"low": 0.01, "high": 10.0, "when": {"activation": "elu"}},
    "activation": ["relu", "elu", "leaky_relu"],
    "negative_slope": {"low": 1e-3, "high": 0.5, "when": {"activation": "leaky_relu"}},
    "momentum": {"low": 0.1, "high": 0.9},
}


RANGES = {
    "elu_alpha": Interval(0.01, 10.0),
    "activation": Choices(("relu", "elu", "leaky_relu")),
    "negative_slope": Interval(1e-3, 0.5),
    "momentum": Interval(0.1, 0.9),
}
WHEN = {
    "elu_alpha": Condition({"activation": ("elu",)}),
    "negative_slope": Condition({"activation": ("leaky_relu",)}),
}


def study(**fine: Any) -> Study:
    first = {"name": "coarse", "sampler": "sobol", "trials": 32, "box": BOX}
    zoomed = {"name": "fine", "trials": 24, "zoom": {"rule": "quantile", "quantile": 0.5}} | fine
    return study_of(
        {"name": "own", "stages": [first, zoomed], "final": {"finalists": 6, "seeds": 2}}
    )


def worth(point: Point) -> float:
    """ELU is best, ReLU the next, leaky ReLU the worst."""
    rank = {"elu": 0.8, "relu": 0.79, "leaky_relu": 0.1}[str(point["activation"])]
    return rank - float(point["momentum"]) / 100


@pytest.mark.parametrize(
    "fine",
    [
        {},
        {"sampler": "tpe", "generation": 8},
        {"zoom": {"rule": "decades", "decades": 1}},
        {"box": {"activation": ["elu", "relu"]}},
        {"box": {"momentum": [0.1, 0.5], "elu_alpha": [0.5, 1.0]}},
    ],
)
def test_every_stage_can_be_stored_and_shown(fine: dict[str, Any]) -> None:
    """With its distributions, its boxes as they are recorded, and the hull that pages draw."""
    for made, results in planned(study(**fine), worth):
        stored = distributions(made.boxes)
        written = json.loads(json.dumps([write_box(box) for box in made.boxes]))
        assert tuple(recorded_box(box) for box in written) == made.boxes
        whole = hull(made.boxes)
        assert set(stored) == set(whole.ranges)
        for one in results:
            assert one.box.contains(one.parameters)
            assert whole.contains(one.parameters)
            for name, value in one.parameters.items():
                assert stored[name]._contains(stored[name].to_internal_repr(value))


def test_finalists_of_each_branch_have_boxes_that_join() -> None:
    whole = study()
    results = [
        Trial("fine", number, point, 0.9 - number / 100, Box(RANGES, WHEN))
        for number, point in enumerate(
            (
                {"activation": "relu", "momentum": 0.5},
                {"activation": "elu", "elu_alpha": 1.0, "momentum": 0.5},
                {"activation": "elu", "elu_alpha": 1.0, "momentum": 0.5},
                {"activation": "leaky_relu", "negative_slope": 0.1, "momentum": 0.5},
            )
        )
    ]
    chosen = finalists(results, 4, whole.objective)
    assert [one.number for one in chosen] == [0, 1, 3]
    step = next(one for one in steps(whole) if one.name == FINALISTS)
    made = plan(whole, step, results)
    assert made.boxes[0] == Box({"activation": Choices(("relu",)), "momentum": Choices((0.5,))})
    assert made.boxes[1].conditions == {"elu_alpha": Condition({"activation": ("elu",)})}
    assert set(distributions(made.boxes)) == set(RANGES)


def test_a_zoomed_stage_says_what_left_its_box_and_for_what() -> None:
    (coarse, _), (fine, _), *_ = planned(study(), worth)
    assert "elu_alpha: [0.01, 10], log, where activation is elu" in coarse.explanation
    assert fine.explanation.endswith(
        "negative_slope: left out: it is searched only where activation is leaky_relu"
    )
    _, (own, _), *_ = planned(study(box={"activation": ["relu"]}), worth)
    assert own.explanation.endswith(
        "as the study file says: activation\n"
        "elu_alpha: left out: it is searched only where activation is elu"
    )


def test_importance_is_that_of_the_hyperparameters_without_conditions() -> None:
    _, results = planned(study(), worth)[0]
    box = results[0].box
    found = importances(results, box, "maximize")
    assert set(found) == {"activation", "momentum"}
    plain = Box({name: box.ranges[name] for name in box.ranges if name in found})
    bare = [
        Trial("coarse", r.number, {n: r.parameters[n] for n in plain.ranges}, r.value, plain)
        for r in results
    ]
    assert importances(bare, plain, "maximize") == pytest.approx(found)
