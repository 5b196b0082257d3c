"""A stage and the final, resolved: every default filled in, every training whole."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from search.objective.port import Training
from search.space.grid import combinations
from search.space.hyperparameters import Registry
from search.space.space import Value
from search.study.halving import Halving
from search.study.ranges import BoxTable, PointTable, write_box
from search.study.results import Results, as_table
from search.study.stage_table import COUNTED, MOST_TRIALS, Sampler, StageTable, box_of
from search.study.stopping import IN_PARTS, Stop
from search.study.table import List, Name, Table
from search.study.zoom_rules import ZoomRule


class Stage(Table):
    """One step of a search.

    Attributes:
        name: Unique in its study.
        sampler: How trials are drawn.
        trials: How many points are trained; resolved for grid and points, too.
        generation: How many of them are planned at once; None where all are.
        boxes: What trials are drawn from. For a zoomed stage none, or one whose ranges stand beside
            the zoomed ones, and before those of the same name. For points, one of all their values.
        zoom: The rule that gives the box, its `sources` named; None where `boxes` say it all.
        points: The trials of sampler "points", in order; else empty.
        results: What sampler "results" takes over, in order, each as a table; else empty.
        source: The file that they come from, as the study file names it; empty where there is none.
        halving: When trials that fall behind are dropped; None where all are trained to the end.
        stop: When the stage ends since nothing improves; None where it never does.
        training: The whole training of this stage's trials.
    """

    name: Name
    sampler: Sampler
    trials: int = Field(ge=1, le=MOST_TRIALS)
    generation: int | None = Field(default=None, ge=1, le=MOST_TRIALS)
    boxes: List[BoxTable] = Field(strict=False)
    zoom: ZoomRule | None = None
    points: List[PointTable] = Field(default=(), strict=False)
    results: List[dict[str, Value]] = Field(default=(), strict=False)
    source: str = ""
    halving: Halving | None = None
    stop: Stop | None = None
    training: Training

    @property
    def reads(self) -> tuple[str, ...]:
        """The stages that its zoom reads, by name; none without a zoom."""
        return () if self.zoom is None else self.zoom.sources

    def canonical(self) -> dict[str, Any]:
        """The stage as a file would write it, with every default."""
        written: dict[str, Any] = {"name": self.name, "sampler": self.sampler}
        if self.sampler not in COUNTED:
            written["trials"] = self.trials
        if self.generation is not None:
            written["generation"] = self.generation
        if self.sampler == "points":
            written["points"] = [dict(point) for point in self.points]
        elif self.boxes:
            written["boxes"] = [write_box(box) for box in self.boxes]
        if self.sampler == "results":
            written["results"] = [dict(one) for one in self.results]
        if self.zoom is not None:
            written["zoom"] = self.zoom.model_dump(mode="json", exclude_none=True)
        if self.halving is not None:
            written["halving"] = self.halving.model_dump(mode="json")
        if self.stop is not None:
            written["stop"] = self.stop.model_dump(mode="json")
        written["training"] = self.training.model_dump(mode="json", exclude_none=True)
        return written


def resolve(
    table: StageTable,
    place: int,
    before: str | None,
    units: Sequence[str],
    registry: Registry,
    results: Results | None = None,
) -> Stage:
    """The stage that `table` writes.

    Args:
        table: The stage as written.
        place: Its place among the stages, counted from 1; names a stage without a name.
        before: The name of the stage before it, which a zoom reads unless it says otherwise.
        units: What rungs may be counted in; the first unless said.
        registry: Of the hyperparameters.
        results: What it takes over, as it was read.
    """
    boxes = (table.box,) if table.box is not None else table.boxes
    trials = table.trials or len(table.points)
    if table.points:
        boxes = (box_of(table.points, registry),)
    elif table.sampler == "grid":
        trials = sum(combinations(box) for box in boxes)
    given = () if results is None else tuple(map(as_table, results.points, results.values))
    zoom = table.zoom
    if zoom is not None and not zoom.sources and before is not None:
        zoom = zoom.model_copy(update={"sources": (before,)})
    halving = table.halving
    if halving is not None and not halving.unit:
        halving = halving.model_copy(update={"unit": units[0]})
    generation = table.generation
    if table.stop is not None and table.sampler in IN_PARTS:
        generation = generation or table.stop.after
    return Stage(
        name=table.name or f"stage-{place}",
        sampler=table.sampler,
        trials=trials or len(given),
        generation=generation,
        boxes=boxes,
        zoom=zoom,
        points=table.points,
        results=given,
        source="" if results is None else results.source,
        halving=halving,
        stop=table.stop,
        training=table.training,
    )
