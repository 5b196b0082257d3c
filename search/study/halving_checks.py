"""Whether the halving of each stage can be carried out. Pure: stages in, every fault out."""

import itertools
from collections.abc import Iterator, Sequence

from search.objective.port import Objective, Training
from search.study.faults import Fault, shown
from search.study.halving import Halving
from search.study.stages import Stage


def halving_faults(objective: Objective, stages: Sequence[Stage]) -> Iterator[Fault]:
    """Every fault of the stages' halvings.

    Args:
        objective: What is trained.
        stages: The resolved stages.
    """
    for place, stage in enumerate(stages):
        if stage.halving is not None:
            for fault in _faults(objective, stage.halving, stage.training):
                yield fault.under("stages", place, "halving")


def _faults(objective: Objective, halving: Halving, training: Training) -> Iterator[Fault]:
    if halving.unit not in objective.units:
        right = "give one of " + ", ".join(shown(unit) for unit in objective.units)
        yield Fault(("unit",), f"found {shown(halving.unit)}; {right}")
        return
    length = objective.length(training, halving.unit)
    if length is None:
        return
    unit, step, last = halving.unit.removesuffix("s"), objective.step, halving.at[-1]
    if last >= length:
        found = f"found {last:,}, but the training has {length:,g} {halving.unit}"
        yield Fault(("at",), f"{found}; give rungs before its end, or train for longer")
        return
    rungs = [objective.rung(training, halving.unit, count) for count in halving.at]
    steps = objective.steps(training)
    if steps is not None and rungs[-1] >= steps:
        found = f"found {last:,}, but {unit} {last:,} ends in the training's last {step}"
        yield Fault(("at",), f"{found}; give rungs that end in an earlier one, or train for longer")
    elif any(later <= rung for rung, later in itertools.pairwise(rungs)):
        found = f"found {list(halving.at)}, but {halving.unit} there end in one and the same {step}"
        yield Fault(("at",), f"{found}; give rungs that are one {step} apart")
