"""One `[[stages]]` table as it is written, and whether its own keys fit together."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import Field, ValidationInfo, model_validator

from search.space.grid import combinations
from search.space.hyperparameters import Registry
from search.space.space import Box, Choices, Point, SpaceError
from search.study.faults import Fault, faulty
from search.study.halving import Halving
from search.study.learning import generation_faults
from search.study.ranges import REGISTRY, BoxTable, PointTable
from search.study.results import ResultsTable
from search.study.stopping import Stop, stop_faults
from search.study.table import List, Name, Table
from search.study.zoom_rules import ZoomRule

Sampler = Literal["random", "sobol", "grid", "points", "tpe", "cmaes", "gp", "results"]

COUNTED = ("grid", "points", "results")
"""The samplers that know by themselves how many trials there are."""

MOST_TRIALS = 100_000
"""The largest number of trials of a stage that is not taken for a slip."""


class StageTable(Table):
    """One `[[stages]]` of the file; `training` is for each kind of objective to say."""

    name: Name | None = Field(default=None, description="stage-1, stage-2, … unless said")
    sampler: Sampler = Field(default="random", description="how trials are drawn from the boxes")
    trials: int | None = Field(
        default=None,
        ge=1,
        le=MOST_TRIALS,
        description="how many points are trained; all samplers but grid, points and results need "
        "it",
    )
    generation: int | None = Field(
        default=None,
        ge=1,
        le=MOST_TRIALS,
        description="how many of them are asked for at once, before their results are looked at; "
        "for tpe, cmaes and gp, which need it; for random and sobol beside stop, as many as its "
        "`after` unless said",
    )
    box: BoxTable | None = Field(
        default=None, description="a range for each searched hyperparameter"
    )
    boxes: List[BoxTable] = Field(
        default=(),
        max_length=1_000,
        strict=False,
        description="several boxes; they share the trials",
    )
    zoom: ZoomRule | None = Field(
        default=None, description="how the box follows from the trials of earlier stages"
    )
    points: List[PointTable] = Field(
        default=(),
        max_length=MOST_TRIALS,
        strict=False,
        description='the trials themselves; for sampler = "points"',
    )
    results: ResultsTable | None = Field(
        default=None,
        description="points with their values from before, which are trained no more: the path of "
        'a CSV file, or a list of tables; for sampler = "results"',
    )
    halving: Halving | None = Field(
        default=None, description="when trials that fall behind are dropped"
    )
    stop: Stop | None = Field(
        default=None, description="when the stage ends since its trials bring nothing better"
    )
    training: Any = Field(description="keys of [training] that differ in this stage")

    @model_validator(mode="after")
    def _says_one_thing(self, info: ValidationInfo) -> "StageTable":
        faults = [*_box_faults(self), *_trials_faults(self), *_grid_faults(self)]
        faults += _points_faults(self, (info.context or {}).get(REGISTRY))
        faults += _results_faults(self)
        faults += generation_faults(
            self.sampler,
            self.trials,
            self.generation,
            len(self.boxes) or 1,
            self.halving,
            stops=self.stop is not None,
        )
        faults += stop_faults(self.stop, self.sampler, self.trials, self.halving)
        if faults:
            raise faulty(faults)
        return self


def _box_faults(stage: StageTable) -> Iterator[Fault]:
    boxed = stage.box is not None or bool(stage.boxes)
    if stage.box is not None and stage.boxes:
        yield Fault(("boxes",), "found box and boxes; give one of the two")
    if stage.sampler == "points":
        right = "leave it out: the points are all there is"
        for key, there in (("box", boxed), ("zoom", stage.zoom is not None)):
            if there:
                yield Fault((key,), f'found beside sampler = "points"; {right}')
    elif stage.zoom is None and not boxed:
        example = "box = {learning_rate = {low = 1e-3, high = 1e-1}}"
        right = f"give the ranges to search, such as {example}, or a zoom on earlier stages"
        yield Fault(("box",), f"missing; {right}")
    elif stage.zoom is not None and stage.sampler == "grid":
        right = 'give "random", "sobol" or "gp": a zoomed box is not known before the search runs'
        yield Fault(("sampler",), f'found "grid" beside a zoom; {right}')
    elif stage.zoom is not None and len(stage.boxes) > 1:
        right = "give one at most, for what the zoom does not carry over"
        yield Fault(("boxes",), f"found {len(stage.boxes)} boxes beside a zoom; {right}")


def _trials_faults(stage: StageTable) -> Iterator[Fault]:
    if stage.sampler not in COUNTED:
        if stage.trials is None:
            right = f'give how many trials sampler = "{stage.sampler}" draws'
            yield Fault(("trials",), f"missing; {right}")
        return
    if stage.trials is not None:
        counted = {
            "grid": "a grid trains every combination",
            "points": "the points are counted",
            "results": "the results are counted",
        }
        yield Fault(("trials",), f"found {stage.trials}; leave it out: {counted[stage.sampler]}")


def _grid_faults(stage: StageTable) -> Iterator[Fault]:
    if stage.sampler != "grid" or stage.zoom is not None:
        return
    boxes = (stage.box,) if stage.box is not None else stage.boxes
    total = 0
    for place, box in enumerate(boxes):
        key = ("box",) if stage.box is not None else ("boxes", place)
        for name, extent in box.ranges.items():
            try:
                extent.values()
            except SpaceError as error:
                yield Fault((*key, name), str(error))
                return
        total += combinations(box)
    if total > MOST_TRIALS:
        right = f"give fewer values: {MOST_TRIALS:,} are the most"
        yield Fault(("sampler",), f'found a "grid" of {total:,} combinations; {right}')


def _results_faults(stage: StageTable) -> Iterator[Fault]:
    if stage.sampler != "results":
        if stage.results is not None:
            right = f'leave them out, or give sampler = "results", not "{stage.sampler}"'
            yield Fault(("results",), f"found; {right}")
        return
    if not stage.results:
        right = 'name a CSV file, such as results = "past.csv"'
        yield Fault(("results",), f"missing; {right}")
    if len(stage.boxes) > 1:
        right = "give one, in which all results lie"
        yield Fault(
            ("boxes",), f'found {len(stage.boxes)} boxes beside sampler = "results"; {right}'
        )
    right = "leave it out: results are trained no more"
    for key, there in (("zoom", stage.zoom), ("halving", stage.halving)):
        if there is not None:
            yield Fault((key,), f'found beside sampler = "results"; {right}')


def _points_faults(stage: StageTable, registry: Registry | None) -> Iterator[Fault]:
    if stage.sampler != "points":
        if stage.points:
            right = f'leave them out, or give sampler = "points", not "{stage.sampler}"'
            yield Fault(("points",), f"found {len(stage.points)} points; {right}")
        return
    if not stage.points:
        right = "give a list of tables, such as points = [{learning_rate = 0.01}]"
        yield Fault(("points",), f"missing; {right}")
        return
    box = box_of(stage.points, registry)
    first = set(stage.points[0]) - set(box.conditions)
    for place, point in enumerate(stage.points):
        key, active = ("points", place), box.active_names(point)
        if set(point) - set(box.conditions) != first:
            right = f"give each point what the first one has: {', '.join(sorted(first))}"
            yield Fault(key, f"found {', '.join(sorted(point))}; {right}")
            continue
        for name, condition in box.conditions.items():
            if (name in point) != (name in active):
                found = f"found {name}" if name in point else f"{name} is missing"
                right = f"points have it where {condition}, and nowhere else"
                yield Fault(key, f"{found}; {right}")


def box_of(points: Sequence[Point], registry: Registry | None) -> Box:
    """The box of all values of some points, under the conditions that follow from them."""
    names = dict.fromkeys(name for point in points for name in point)
    ranges = {
        name: Choices(tuple(dict.fromkeys(point[name] for point in points if name in point)))
        for name in names
    }
    return Box(ranges, registry.conditions(ranges) if registry is not None else {})
