"""A study made so small that a whole list of studies runs in a minute or two: a rehearsal.

What it trains, and how, stays as it is; there is less of it, and the images are the embedded ones.
Everything follows from the study and its published rows, by rules that know no study's name.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

from search.reproduce.published_tables import Published
from search.space.space import Box, Choices, Point, Range, Value
from search.study.file import Stage, Study, study_of
from search.study.ranges import write_box

SUFFIX = "-quick"
EPOCHS = 2  # of a training without cycles; those with cycles keep theirs, of two epochs each
TRIALS = 4  # of a stage that draws them; or two a box, where that is more
GRID = 12  # points that are left of a grid


def quick(study: Study, rows: Sequence[Published]) -> Study:
    """The study on the embedded digits, with few epochs and few trials, as NAME-quick.

    - A training has at most `EPOCHS` epochs, or its own cycles, of one epoch up and one down.
    - A stage that draws its points draws fewer. One with listed points keeps them.
    - A grid becomes some of its points, spread over it, and those that published rows speak of.
    - Rungs at which halving compares trials keep their places, as far as the training goes.
    - Finalists are as many as there still can be, over one fresh seed at most.

    Args:
        study: As its file has it.
        rows: The published figures of the file.
    """
    canonical = study.canonical()
    canonical["name"] = f"{study.name}{SUFFIX}"
    canonical["data"] = {"source": "digits"}
    canonical["training"] = _shorter(canonical["training"])
    read = {name for stage in study.stages for name in stage.reads}
    for stage, table in zip(study.stages, canonical["stages"], strict=True):
        table["training"] = _shorter(table["training"])
        _thin(stage, table, rows, zoomed=stage.name in read)
        if "halving" in table:
            table["halving"] = _fitting(table["halving"], table["training"]["schedule"])
    final = canonical["final"]
    final["training"] = _shorter(final["training"])
    final["seeds"] = min(final["seeds"], 1)
    final["finalists"] = 1
    smaller = study_of(canonical)
    final["finalists"] = min(study.final.finalists, _most_finalists(smaller))
    return study_of(canonical)


def _shorter(training: dict[str, Any]) -> dict[str, Any]:
    schedule = dict(training["schedule"])
    if schedule["kind"] == "cycles":
        schedule.pop("half_cycle_steps", None)
        schedule["half_cycle_epochs"] = 1
    else:
        schedule["epochs"] = min(schedule["epochs"], EPOCHS)
    kept = {key: value for key, value in training.items() if key != "patience"}  # of more epochs
    return {**kept, "schedule": schedule}


def _thin(stage: Stage, table: dict[str, Any], rows: Sequence[Published], *, zoomed: bool) -> None:
    """Make a stage's table draw fewer trials, in place.

    Args:
        stage: As the study has it.
        table: Its canonical form.
        rows: The published figures.
        zoomed: Whether another stage's box comes from its trials, so that it must stay a grid.
    """
    if stage.sampler in ("random", "sobol"):
        table["trials"] = min(stage.trials, max(TRIALS, 2 * len(stage.boxes)))
    elif stage.generation is not None:
        # Two generations, of which the second is learned; TPE's start points may take more.
        table["trials"] = min(stage.trials, max(2 * stage.generation, 8 * len(stage.boxes) + 1))
    elif stage.sampler == "grid" and zoomed:
        table["boxes"] = [write_box(_thinned(box)) for box in stage.boxes]
    elif stage.sampler == "grid":
        del table["boxes"]
        table["sampler"] = "points"
        table["points"] = [dict(point) for point in _points(stage, rows)]


def _points(stage: Stage, rows: Sequence[Published]) -> list[Point]:
    """Some points of a grid: those of its thinned boxes, and those that rows speak of."""
    points = [point for box in stage.boxes for point in _combined(_thinned(box))]
    for row in rows:
        whole = any(set(row.point) == set(box.ranges) for box in stage.boxes)
        held = any(
            all(row.point.get(n) in r.values() for n, r in b.ranges.items()) for b in stage.boxes
        )
        if whole and held:
            points.append({name: row.point[name] for name in stage.boxes[0].ranges})
    return [dict(one) for one in dict.fromkeys(tuple(point.items()) for point in points)]


def _thinned(box: Box) -> Box:
    """A box of which a grid has few points: of each range some values, its ends among them."""
    values = {name: list(extent.values()) for name, extent in box.ranges.items()}
    counts = {name: len(some) for name, some in values.items()}
    while math.prod(counts.values()) > GRID and max(counts.values()) > 1:
        longest = max(counts, key=lambda name: counts[name])
        counts[longest] -= 1
    return Box({name: _choices(values[name], counts[name]) for name in values})


def _choices(values: Sequence[Value], count: int) -> Range:
    """So many of the values, evenly spread over them."""
    last = len(values) - 1
    places = [round(last * place / max(count - 1, 1)) for place in range(count)]
    return Choices(tuple(values[place] for place in places))


def _combined(box: Box) -> list[Point]:
    names = list(box.ranges)
    lists = [box.ranges[name].values() for name in names]
    return [dict(zip(names, combination, strict=True)) for combination in itertools.product(*lists)]


def _fitting(halving: dict[str, Any], schedule: dict[str, Any]) -> dict[str, Any]:
    """Rungs before the end of the shorter training; its first epoch's, where none of them is."""
    cycles = schedule.get("cycles", 0)
    length = cycles if halving["unit"] == "cycles" else 2 * cycles or schedule["epochs"]
    kept = [rung for rung in halving["at"] if rung < length]
    return {**halving, "at": kept or [1]}


def _most_finalists(study: Study) -> int:
    """How many trials of the stages that finalists come from can be trained to their end."""
    named = study.contenders()
    return sum(
        stage.trials if stage.halving is None else stage.halving.counts(stage.trials)[-1]
        for stage in study.stages
        if stage.name in named
    )
