"""Whether the halving of each stage can be carried out. Pure: stages in, every fault out."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

from search.space.space import Box
from search.study.faults import Fault
from search.study.halving import Halving
from search.study.schedule import CyclesSchedule
from search.study.sections import TrainingSection
from search.study.stages import Stage


def halving_faults(rows: int, stages: Sequence[Stage], boxes: Mapping[str, Box]) -> Iterator[Fault]:
    """Every fault of the stages' halvings.

    Args:
        rows: Images to train on.
        stages: The resolved stages.
        boxes: The `reach` of each, by name.
    """
    for place, stage in enumerate(stages):
        if stage.halving is not None:
            searched = "batch_size" in boxes[stage.name].ranges
            for fault in _faults(rows, stage.halving, stage.training, searched=searched):
                yield fault.under("stages", place, "halving")


def _faults(
    rows: int, halving: Halving, training: TrainingSection, *, searched: bool
) -> Iterator[Fault]:
    schedule = training.schedule
    cycles = isinstance(schedule, CyclesSchedule)
    if halving.unit == "cycles" and not cycles:
        right = 'give "epochs": only a schedule of kind "cycles" has cycles'
        yield Fault(("unit",), f'found "cycles" with kind "{schedule.kind}"; {right}')
    elif isinstance(schedule, CyclesSchedule) and schedule.half_cycle_steps and searched:
        found = "found beside half_cycle_steps and a searched batch_size, with which trials would "
        found += "be compared at different points of the η cycle"
        yield Fault((), f"{found}; give half_cycle_epochs")
    else:
        yield from _lengths(rows, halving, training)


def _lengths(rows: int, halving: Halving, training: TrainingSection) -> Iterator[Fault]:
    schedule = training.schedule
    last = halving.at[-1]
    if halving.unit == "cycles" and isinstance(schedule, CyclesSchedule):
        length: float = schedule.cycles
    else:
        length = schedule.total_epochs(rows, training.batch_size)
    if last >= length:
        found = f"found {last:,}, but the training has {length:,g} {halving.unit}"
        yield Fault(("at",), f"{found}; give rungs before its end, or train for longer")
        return
    rungs = halving.rungs(training, rows)
    if rungs[-1] >= schedule.total_epochs(rows, training.batch_size):
        found = f"found {last:,}, but cycle {last:,} ends in the training's last epoch"
        yield Fault(("at",), f"{found}; give rungs that end in an earlier one, or train for longer")
    elif any(later <= rung for rung, later in itertools.pairwise(rungs)):
        found = f"found {list(halving.at)}, but cycles there end in one and the same epoch"
        yield Fault(("at",), f"{found}; give rungs that are an epoch apart")
