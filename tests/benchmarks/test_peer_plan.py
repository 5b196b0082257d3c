"""The peer of experiment C4 searches by the plan of the shipped study; boxes against `zoom`'s."""

import pytest

from benchmarks.halving import planned_epochs
from benchmarks.peer_plan import EPOCHS, FIRST_BOX, STAGES, Best, box
from benchmarks.real_images import STUDY
from search.plan.trial import Trial
from search.plan.zoom import zoom
from search.space.space import Box, Interval
from search.study.reading import load

STUDIED = load(STUDY)


def boxes(best: tuple[float, ...], values: tuple[float, ...]) -> list[tuple[float, float]]:
    """The box of each stage by the study, each stage's best trial being as told."""
    extent = STUDIED.stages[0].boxes[0].ranges["weight_decay"]
    assert isinstance(extent, Interval)
    found = [extent]
    results: list[Trial] = []
    for stage, place, value in zip(STUDIED.stages[1:], best, values, strict=True):
        earlier = STUDIED.stages[len(found) - 1].name
        parameters = {"weight_decay": place}
        results.append(Trial(earlier, 0, parameters, value, Box({"weight_decay": found[-1]})))
        assert stage.zoom is not None
        zoomed = zoom(stage.zoom, results, STUDIED.natural_limits(stage), STUDIED.objective)
        extent = zoomed.box.ranges["weight_decay"]
        assert isinstance(extent, Interval)
        found.append(extent)
    return [(one.low, one.high) for one in found]


def test_stages_are_those_of_the_study() -> None:
    assert [(one.name, one.trials) for one in STAGES] == [
        (one.name, one.trials) for one in STUDIED.stages
    ]
    assert planned_epochs(()) == EPOCHS * sum(one.trials for one in STAGES)


@pytest.mark.parametrize("values", [(0.5, 0.6), (0.6, 0.5), (0.5, 0.5)])
@pytest.mark.parametrize(
    "best",
    [
        (1e-3, 3e-3),
        (5e-2, 2e-2),  # within the old box, which cuts the new one off
        (9e-2, 5e-1),  # so near to an edge that it counts as on it
        (1e-6, 1e-7),  # on the edge, and past it
        (1e-3, 1e-2),
    ],
)
def test_boxes_are_those_of_the_study(
    best: tuple[float, float], values: tuple[float, float]
) -> None:
    told = [Best(value, place) for value, place in zip(values, best, strict=True)]
    found = [box(place, told[:place]) for place in range(3)]
    assert found == [pytest.approx(one) for one in boxes(best, values)]
    assert found[0] == FIRST_BOX
