"""What the stages of a study must agree on with each other, with the network and with the final.

Pure: values in, every fault out. Each table on its own is right already when it comes here.
"""

from collections.abc import Iterator, Mapping, Sequence

from search.space.space import Box, Choices, Range, SpaceError, hull
from search.study.contenders import contenders
from search.study.faults import Fault, Key, shown
from search.study.halving_checks import halving_faults
from search.study.lineage import highest, lowest, reach
from search.study.sampler_checks import sampler_faults
from search.study.schedule import CyclesSchedule
from search.study.searchable import layer_of
from search.study.sections import NetworkSection, TrainingSection
from search.study.stages import Final, Stage
from search.study.zoom_checks import zoom_faults

RESERVED = ("final", "finalists")
"""Names that no stage may have: what follows the stages is recorded under them."""

_NEEDS = {
    "negative_slope": ("activation", "leaky_relu"),
    "elu_alpha": ("activation", "elu"),
    "init_sigma": ("initialization", "normal"),
}
"""Hyperparameters that only one setting of another one reads."""


def faults_between(
    rows: int,
    network: NetworkSection,
    training: TrainingSection,
    stages: Sequence[Stage],
    final: Final,
) -> list[Fault]:
    """Every fault that lies between tables, each of which is right on its own.

    Args:
        rows: Images to train on.
        network: What [network] says.
        training: What [training] says.
        stages: The resolved stages.
        final: The resolved final.
    """
    faults = [*_names(stages), *_boxes(network, stages), *zoom_faults(stages)]
    if faults:
        return faults  # what follows reads the stages through their zooms
    boxes = reach(stages)
    return [
        *_unread(network, stages, boxes),
        *sampler_faults(stages, boxes),
        *halving_faults(rows, stages, boxes),
        *_finalists(stages, final),
        *_batches(rows, training, stages, final, boxes),
        *_learning_rates(training, stages, final, boxes),
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


def _boxes(network: NetworkSection, stages: Sequence[Stage]) -> Iterator[Fault]:
    for place, stage in enumerate(stages):
        for key, name, _ in own_ranges(stage):
            layer = layer_of(name)
            if layer is not None and layer > len(network.widths):
                yield Fault(("stages", place, *key), _no_such_layer(name, len(network.widths)))
        try:
            hull(stage.boxes) if stage.boxes else None
        except SpaceError as error:
            yield Fault(("stages", place, "boxes"), str(error))


def _no_such_layer(name: str, layers: int) -> str:
    if not layers:
        return f"found {name}, but the network has no hidden layer; leave it out"
    count = "1 hidden layer" if layers == 1 else f"{layers} hidden layers"
    known = " or ".join(f"width_{layer}" for layer in range(1, layers + 1))
    if layers > 3:
        known = f"width_1 to width_{layers}"
    return f"found {name}, but the network has {count}; give {known}"


def _unread(
    network: NetworkSection, stages: Sequence[Stage], boxes: Mapping[str, Box]
) -> Iterator[Fault]:
    """Searched hyperparameters that nothing reads: the search would compare noise."""
    for place, stage in enumerate(stages):
        for key, name, _ in own_ranges(stage):
            where: Key = ("stages", place, *key)
            if name in _NEEDS:
                other, setting = _NEEDS[name]
                extent = boxes[stage.name].ranges.get(other)
                options = extent.options if isinstance(extent, Choices) else ()
                if setting not in (options or (getattr(network, other),)):
                    needed = f'{other} = "{setting}"'
                    yield Fault(where, f"searched, but only {needed} reads it; {_right(needed)}")
            if name == "learning_rate_min" and not _cycles(stage.training):
                needed = 'a schedule of kind "cycles"'
                yield Fault(where, f"searched, but only {needed} reads it; {_right(needed)}")


def _right(needed: str) -> str:
    return f"give {needed}, or leave it out of the search"


def _cycles(training: TrainingSection) -> bool:
    return isinstance(training.schedule, CyclesSchedule)


def _finalists(stages: Sequence[Stage], final: Final) -> Iterator[Fault]:
    named = contenders(stages)
    sources = [stage for stage in stages if stage.name in named]
    trials = sum(_trained_to_the_end(stage) for stage in sources)
    if final.finalists > trials:
        where = (
            "all stages together have"
            if len(named) == len(stages)
            else (f"{' and '.join(named)}, which finalists come from, have")
        )
        halved = any(stage.halving is not None for stage in sources)
        rest = " that can be trained to their end" if halved else ""
        text = f"found {final.finalists}, but {where} {trials} trials{rest}"
        yield Fault(("final", "finalists"), f"{text}; give {trials} or fewer")


def _trained_to_the_end(stage: Stage) -> int:
    """How many trials of a stage may be, at most.

    Halved by cohorts that may be all: one that is alone in its cohort is never dropped, and cohorts
    are not known before the stage is planned.
    """
    if stage.halving is None or stage.halving.among == "cohort":
        return stage.trials
    return stage.halving.counts(stage.trials)[-1]


def _batches(
    rows: int,
    base: TrainingSection,
    stages: Sequence[Stage],
    final: Final,
    boxes: Mapping[str, Box],
) -> list[Fault]:
    """A batch of more images than there are would be all of them, whatever the file says."""
    named = contenders(stages)
    trained: list[tuple[Key, TrainingSection, Stage]] = [
        (("stages", place), stage.training, stage) for place, stage in enumerate(stages)
    ]
    trained += [(("final",), final.training, one) for one in stages if one.name in named]
    right = f"there are {rows:,} training images: give {rows:,} or fewer"
    faults = []
    for where, training, stage in trained:
        if "batch_size" not in boxes[stage.name].ranges and training.batch_size > rows:
            shared = training.batch_size == base.batch_size
            key = (*(() if shared else where), "training", "batch_size")
            faults.append(Fault(key, f"found {training.batch_size:,}; {right}"))
    for place, stage in enumerate(stages):
        for key, name, extent in own_ranges(stage):
            most = highest({name: extent}, name, 0) if name == "batch_size" else 0
            if most > rows:
                faults.append(Fault(("stages", place, *key), f"found {most:,.0f}; {right}"))
    return list(dict.fromkeys(faults))


def _learning_rates(
    base: TrainingSection, stages: Sequence[Stage], final: Final, boxes: Mapping[str, Box]
) -> list[Fault]:
    """The floor of a cycle must lie below its peak, in every trial and in every finalist."""
    faults: list[Fault] = []
    for place, stage in enumerate(stages):
        if stage.zoom is None or not faults:  # a zoom only inherits what its sources have wrong
            faults += _inverted(base, stage.training, ("stages", place), stage, boxes)
    named = contenders(stages)
    for stage in [one for one in stages if one.name in named] if not faults else []:
        faults += _inverted(base, final.training, ("final",), stage, boxes)
    return list(dict.fromkeys(faults))


def _inverted(
    base: TrainingSection,
    training: TrainingSection,
    where: Key,
    stage: Stage,
    boxes: Mapping[str, Box],
) -> Iterator[Fault]:
    """A floor above the peak, if a configuration of `stage` has it when trained as `training`.

    Where the rates are those of [training] and not searched, the fault lies there, whichever the
    stage; else in the table at `where`, which `training` belongs to.
    """
    if not _cycles(training):
        return
    box = boxes[stage.name]
    for floor, peak in _rates(training, stage, box):
        if floor < peak:
            continue
        key = where
        if not {"learning_rate", "learning_rate_min"} & set(box.ranges):
            rates = (training.learning_rate_min, training.learning_rate)
            shared = _cycles(base) and rates == (base.learning_rate_min, base.learning_rate)
            key = (*(() if shared else where), "training", "learning_rate_min")
        found = f"found learning_rate_min = {floor:g} with learning_rate = {peak:g}"
        yield Fault(key, f"{found}; give a floor below the peak: cycles climb from it")
        return


def _rates(training: TrainingSection, stage: Stage, box: Box) -> Iterator[tuple[float, float]]:
    """The highest floor and the lowest peak: of each point, each box, or a zoom's reach."""
    floor, peak = training.learning_rate_min, training.learning_rate
    if stage.points:
        for point in stage.points:
            yield (
                float(point.get("learning_rate_min", floor)),
                float(point.get("learning_rate", peak)),
            )
        return
    for one in (box,) if stage.zoom is not None else stage.boxes:
        yield (
            highest(one.ranges, "learning_rate_min", floor),
            lowest(one.ranges, "learning_rate", peak),
        )
