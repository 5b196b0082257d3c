"""What the stages of a network's study must agree on with the network, its training and its data.

Pure: values in, every fault out.
"""

from collections.abc import Iterator, Sequence

from search.objectives.network.checked import Checked
from search.objectives.network.metrics import scores_of
from search.objectives.network.registry import (
    LAYERS,
    LOSSES,
    NetworkRegistry,
    bounds,
    depths,
    layer_of,
)
from search.objectives.network.sections import NetworkSection, TrainingSection
from search.space.space import Box, Point, Value, ends
from search.study.faults import Fault, Key, shown
from search.study.stages import Stage


def task_faults(study: Checked) -> Iterator[Fault]:
    """A score or a loss that is not of the task that the data are for."""
    task, named = study.facts.task, study.objective.named_score
    right = f"the target is for {task}: give {' or '.join(scores_of(task))}"
    if named is not None and named not in scores_of(task):
        yield Fault(("objective", "score"), f"found {shown(named)}; {right}")
    elif named == "roc_auc" and study.facts.outputs != 2:
        found = 'found "roc_auc", which is of 2 classes'
        text = f"{found}; there are {study.facts.outputs}: give another"
        yield Fault(("objective", "score"), text)
    losses = LOSSES[task]
    right = f"the target is for {task}: give {' or '.join(losses)}"
    if study.network.loss not in losses:
        yield Fault(("network", "loss"), f"found {shown(study.network.loss)}; {right}")
    for where, _, _, extent in study.searched("loss"):
        for option in extent.values():
            if option not in losses:
                yield Fault(where, f"found {shown(option)}; {right}")


def fold_faults(study: Checked) -> Iterator[Fault]:
    """Trainings that would be of other lengths in folds of other sizes."""
    if study.tables.data.folds is None:
        return
    seen = []
    for key, training in study.trainings:
        schedule = training.schedule
        if schedule.counts_updates() and schedule not in seen:
            seen.append(schedule)
            found = "found with folds, which may have other numbers of updates in an epoch"
            where = (*key, "schedule", "half_cycle_steps")
            yield Fault(where, f"{found}; give half_cycle_epochs")


def repeat_faults(study: Checked) -> Iterator[Fault]:
    """Seeds a trial where there are no trials of one stage."""
    base, final = study.base.repeats, study.tables.final.training.repeats
    if base is not None:
        right = "give data.repeats for all trials, or stages.training.repeats for those of a stage"
        yield Fault(("training", "repeats"), f"found {base}; {right}")
    elif final is not None:
        right = "leave it out: final.seeds says how often finalists are trained again"
        yield Fault(("final", "training", "repeats"), f"found {final}; {right}")


def class_weight_faults(study: Checked) -> Iterator[Fault]:
    """Weights of classes that there are not, or that leave nothing to learn."""
    seen: list[object] = []  # a stage has the weights of [training], unless it says others
    for key, training in study.trainings:
        said = training.class_weights
        if said is None or said in seen:
            continue
        seen.append(said)
        where = (*key, "class_weights")
        if study.facts.task == "regression":
            yield Fault(where, "found, but the target is for regression; leave it out")
        elif isinstance(said, dict):
            known = study.class_names()
            odd = [name for name in said if name not in known]
            if odd:
                classes = ", ".join(map(shown, known[:20])) + (", …" if len(known) > 20 else "")
                yield Fault(where, f"found {shown(odd[0])}; the classes are {classes}")
            elif not any(said.get(name, 1) for name in known):
                yield Fault(where, "found 0 for every class; give one of them more")


def layer_faults(study: Checked) -> Iterator[Fault]:
    """Widths that are searched of layers that no trial has, and layers without a width."""
    for where, stage, name, _ in study.searched():
        box = study.boxes[stage.name]
        searched = depths(box.ranges)
        most = max(searched, default=len(study.network.widths))
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
            yield from _depths(study, where, stage)


def _depths(study: Checked, where: Key, stage: Stage) -> Iterator[Fault]:
    """What is wrong with the layers that a stage itself searches, in the place `where`."""
    boxes, box = study.boxes, study.boxes[stage.name]
    searched = depths(box.ranges)
    for source in stage.reads:
        carried = [name for name in boxes[source].ranges if layer_of(name)]
        if carried and not set(searched) <= set(depths(boxes[source].ranges)):
            found = f"found beside {carried[0]} of {source}, which did not search all of these"
            yield Fault(where, f"{found}; give no others, or leave out the zoom")
            return
    for layer in range(len(study.network.widths) + 1, max(searched) + 1):
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


