"""TPE where some hyperparameters are active under conditions alone, and where none is."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from search.plan import learned
from search.plan.samplers import Drawn
from search.plan.trial import Trial
from search.space.space import Point
from search.study.file import Study, study_of

ROOT = Path(__file__).parents[3]
BOX: dict[str, Any] = {
    "elu_alpha": {"low": 0.01, "high": 10.0, "when": {"activation": "elu"}},
    "activation": ["relu", "elu", "leaky_relu"],
    "negative_slope": {"low": 1e-3, "high": 0.5, "when": {"activation": "leaky_relu"}},
    "learning_rate": {"low": 1e-5, "high": 1.0},
    "momentum": {"values": [0.0, 0.9], "when": {"activation": ["elu", "relu"]}},
}


def study_with(box: dict[str, Any], **stage: Any) -> Study:
    whole = {"name": "only", "sampler": "tpe", "trials": 64, "generation": 8, "box": box} | stage
    return study_of({"name": "own", "seed": 5, "stages": [whole]})


def worth(point: Point) -> float:
    """The best is ELU with an α near 1."""
    alpha = float(point.get("elu_alpha", 50.0))
    return 1 / (1 + abs(alpha - 1))


def searched(study: Study) -> list[Drawn]:
    """All points of the search, which learns from `worth`."""
    (stage,) = study.stages
    points: list[Drawn] = []
    for generation in range(learned.generations(stage)):
        results = [
            Trial("only", number, one.parameters, worth(one.parameters), stage.boxes[one.box])
            for number, one in enumerate(points)
        ]
        points += learned.ask(study, stage, stage.boxes, generation, results)
    return points


def test_every_point_has_what_is_active() -> None:
    study = study_with(BOX)
    (box,) = study.stages[0].boxes
    points = searched(study)
    assert len(points) == 64
    for one in points:
        assert box.contains(one.parameters)
        assert list(one.parameters) == [name for name in BOX if name in one.parameters]
    assert {len(one.parameters) for one in points} == {3, 4}


def test_it_learns_which_branch_is_good_and_where_in_it() -> None:
    points = [one.parameters for one in searched(study_with(BOX))]
    start, late = points[:8], points[40:]
    assert sum(point["activation"] == "elu" for point in start) <= 4
    assert sum(point["activation"] == "elu" for point in late) >= len(late) * 2 / 3
    assert max(map(worth, points)) > 0.9


def test_a_branch_that_no_trial_has_had_can_still_be_drawn() -> None:
    study = study_with(BOX)
    (stage,) = study.stages
    point: Point = {"activation": "relu", "learning_rate": 1e-2, "momentum": 0.9}
    results = [Trial("only", n, point, None if n else 0.5, stage.boxes[0]) for n in range(8)]
    for one in learned.ask(study, stage, stage.boxes, 1, results):
        assert stage.boxes[0].contains(one.parameters)


def test_another_process_asks_for_the_same_points() -> None:
    """Strings hash otherwise there; what the sampler groups in sets must not show."""
    code = (
        "import json; from tests.search.plan.test_learned_conditions import *; "
        "print(json.dumps([dict(one.parameters) for one in searched(study_with(BOX))]))"
    )
    here = [dict(one.parameters) for one in searched(study_with(BOX))]
    environment = os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert json.loads(run.stdout) == here


def test_points_of_a_box_without_conditions_are_what_they_were() -> None:
    """Real numbers may differ in their last bits between processors."""
    box = {
        "learning_rate": {"low": 1e-5, "high": 1.0},
        "momentum": [0.0, 0.5, 0.9],
        "activation": ["relu", "elu"],
        "width_1": {"low": 4, "high": 64, "step": 4},
    }
    study = study_with(box, trials=40)
    (stage,) = study.stages
    points: list[Drawn] = []
    for generation in range(4):
        results = [
            Trial("only", number, one.parameters, number * 7 % 11 / 11, stage.boxes[0])
            for number, one in enumerate(points)
        ]
        points += learned.ask(study, stage, stage.boxes, generation, results)
    values = [tuple(one.parameters.values()) for one in points]
    expected = {
        8: (0.00012698236324288468, 0.0, "elu", 32),
        9: (0.118944784876842, 0.0, "elu", 8),
        10: (0.000894190382335371, 0.0, "elu", 8),
        31: (4.778571995270387e-05, 0.9, "relu", 52),
    }
    for number, point in expected.items():
        assert values[number][1:] == point[1:]
        assert values[number][0] == pytest.approx(point[0], rel=1e-9)
