"""A whole search of widths that never grow, planned to its end with made-up values."""

import json
from typing import Any

import pytest

from search.plan.plan import plan, steps
from search.plan.samplers import distributions
from search.plan.trial import Trial
from search.space.space import Box, Point
from search.study.file import Study, study_of
from search.study.ranges import recorded_box, write_box
from tests.search.plan.made_up import planned

WIDTH = {"low": 8, "high": 64}
WIDTHS: dict[str, Any] = {
    "width_1": WIDTH,
    "width_2": WIDTH | {"at_most": "width_1"},
    "width_3": WIDTH | {"at_most": "width_2"},
}
DEPTH = {"layers": [2, 3, 4], **WIDTHS}
NETWORK = {"widths": [64, 32, 8]}


def study(box: dict[str, Any], coarse: dict[str, Any], fine: dict[str, Any]) -> Study:
    first = {"name": "coarse", "trials": 16, "box": box} | coarse
    zoomed = {"name": "fine", "trials": 16} | fine
    final = {"finalists": 3, "seeds": 1}
    return study_of({"name": "own", "network": NETWORK, "stages": [first, zoomed], "final": final})


def worth(point: Point) -> float:
    """Deep networks whose widths are about 50, 30 and 12 are best."""
    wanted = {"width_1": 50, "width_2": 30, "width_3": 12}
    far = sum(abs(float(point[name]) - best) for name, best in wanted.items() if name in point)
    return int(point.get("layers", 0)) - far / 100


QUANTILE = {"zoom": {"rule": "quantile", "quantile": 0.25}}
DECADES = {"zoom": {"rule": "decades", "decades": 1, "share": 0.1}}
LEARNS = {"trials": 16, "generation": 4}


@pytest.mark.parametrize(
    ("box", "coarse", "fine"),
    [
        (DEPTH, {"sampler": "sobol"}, QUANTILE | {"sampler": "tpe"} | LEARNS),
        (DEPTH, {"sampler": "random"}, DECADES | {"sampler": "gp"} | LEARNS),
        (WIDTHS, {"sampler": "sobol"}, QUANTILE | {"sampler": "cmaes"} | LEARNS),
        (WIDTHS, {"sampler": "tpe"} | LEARNS, DECADES | {"sampler": "random"}),
        (
            {name: one | {"step": 8} for name, one in WIDTHS.items()},
            {"sampler": "gp"} | LEARNS,
            QUANTILE | {"sampler": "sobol"},
        ),
    ],
)
def test_widths_never_grow_whatever_draws_them(
    box: dict[str, Any], coarse: dict[str, Any], fine: dict[str, Any]
) -> None:
    made = study(box, coarse, fine)
    found = planned(made, worth)
    for stage, results in found[:2]:
        stored = distributions(stage.boxes)
        assert [result.number for result in results] == list(range(16))
        (there,) = stage.boxes
        assert dict(there.at_most) == {"width_2": "width_1", "width_3": "width_2"}
        assert recorded_box(json.loads(json.dumps(write_box(there)))) == there
        for result in results:
            assert there.contains(result.parameters)
            for name, value in result.parameters.items():
                assert stored[name]._contains(stored[name].to_internal_repr(value))
    assert len({tuple(r.parameters.items()) for _, results in found[:2] for r in results}) > 20
    again = [[one.parameters for one in results] for _, results in planned(made, worth)]
    assert again == [[one.parameters for one in results] for _, results in found]


def test_a_zoom_round_trials_of_two_depths_says_what_it_puts_in_order() -> None:
    """The best is shallow and narrow, and the best that has a second layer is wide."""
    made = study(DEPTH, {}, DECADES)
    coarse, fine, *_ = steps(made)
    (box,) = plan(made, coarse, []).boxes
    told = [
        Trial("coarse", 0, {"layers": 2, "width_1": 10}, 2.0, box),
        Trial("coarse", 1, {"layers": 3, "width_1": 60, "width_2": 50}, 1.0, box),
    ]
    zoomed = plan(made, fine, told)
    (closer,) = zoomed.boxes
    assert {name: str(extent) for name, extent in closer.ranges.items()} == {
        "layers": "{2, 3, 4}",
        "width_1": "[4, 16]",
        "width_2": "[4, 16]",
        "width_3": "[4, 16]",
    }
    lines = zoomed.explanation.splitlines()
    assert lines[-2:] == [
        "width_2: → [4, 16]: since it is at most width_1",
        "width_3: → [4, 16]: since it is at most width_2",
    ]


def test_a_grid_has_the_widths_in_order_alone() -> None:
    box = {name: one | {"step": 28} for name, one in WIDTHS.items()}
    made = study_of(
        {"name": "own", "stages": [{"sampler": "grid", "box": box}], "network": NETWORK}
    )
    (stage,) = made.stages
    assert stage.trials == 10  # of 27
    results = planned(made, worth)[0][1]
    assert len(results) == 10
    assert all(isinstance(one.box, Box) and one.box.contains(one.parameters) for one in results)
