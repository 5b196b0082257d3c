"""What the stages of a study must agree on with each other and with the final.

Pure: values in, every fault out. Each table on its own is right already when it comes here. What a
kind of objective adds, its room checks.
"""

from collections.abc import Iterator, Sequence

from search.objective.port import Objective
from search.space.joining import hull
from search.space.space import Range, SpaceError
from search.study.contenders import contenders
from search.study.faults import Fault, Key, shown
from search.study.halving_checks import halving_faults
from search.study.lineage import reach
from search.study.sampler_checks import sampler_faults
from search.study.stages import Stage
from search.study.tables import Final
from search.study.zoom_checks import zoom_faults

RESERVED = ("final", "finalists")
"""Names that no stage may have: what follows the stages is recorded under them."""


def stage_faults(objective: Objective, stages: Sequence[Stage]) -> list[Fault]:
    """Every fault of the stages' names, boxes and zooms, through which all else reads them.

    Args:
        objective: What is trained.
        stages: The resolved stages.
    """
    return [*_names(stages), *_boxes(stages), *zoom_faults(objective, stages)]


def faults_between(objective: Objective, stages: Sequence[Stage], final: Final) -> list[Fault]:
    """Every other fault that lies between tables, whatever is trained.

    Args:
        objective: What is trained.
        stages: The resolved stages, without `stage_faults`.
        final: What follows them.
    """
    boxes = reach(stages)
    return [
        *sampler_faults(stages, boxes),
        *halving_faults(objective, stages),
        *_finalists(stages, final),
    ]


def _names(stages: Sequence[Stage]) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, stage in enumerate(stages):
        if stage.name in RESERVED:
            text = f"found {shown(stage.name)}, which is reserved; give another name"
            yield Fault(("stages", place, "name"), text)
        if stage.name in seen:
            text = f"found {shown(stage.name)} twice; give each stage a name of its own"
            yield Fault(("stages", place, "name"), text)
        seen.add(stage.name)


def own_ranges(stage: Stage) -> Iterator[tuple[Key, str, Range]]:
    """Each range that a stage itself writes: its key within the stage, its name, the range."""
    for place, box in enumerate(stage.boxes):
        for name, extent in box.ranges.items():
            yield (("points",) if stage.points else ("boxes", place, name)), name, extent


def _boxes(stages: Sequence[Stage]) -> Iterator[Fault]:
    for place, stage in enumerate(stages):
        try:
            hull(stage.boxes) if stage.boxes else None
        except SpaceError as error:
            yield Fault(("stages", place, "boxes"), str(error))


def _finalists(stages: Sequence[Stage], final: Final) -> Iterator[Fault]:
    named = contenders(stages)
    sources = [stage for stage in stages if stage.name in named]
    trials = sum(_trained_to_the_end(stage) for stage in sources)
    key = "finalists" if final.candidates is None else "candidates"
    asked = final.candidates or final.finalists
    if asked > trials:
        where = (
            "all stages together have"
            if len(named) == len(stages)
            else (f"{' and '.join(named)}, which finalists come from, have")
        )
        halved = any(stage.halving is not None for stage in sources)
        rest = " that can be trained to their end" if halved else ""
        text = f"found {asked}, but {where} {trials} trials{rest}"
        yield Fault(("final", key), f"{text}; give {trials} or fewer")


def _trained_to_the_end(stage: Stage) -> int:
    """How many trials of a stage may be, at most.

    Halved by cohorts that may be all: one that is alone in its cohort is never dropped, and cohorts
    are not known before the stage is planned.
    """
    if stage.halving is None or stage.halving.among == "cohort":
        return stage.trials
    return stage.halving.counts(stage.trials)[-1]