def rung_faults(study: Checked) -> Iterator[Fault]:
    """Rungs that trials of one stage would come to at different points of the η cycle."""
    for place, stage in enumerate(study.stages):
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
        elif schedule.counts_updates() and "batch_size" in study.boxes[stage.name].ranges:
            found = "found beside half_cycle_steps and a searched batch_size, with which trials "
            found += "would be compared at different points of the η cycle"
            yield Fault(where, f"{found}; give half_cycle_epochs")


def batch_faults(study: Checked) -> list[Fault]:
    """A batch of more rows than there are would be all of them, whatever the file says."""
    rows = study.facts.rows
    right = f"there are {rows:,} training {study.facts.rows_are}: give {rows:,} or fewer"
    faults = []
    for where, training, stage in study.trained:
        if not study.boxes[stage.name].always("batch_size") and training.batch_size > rows:
            key = _batch_size_key(study, where, training)
            faults.append(Fault(key, f"found {training.batch_size:,}; {right}"))
    for where, _, _, extent in study.searched("batch_size"):
        if (most := ends(extent)[1]) > rows:
            faults.append(Fault(where, f"found {most:,.0f}; {right}"))
    return list(dict.fromkeys(faults))


def _batch_size_key(study: Checked, where: Key, training: TrainingSection) -> Key:
    """Where a batch size is said: in the part of the file, or above for all of its parts."""
    inherited = training.batch_size == study.base.batch_size
    return (*(() if inherited else where), "training", "batch_size")


def single_row_faults(study: Checked) -> list[Fault]:
    """Batches of one row, which batch normalisation makes 0: nothing would be learned of them."""
    right = "of which batch normalisation leaves nothing; give 2 or more"
    keys = []
    for where, training, stage in study.trained:
        said = training.batch_size == 1 and not study.boxes[stage.name].always("batch_size")
        if said and _normalises(study, stage, stage.points):
            keys.append(_batch_size_key(study, where, training))
    for where, stage, _, extent in study.searched("batch_size"):
        those = [point for point in stage.points if point.get("batch_size") == 1]
        if ends(extent)[0] < 2 and _normalises(study, stage, those):
            keys.append(where)
    return [Fault(key, f"found 1, {right}") for key in dict.fromkeys(keys)]


def _normalises(study: Checked, stage: Stage, points: Sequence[Point]) -> bool:
    """Whether trials of a stage normalise batches; of a list of points, whether `points` do."""
    network, box = study.network, study.boxes[stage.name]
    if not has_hidden_layers(network, box):
        return False
    said, condition = network.batch_norm, box.conditions.get("batch_size")
    norms: set[Value] = {said}
    if stage.points:
        norms = {point.get("batch_norm", said) for point in points}
    elif condition is not None and "batch_norm" in condition.values:
        norms = set(condition.values["batch_norm"])
    elif (extent := box.ranges.get("batch_norm")) is not None:
        norms = set(extent.values())
    return bool(norms - {"none"})


def rate_faults(study: Checked) -> list[Fault]:
    """The floor of η must lie below its peak, in every trial and in every finalist."""
    faults: list[Fault] = []
    for place, stage in enumerate(study.stages):
        if stage.zoom is None or not faults:  # a zoom only inherits what its sources have wrong
            faults += _inverted(study, stage.training, ("stages", place), stage)
    for stage in study.chosen if not faults else ():
        faults += _inverted(study, study.tables.final.training, ("final",), stage)
    return list(dict.fromkeys(faults))


def _inverted(
    study: Checked, training: TrainingSection, where: Key, stage: Stage
) -> Iterator[Fault]:
    """A floor above the peak, if a configuration of `stage` has it when trained as `training`.

    Where the rates are those of [training] and not searched, the fault lies there, whichever the
    stage; else in the table at `where`, which `training` belongs to.
    """
    if not training.schedule.has_floor:
        return
    base, box = study.base, study.boxes[stage.name]
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
        floors = [bounds(one.ranges, "learning_rate_min", floor)[1]]
        peaks = [bounds(one.ranges, "learning_rate", peak)[0]]
        if not one.always("learning_rate_min"):
            floors.append(floor)
        if not one.always("learning_rate"):
            peaks.append(peak)
        yield max(floors), min(peaks)
