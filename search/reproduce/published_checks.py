"""Whether the rows of published figures speak of trials that their study has.

Pure: a resolved study and its rows in, every fault out.
"""

from collections.abc import Iterator, Mapping, Sequence

from search.reproduce.published_tables import ACCURACIES, FINAL_ONLY, GradientCheck, Published
from search.space.space import Box, Interval, Point, Range
from search.study.contenders import contenders
from search.study.faults import Fault, near, shown
from search.study.file import Study
from search.study.lineage import reach
from search.study.stages import Stage


def published_faults(
    study: Study, rows: Sequence[Published], checks: Sequence[GradientCheck]
) -> list[Fault]:
    """Every row that no trial of the study can fill, and every check that it cannot make.

    Args:
        study: The study of the file, as it stands there.
        rows: What [[published]] says.
        checks: What [[gradient_checks]] says.
    """
    boxes = reach(study.stages)
    faults = [
        fault.under("published", place)
        for place, row in enumerate(rows)
        for fault in _row_faults(study, boxes, row)
    ]
    for place, check in enumerate(checks):
        if check.rows > study.objective.facts.rows:
            right = (
                f"there are {study.objective.facts.rows:,} training images: give that many or fewer"
            )
            key = ("gradient_checks", place, "rows")
            faults.append(Fault(key, f"found {check.rows:,}; {right}"))
    return faults


def _row_faults(study: Study, boxes: Mapping[str, Box], row: Published) -> Iterator[Fault]:
    names = [stage.name for stage in study.stages]
    if row.stage is not None and row.stage not in names:
        hint = near(row.stage, names)
        yield Fault(("stage",), f"found {shown(row.stage)}, which is no stage of the file; {hint}")
        return
    named = contenders(study.stages) if row.stage is None else (row.stage,)
    stages = [stage for stage in study.stages if stage.name in named]
    yield from _measure_faults(study, boxes[stages[-1].name], row)
    if row.rank > stages[-1].trials:
        right = f"{row.stage} has {stages[-1].trials} trials"
        yield Fault(("rank",), f"found {row.rank}, but {right}; give that or less")
    if row.point:
        yield from _point_faults(study, boxes, row, stages)


def _point_faults(
    study: Study, boxes: Mapping[str, Box], row: Published, stages: Sequence[Stage]
) -> Iterator[Fault]:
    """Why a row's point may be none of `stages`, which it speaks of or the final chooses from."""
    which = " or ".join(stage.name for stage in stages)
    fitting = [stage for stage in stages if _may_have(stage, boxes[stage.name], row.point)]
    if not fitting:
        right = f"give values that a trial of {which} can have"
        yield Fault(("point",), f"no trial of the study can have these values; {right}")
        return
    if all(_drawn(stage, boxes[stage.name], row.point) for stage in fitting):
        found = f"{which} draws its real numbers from ranges, and never just these"
        right = 'give a rank, or a stage of sampler "points" or "grid"'
        yield Fault(("point",), f"{found}; {right}")
        return
    if row.stage is not None:
        return
    if any(stage.halving is not None for stage in stages):
        right = "give a stage, or leave out the point or the halving"
        yield Fault(("point",), f"the final may lack it: {which} drops trials on the way; {right}")
        return
    trained = study.final.finalists if study.objective.ensemble else 1
    there = sum(stage.trials for stage in stages)
    if trained < there:
        found = f"the final may lack it: it trains {trained} of {there} trials"
        yield Fault(("point",), f"{found}; give a stage, or as many finalists, which need ensemble")


def _measure_faults(study: Study, box: Box, row: Published) -> Iterator[Fault]:
    final = study.final
    if row.measure == "snapshot_ensemble":
        if not (study.objective.ensemble and final.training.schedule.keeps_snapshots):
            right = 'give a schedule of kind "cycles" and ensemble, or another measure'
            yield Fault(
                ("measure",), f'found "snapshot_ensemble", but the final keeps none; {right}'
            )
    elif row.measure == "finalist_ensemble":
        if not study.objective.ensemble or final.finalists < 2:
            right = "give two finalists or more, or another measure"
            yield Fault(
                ("measure",), f'found "finalist_ensemble", but one network is tested; {right}'
            )
    elif row.measure not in ACCURACIES and row.measure not in box.ranges:
        known = [*ACCURACIES, *box.ranges] if row.stage is None else _searched(box)
        found = f"found {shown(row.measure)}, which is not searched there"
        yield Fault(("measure",), f"{found}; {near(row.measure, known)}")
    elif (row.measure, row.stage) == (
        "validation_accuracy",
        None,
    ) and study.objective.train_on != "training":
        right = "give a stage, or another measure"
        found = f"found {shown(row.measure)}, but the final trains on the validation images"
        yield Fault(("measure",), f"{found}; {right}")


def _searched(box: Box) -> list[str]:
    return [*(name for name in ACCURACIES if name not in FINAL_ONLY), *box.ranges]


def _may_have(stage: Stage, box: Box, point: Point) -> bool:
    """Whether a trial of the stage may have these values, as far as the file alone can tell."""
    if not set(point) <= set(box.ranges):
        return False
    if stage.points:
        return any(all(one[name] == value for name, value in point.items()) for one in stage.points)
    if stage.zoom is not None:
        return True  # the box is not known before the search runs
    return any(
        all(_holds(stage, one.ranges[name], value) for name, value in point.items())
        for one in stage.boxes
    )


def _drawn(stage: Stage, box: Box, point: Point) -> bool:
    """Whether the point gives a real number that the stage draws from a range, so never meets."""
    if stage.sampler in ("grid", "points"):
        return False
    ranges = (box.ranges[name] for name in point if name in box.ranges)
    return any(
        isinstance(one, Interval) and one.step is None and one.low < one.high for one in ranges
    )


def _holds(stage: Stage, extent: Range, value: object) -> bool:
    if stage.sampler == "grid":
        return value in extent.values()
    return extent.contains(value)  # type: ignore[arg-type]
