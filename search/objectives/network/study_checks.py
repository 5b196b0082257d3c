"""What the stages of a network's study must agree on with the network, its training and its data.

Pure: values in, every fault out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from model.data.table_options import Task
from search.objectives.network.facts import Facts
from search.objectives.network.metrics import scores_of
from search.objectives.network.registry import LAYERS, LOSSES, NetworkRegistry, depths, layer_of
from search.objectives.network.sections import NetworkFinal, NetworkSection, TrainingSection
from search.space.space import Box, Choices, Interval, Range, Value
from search.study.checks import own_ranges
from search.study.contenders import contenders
from search.study.faults import Fault, Key, shown
from search.study.stages import Stage

if TYPE_CHECKING:
    from search.objectives.network.objective import NetworkObjective


def faults_between(
    facts: Facts,
    network: NetworkSection,
    training: TrainingSection,
    stages: Sequence[Stage],
    final: NetworkFinal,
    boxes: Mapping[str, Box],
) -> Iterator[Fault]:
    """Every fault that lies between a network's tables, each of which is right on its own.

    Args:
        facts: The sizes of the data.
        network: What [network] says.
        training: What [training] says.
        stages: The resolved stages.
        final: The final.
        boxes: The `reach` of each stage, by name.
    """
    yield from layer_faults(network, stages, boxes)
    yield from _rungs(stages, boxes)
    yield from _batches(facts, training, stages, final, boxes)
    yield from _single_rows(network, training, stages, final, boxes)
    yield from _learning_rates(training, stages, final, boxes)


def task_faults(objective: "NetworkObjective", stages: Sequence[Stage]) -> Iterator[Fault]:
    """A score or a loss that is not of the task that the data are for."""
    task, outputs = objective.facts.task, objective.facts.outputs
    right = f"the target is for {task}: give {' or '.join(scores_of(task))}"
    if objective.named_score is not None and objective.named_score not in scores_of(task):
        yield Fault(("objective", "score"), f"found {shown(objective.named_score)}; {right}")
    elif objective.named_score == "roc_auc" and outputs != 2:
        yield Fault(
            ("objective", "score"),
            f'found "roc_auc", which is of 2 classes; there are {outputs}: give another',
        )
    losses = LOSSES[task]
    right = f"the target is for {task}: give {' or '.join(losses)}"
    if objective.network.loss not in losses:
        yield Fault(("network", "loss"), f"found {shown(objective.network.loss)}; {right}")
    for place, stage in enumerate(stages):
        for key, name, extent in own_ranges(stage):
            if name == "loss" and isinstance(extent, Choices):
                for option in extent.options:
                    if option not in losses:
                        yield Fault(("stages", place, *key), f"found {shown(option)}; {right}")


def fold_faults(trainings: Sequence[tuple[Key, TrainingSection]]) -> Iterator[Fault]:
    """Trainings that would be of other lengths in folds of other sizes; each with its place."""
    seen = []
    for key, training in trainings:
        schedule = training.schedule
        if schedule.counts_updates() and schedule not in seen:
            seen.append(schedule)
            found = "found with folds, which may have other numbers of updates in an epoch"
            where = (*key, "schedule", "half_cycle_steps")
            yield Fault(where, f"{found}; give half_cycle_epochs")


def repeat_faults(training: TrainingSection, final: TrainingSection) -> Iterator[Fault]:
    """Seeds a trial where there are no trials of one stage."""
    if training.repeats is not None:
        right = "give data.repeats for all trials, or stages.training.repeats for those of a stage"
        yield Fault(("training", "repeats"), f"found {training.repeats}; {right}")
    elif final.repeats is not None:
        right = "leave it out: final.seeds says how often finalists are trained again"
        yield Fault(("final", "training", "repeats"), f"found {final.repeats}; {right}")


def class_weight_faults(
    task: Task,
    names: Callable[[], Sequence[str]],
    trainings: Sequence[tuple[Key, TrainingSection]],
) -> Iterator[Fault]:
    """Weights of classes that there are not, or that leave nothing to learn.

    Args:
        task: What is learned.
        names: Gives the names of the classes; it is asked where some are named.
        trainings: Each with the place of its table.
    """
    seen: list[object] = []  # a stage has the weights of [training], unless it says others
    for key, training in trainings:
        said = training.class_weights
        if said is None or said in seen:
            continue
        seen.append(said)
        where = (*key, "class_weights")
        if task == "regression":
            yield Fault(where, "found, but the target is for regression; leave it out")
        elif isinstance(said, dict):
            known = tuple(names())
            odd = [name for name in said if name not in known]
            if odd:
                classes = ", ".join(map(shown, known[:20])) + (", …" if len(known) > 20 else "")
                yield Fault(where, f"found {shown(odd[0])}; the classes are {classes}")
            elif not any(said.get(name, 1) for name in known):
                yield Fault(where, "found 0 for every class; give one of them more")


def layer_faults(
    network: NetworkSection, stages: Sequence[Stage], boxes: Mapping[str, Box]
) -> Iterator[Fault]:
    """Widths that are searched of layers that no trial has, and layers without a width."""
    for place, stage in enumerate(stages):
        box = boxes[stage.name]
        searched = depths(box.ranges)
        most = max(searched, default=len(network.widths))
        for key, name, _ in own_ranges(stage):
            where: Key = ("stages", place, *key)
            layer = layer_of(name)
            if layer is not None and layer > most:
                yield Fault(where, _no_such_layer(name, most, searched=bool(searched)))
            elif layer is not None and searched and name in box.ranges:
                condition = box.conditions.get(name)
                every = tuple(hidden + 1 for hidden in searched)
                layers = every if condition is None else condition.values.get(LAYERS, every)
                if any(int(one) <= layer for one in layers):
                    right = "give layers and all widths in this box"
                    yield Fault(where, f"found beside a zoom that searches layers; {right}")
            elif name == LAYERS:
                yield from _depth_faults(where, network, stage, boxes)


def _depth_faults(
    where: Key, network: NetworkSection, stage: Stage, boxes: Mapping[str, Box]
) -> Iterator[Fault]:
    """What is wrong with the layers that a stage itself searches, in the place `where`."""
    box, sources = boxes[stage.name], stage.zoom.sources if stage.zoom is not None else ()
    searched = depths(box.ranges)
    for source in sources:
        carried = [name for name in boxes[source].ranges if layer_of(name)]
        if carried and not set(searched) <= set(depths(boxes[source].ranges)):
            found = f"found beside {carried[0]} of {source}, which did not search all of these"
            yield Fault(where, f"{found}; give no others, or leave out the zoom")
            return
    for layer in range(len(network.widths) + 1, max(searched) + 1):
        name = f"width_{layer}"
        every = NetworkRegistry().conditions(box.ranges).get(name)
        if name not in box.ranges or box.conditions.get(name) != every:
            found = f"found up to {max(searched) + 1}, but hidden layer {layer} may have no width"
            right = f"give {name} a range, or network.widths {max(searched)} of them"
            yield Fault(where, f"{found}; {right}")
            return


def has_hidden_layers(network: NetworkSection, box: Box) -> bool:
    """Whether a trial of a box has a hidden layer."""
    return max(depths(box.ranges), default=len(network.widths)) > 0


def _no_such_layer(name: str, layers: int, *, searched: bool) -> str:
    network = "the network"
    if searched:
        network = f"a network of {layers + 1} layers" if layers else "a network of 1 layer"
    if not layers:
        return f"found {name}, but {network} has no hidden layer; leave it out"
    count = "1 hidden layer" if layers == 1 else f"{layers} hidden layers"
    known = " or ".join(f"width_{layer}" for layer in range(1, layers + 1))
    if layers > 3:
        known = f"width_1 to width_{layers}"
    return f"found {name}, but {network} has {count}; give {known}"


def _settings(values: Mapping[str, Value], box: Box, name: str, other: str) -> tuple[Value, ...]:
    """What `other` may be in trials that have the hyperparameter `name`."""
    condition, extent = box.conditions.get(name), box.ranges.get(other)
    if condition is not None and other in condition.values:
        return condition.values[other]
    return extent.options if isinstance(extent, Choices) else (values[other],)


def _rungs(stages: Sequence[Stage], boxes: Mapping[str, Box]) -> Iterator[Fault]:
    """Rungs that trials of one stage would come to at different points of the η cycle."""
    for place, stage in enumerate(stages):
        if stage.halving is None:
            continue
        schedule, where = stage.training.schedule, ("stages", place, "halving")
        if stage.training.patience is not None:
            found = "found beside patience, by which trials end ahead of the rungs"
            yield Fault(where, f"{found}; leave out one of them")
        if schedule.count_of_cycles() is None:
            if stage.halving.unit == "cycles":
                right = 'give "epochs": only a schedule of kind "cycles" has cycles'
                found = f'found "cycles" with kind "{schedule.kind}"'
                yield Fault((*where, "unit"), f"{found}; {right}")
        elif schedule.counts_updates() and "batch_size" in boxes[stage.name].ranges:
            found = "found beside half_cycle_steps and a searched batch_size, with which trials "
            found += "would be compared at different points of the η cycle"
            yield Fault(where, f"{found}; give half_cycle_epochs")


def _batches(
    facts: Facts,
    base: TrainingSection,
    stages: Sequence[Stage],
    final: NetworkFinal,
    boxes: Mapping[str, Box],
) -> list[Fault]:
    """A batch of more rows than there are would be all of them, whatever the file says."""
    named = contenders(stages)
    trained: list[tuple[Key, TrainingSection, Stage]] = [
        (("stages", place), stage.training, stage) for place, stage in enumerate(stages)
    ]
    trained += [(("final",), final.training, one) for one in stages if one.name in named]
    rows = facts.rows
    right = f"there are {rows:,} training {facts.rows_are}: give {rows:,} or fewer"
    faults = []
    for where, training, stage in trained:
        if not boxes[stage.name].always("batch_size") and training.batch_size > rows:
            key = _batch_size_key(where, training, base)
            faults.append(Fault(key, f"found {training.batch_size:,}; {right}"))
    for place, stage in enumerate(stages):
        for key, name, extent in own_ranges(stage):
            most = highest({name: extent}, name, 0) if name == "batch_size" else 0
            if most > rows:
                faults.append(Fault(("stages", place, *key), f"found {most:,.0f}; {right}"))
    return list(dict.fromkeys(faults))


def _batch_size_key(where: Key, training: TrainingSection, base: TrainingSection) -> Key:
    """Where a batch size is said: in the part of the file, or above for all of its parts."""
    return (*(() if training.batch_size == base.batch_size else where), "training", "batch_size")


def _single_rows(
    network: NetworkSection,
    base: TrainingSection,
    stages: Sequence[Stage],
    final: NetworkFinal,
    boxes: Mapping[str, Box],
) -> list[Fault]:
    """Batches of one row, which batch normalisation makes 0: nothing would be learned of them."""
    named = contenders(stages)
    right = "of which batch normalisation leaves nothing; give 2 or more"
    faults = []
    for place, stage in enumerate(stages):
        box = boxes[stage.name]
        if not has_hidden_layers(network, box):
            continue
        trained: list[tuple[Key, TrainingSection]] = [(("stages", place), stage.training)]
        trained += [(("final",), final.training)] if stage.name in named else []
        for where, training in trained:
            if _normalises_single_rows(network, training, stage, box):
                key = _batch_size_key(where, training, base)
                faults.append(Fault(key, f"found 1, {right}"))
        for key, name, extent in own_ranges(stage):
            least = lowest({name: extent}, name, 2) if name == "batch_size" else 2
            norms = set(_settings(dict(network), box, name, "batch_norm"))
            if stage.points:
                norms = {
                    point.get("batch_norm", network.batch_norm)
                    for point in stage.points
                    if point.get("batch_size") == 1
                }
            if least < 2 and norms - {"none"}:
                faults.append(Fault(("stages", place, *key), f"found 1, {right}"))
    return list(dict.fromkeys(faults))


def _normalises_single_rows(
    network: NetworkSection, training: TrainingSection, stage: Stage, box: Box
) -> bool:
    """Whether a trial of a stage that does not search the batch size is one of single rows."""
    if training.batch_size > 1 or box.always("batch_size"):
        return False
    if stage.points:
        norms = [point.get("batch_norm", network.batch_norm) for point in stage.points]
        return any(one != "none" for one in norms)
    return any(one != "none" for one in _settings(dict(network), box, "batch_size", "batch_norm"))


def _learning_rates(
    base: TrainingSection, stages: Sequence[Stage], final: NetworkFinal, boxes: Mapping[str, Box]
) -> list[Fault]:
    """The floor of η must lie below its peak, in every trial and in every finalist."""
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
    if not training.schedule.has_floor:
        return
    box = boxes[stage.name]
    for floor, peak in _rates(training, stage, box):
        if floor < peak:
            continue
        key = where
        if not {"learning_rate", "learning_rate_min"} & set(box.ranges):
            rates = (training.learning_rate_min, training.learning_rate)
            shared = base.schedule.has_floor and rates == (
                base.learning_rate_min,
                base.learning_rate,
            )
            key = (*(() if shared else where), "training", "learning_rate_min")
        found = f"found learning_rate_min = {floor:g} with learning_rate = {peak:g}"
        yield Fault(key, f"{found}; give a floor below the peak")
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
        floors = [highest(one.ranges, "learning_rate_min", floor)]
        peaks = [lowest(one.ranges, "learning_rate", peak)]
        if not one.always("learning_rate_min"):
            floors.append(floor)
        if not one.always("learning_rate"):
            peaks.append(peak)
        yield max(floors), min(peaks)


def lowest(ranges: Mapping[str, Range], name: str, otherwise: float) -> float:
    """The smallest value of the number `name`; `otherwise` where it is not searched."""
    return _bound(ranges, name, otherwise, "low")


def highest(ranges: Mapping[str, Range], name: str, otherwise: float) -> float:
    """The largest value of the number `name`; `otherwise` where it is not searched."""
    return _bound(ranges, name, otherwise, "high")


def _bound(ranges: Mapping[str, Range], name: str, otherwise: float, side: str) -> float:
    extent = ranges.get(name)
    if extent is None:
        return otherwise
    if isinstance(extent, Interval):
        return extent.low if side == "low" else extent.high
    numbers = [float(option) for option in extent.options]
    return min(numbers) if side == "low" else max(numbers)
