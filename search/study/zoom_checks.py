"""Whether each zoom of a study can be carried out. Pure: stages in, every fault out."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from search.objective.port import Objective
from search.space.hyperparameters import Number
from search.space.space import Box, Choices, Interval, SpaceError
from search.study.faults import Fault, near, shown
from search.study.lineage import carried, natural_limits, reach_of
from search.study.stages import Stage
from search.study.zoom_rules import Limits


def zoom_faults(objective: Objective, stages: Sequence[Stage]) -> list[Fault]:
    """Every fault of the stages' zooms: what they read, what they pool, and their limits."""
    faults: list[Fault] = []
    known: dict[str, Box] = {}  # the reach of each stage that is right so far
    for place, stage in enumerate(stages):
        own = [
            fault.under("stages", place, "zoom")
            for fault in _zoom(objective, stage, stages[:place], known)
        ]
        faults += own
        if not own and all(source in known for source in stage.reads):
            with suppress(SpaceError):  # boxes that don't fit together are reported elsewhere
                known[stage.name] = reach_of(stage, known)
    return faults


def _zoom(
    objective: Objective, stage: Stage, earlier: Sequence[Stage], known: Mapping[str, Box]
) -> list[Fault]:
    if stage.zoom is None:
        return []
    if not earlier:
        right = "there is no earlier stage to read; give the first stage a box"
        return [Fault((), f"found in the first stage; {right}")]
    faults = [*_sources(stage.reads, earlier)]
    if faults or not all(source in known for source in stage.reads):
        return faults
    faults += _budgets(objective, [one for one in earlier if one.name in stage.reads])
    try:
        box = carried(stage, known)
    except SpaceError as error:
        text = f"{' and '.join(stage.reads)} cannot be read together: {error}"
        return [*faults, Fault(("from",), f"{text}; read stages that search the same")]
    for name, limits in stage.zoom.limits.items():
        faults += [
            fault.under("limits", name) for fault in _limits(objective, stage, box, name, limits)
        ]
    return faults


def _sources(sources: Sequence[str], earlier: Sequence[Stage]) -> Iterator[Fault]:
    names = [stage.name for stage in earlier]
    for place, source in enumerate(sources):
        if source not in names:
            text = f"found {shown(source)}, which is no earlier stage; {near(source, names)}"
            yield Fault(("from",), text)
        elif source in sources[:place]:
            yield Fault(("from",), f"found {shown(source)} twice; name each stage once")


def _budgets(objective: Objective, sources: Sequence[Stage]) -> Iterator[Fault]:
    """Values of shorter and longer trainings, or of other scores, are not comparable."""
    first, *others = sources
    for other in others:
        differing = objective.compares(first.training, other.training)
        if differing:
            keys = " and ".join(f"training.{key}" for key in differing)
            text = f"{first.name} and {other.name} differ in {keys}, so their values don't compare"
            yield Fault(("from",), f"{text}; read one of them, or train both alike")


def _limits(
    objective: Objective, stage: Stage, box: Box, name: str, limits: Limits
) -> Iterator[Fault]:
    extent, number = box.ranges.get(name), objective.registry.find(name)
    if extent is None:
        yield Fault((), f"the zoom carries no such hyperparameter; {near(name, box.ranges)}")
        return
    if isinstance(extent, Choices) or not isinstance(number, Number):
        yield Fault((), "found limits of a list of values; only ranges have limits: leave them out")
        return
    natural = natural_limits(objective, stage, box)[name]
    for side in ("low", "high"):
        bound = getattr(limits, side)
        if bound is not None:
            yield from _bound(number, extent, natural, side, bound)


def _bound(
    number: Number, extent: Interval, natural: Limits, side: str, bound: float
) -> Iterator[Fault]:
    found = f"found {bound:g}"
    if extent.log and bound <= 0:
        yield Fault((side,), f"{found}; give a number above 0: the range is on a log scale")
    elif number.whole and bound != int(bound):
        yield Fault((side,), f"{found}; give a whole number")
    elif natural.low is not None and bound < natural.low:
        yield Fault(
            (side,), f"{found}; give {natural.low:g} or more, which {number.name} may reach"
        )
    elif natural.high is not None and bound > natural.high:
        yield Fault(
            (side,), f"{found}; give {natural.high:g} or less, which {number.name} may reach"
        )
    elif (side == "low" and bound >= extent.high) or (side == "high" and bound <= extent.low):
        right = f"give one that leaves some of [{extent.low:g}, {extent.high:g}]"
        yield Fault((side,), f"{found}, beyond the range that is zoomed; {right}")
