"""Where a sampler that learns begins, and in which parts it goes on."""

from typing import Any

import pytest

from search.plan import learned
from search.plan.samplers import Drawn, draw
from search.plan.seeds import derive
from search.plan.trial import Trial
from search.study.file import Study, study_of

RATE = {"low": 1e-5, "high": 1.0}


def study_with(**stage: Any) -> Study:
    whole = {"name": "only", "trials": 40} | stage
    if "boxes" not in whole:
        whole["box"] = {"learning_rate": RATE, "momentum": [0.0, 0.5, 0.9]}
    return study_of({"name": "own", "seed": 5, "stages": [whole]})


@pytest.mark.parametrize(
    ("trials", "generation", "expected"),
    [
        (16, 8, [range(8), range(8, 16)]),
        (19, 8, [range(8), range(8, 16), range(16, 19)]),
        (10, 1, [range(n, n + 1) for n in range(10)]),
    ],
)
def test_the_numbers_of_each_generation(
    trials: int, generation: int, expected: list[range]
) -> None:
    (stage,) = study_with(sampler="tpe", trials=trials, generation=generation).stages
    assert learned.generations(stage) == len(expected)
    assert [learned.numbers(stage, n) for n in range(len(expected))] == expected
    assert len(learned.numbers(stage, len(expected))) == 0


def test_a_stage_that_does_not_learn_is_one_generation() -> None:
    (stage,) = study_with(sampler="sobol").stages
    assert (learned.generations(stage), learned.numbers(stage, 0)) == (1, range(40))


def asked(study: Study, generations: int) -> list[Drawn]:
    """The points of the first generations, later ones being better."""
    (stage,) = study.stages
    points: list[Drawn] = []
    for generation in range(generations):
        results = [
            Trial("only", number, one.parameters, number / 100, stage.boxes[one.box])
            for number, one in enumerate(points)
        ]
        points += learned.ask(study, stage, stage.boxes, generation, results)
    return points


@pytest.mark.parametrize(
    ("generation", "boxes", "start"),
    [(1, 1, 8), (2, 1, 8), (3, 1, 9), (8, 1, 8), (16, 1, 16), (4, 3, 24), (7, 3, 28), (30, 3, 30)],
)
def test_tpe_starts_with_an_even_sequence_of_whole_generations_eight_a_box_at_least(
    generation: int, boxes: int, start: int
) -> None:
    several = [{"learning_rate": {"low": low, "high": 2 * low}} for low in (0.01, 0.1, 0.3)]
    study = study_with(sampler="tpe", generation=generation, boxes=several[:boxes])
    points = asked(study, start // generation + 1)
    seed = derive(5, "stage", "only", "generation", 0)
    even = list(draw("sobol", study.stages[0].boxes, 40, seed))
    assert points[:start] == even[:start]
    assert points[start] != even[start]
    assert [point.box for point in points] == [n % boxes for n in range(len(points))]


def test_cma_es_starts_from_the_middle() -> None:
    middles = []
    for seed in range(20):
        box = {"learning_rate": RATE, "width_1": {"low": 1, "high": 101}}
        stage = {"sampler": "cmaes", "trials": 40, "generation": 16, "box": box}
        study = study_of({"name": "own", "seed": seed, "stages": [stage]})
        widths = [int(point.parameters["width_1"]) for point in asked(study, 1)]
        middles.append(sum(widths) / len(widths))
        assert max(widths) - min(widths) > 40
    assert 46 < sum(middles) / len(middles) < 56
