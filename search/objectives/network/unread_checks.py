"""Settings that nothing reads: what a study says, and what it searches, must make a difference.

Pure: values in, every fault out.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise

from search.objectives.network.checked import Checked, Part
from search.objectives.network.registry import bounds, depths
from search.objectives.network.schedules import SCHEDULES
from search.objectives.network.sections import NetworkSection, TrainingSection
from search.objectives.network.study_checks import has_hidden_layers
from search.space.space import Box, Choices, Value
from search.study.faults import Fault, shown

_MOMENTUM = ("optimizer", ("sgd", "nesterov"))
_ADAM = ("optimizer", ("adam", "adamw"))
_NORMALISED = ("batch_norm", ("before", "after"))
_FLOOR = tuple(one.model_fields["kind"].default for one in SCHEDULES if one.has_floor)

READ_BY: Mapping[str, tuple[str, tuple[Value, ...]]] = {
    "negative_slope": ("activation", ("leaky_relu",)),
    "elu_alpha": ("activation", ("elu",)),
    "init_sigma": ("initialization", ("normal",)),
    "batch_norm_affine": _NORMALISED,
    "batch_norm_statistics": _NORMALISED,
    "batch_norm_decay": _NORMALISED,
    "label_smoothing": ("loss", ("cross_entropy",)),
    "momentum": _MOMENTUM,
    "beta_1": _ADAM,
    "beta_2": _ADAM,
    "epsilon": _ADAM,
    "learning_rate_min": ("schedule", _FLOOR),
}
"""Keys that only some settings of another one read; of a schedule, some kinds."""


def unread_faults(study: Checked) -> Iterator[Fault]:
    """Every setting that nothing reads. A value that is the default is never one."""
    yield from _said(study)
    yield from _searched(study)
    yield from _of_no_layer(study)
    yield from _skips(study)
    yield from _patience(study)


def _said(study: Checked) -> Iterator[Fault]:
    """Keys that are said where nothing that takes them over reads them."""
    network, parts = study.network, study.parts
    for name in READ_BY:
        in_network = name in type(network).model_fields
        table = network if in_network else study.base
        default, value = type(table).model_fields[name].default, getattr(table, name)
        right = f"leave it out, or give {shown(default)}, its default"
        text = f"but only {_needed(name)} reads it; {right}"
        own = [] if in_network else [one for one in parts if getattr(one.training, name) != value]
        heirs = [one for one in parts if one not in own]
        if value != default and heirs and not any(_reads(network, one, name) for one in heirs):
            where = "network" if in_network else "training"
            yield Fault((where, name), f"found {shown(value)}, {text}")
        for part in own:
            said = getattr(part.training, name)
            if said != default and not _reads(network, part, name):
                yield Fault((*part.key, "training", name), f"found {shown(said)}, {text}")


def _reads(network: NetworkSection, part: Part, name: str) -> bool:
    """Whether any trial of a part can read what is said for `name`."""
    other, settings = READ_BY[name]
    values = _values(network, part.training)
    return any(_possible(values, box, other) & set(settings) for box in part.boxes)


def _searched(study: Checked) -> Iterator[Fault]:
    """Searched hyperparameters that nothing reads: the search would compare noise."""
    for where, stage, name, _ in study.searched(*READ_BY):
        values, reach = _values(study.network, stage.training), study.boxes[stage.name]
        other, settings = READ_BY[name]
        own = reach if stage.points else stage.boxes[int(where[3])]
        found = _possible(values, own if other in own.ranges else reach, other)
        condition = own.conditions.get(name)
        if condition is not None and other in condition.values:
            found = set(condition.values[other])
        needed, vain = _needed(name), found - set(settings)
        if vain == found:
            right = f"give {needed}, or leave it out of the search"
            yield Fault(where, f"searched, but only {needed} reads it; {right}")
        elif vain and other in own.ranges and not stage.points:
            listed = ", ".join(shown(one) for one in settings if one in found)
            listed = f"[{listed}]" if "," in listed else listed
            without = " or ".join(sorted(map(shown, vain)))
            said = f"searched also where {other} = {without}, which does not read it"
            yield Fault(where, f"{said}; give it when = {{{other} = {listed}}}")


def _of_no_layer(study: Checked) -> Iterator[Fault]:
    """Dropout of hidden layers where there are none."""
    deep = {name: has_hidden_layers(study.network, box) for name, box in study.boxes.items()}
    text = "but the network has no hidden layer; leave it out"
    where = next((key for key, training in study.trainings if training.dropout), None)
    if where is not None and not any(deep.values()):
        yield Fault((*where, "dropout"), f"found, {text}")
    for key, stage, _, _ in study.searched("dropout"):
        if not deep[stage.name]:
            yield Fault(key, f"searched, {text}")


def _skips(study: Checked) -> Iterator[Fault]:
    """Skip connections where no hidden layer can be as wide as the one before it."""
    found = "but no hidden layer can have as many units as the one before it; leave it out"
    able = {name: _can_skip(study.network, box) for name, box in study.boxes.items()}
    if study.network.skip and not any(able.values()):
        yield Fault(("network", "skip"), f"found true, {found}")
    for key, stage, _, _ in study.searched("skip"):
        if not able[stage.name]:
            yield Fault(key, f"searched, {found}")


def _can_skip(network: NetworkSection, box: Box) -> bool:
    most = max(depths(box.ranges), default=len(network.widths))
    spans = []
    if network.bottleneck is not None or "bottleneck" in box.ranges:
        spans.append(bounds(box.ranges, "bottleneck", network.bottleneck or 0))
    for layer in range(1, most + 1):
        name, said = f"width_{layer}", network.widths[layer - 1 : layer]
        some: list[float] = [] if box.always(name) else list(said)
        if name in box.ranges:
            some += bounds(box.ranges, name, 0)
        spans.append((min(some, default=0), max(some, default=0)))  # without one: told elsewhere
    return any(low <= top and bottom <= high for (low, high), (bottom, top) in pairwise(spans))


def _patience(study: Checked) -> Iterator[Fault]:
    """Patience that ends no trial, or that ends trials while η is high.

    A score gets no better while a schedule's η is near its peak, and much better as η falls. A
    trial that ends there would be compared with others that came to the fall.
    """
    base, rows, final = study.base, study.facts.rows, study.tables.final
    ahead = study.parts if final.rounds else study.parts[:-1]  # the last training ends no trial
    patience = final.training.patience
    if not final.rounds and patience not in (None, base.patience):
        text = f"found {patience:,}, but the last training is never ended early, and no finalist "
        text += "is trained before it; leave it out"
        yield Fault(("final", "training", "patience"), text)
    patient = [one for one in ahead if one.training.patience is not None]
    for part in patient:
        schedule, batch = part.training.schedule, _largest_batch(part)
        wave = schedule.wave_epochs(rows, batch)
        if wave is None or (part.training.patience or 0) >= wave:
            continue
        own = part.training.patience != base.patience or schedule != base.schedule
        where = (*(part.key if own else ()), "training", "patience")
        found = f'found {part.training.patience} with kind "{schedule.kind}", of which trials'
        if wave < schedule.total_epochs(rows, batch):
            right = f"give {math.ceil(wave):,} or more, the epochs of a cycle"
        else:
            right = "leave it out, or give a schedule whose η only falls"
        yield Fault(where, f"{found} get better as η falls from its peak, not before; {right}")
        return
    for one in dict.fromkeys(part.training.patience for part in patient):
        those = [part for part in patient if part.training.patience == one]
        epochs = max(
            math.ceil(part.training.schedule.total_epochs(rows, _largest_batch(part)))
            for part in those
        )
        if one is not None and one > epochs - 2:
            where = () if one == base.patience else those[0].key
            right = f"give {epochs - 2:,} or fewer, or leave it out"
            found = f"found {one:,} with {epochs:,} epochs, ahead of whose last it ends no trial"
            yield Fault((*where, "training", "patience"), f"{found}; {right}")


def _largest_batch(part: Part) -> int:
    """The largest batch size of its trials, with which cycles of updates take most epochs."""
    said = part.training.batch_size
    return max(int(bounds(box.ranges, "batch_size", said)[1]) for box in part.boxes)


def _values(network: NetworkSection, training: TrainingSection) -> Mapping[str, Value]:
    return {**dict(network), **dict(training), "schedule": training.schedule.kind}


def _possible(values: Mapping[str, Value], box: Box, name: str) -> set[Value]:
    """What a setting may be in trials of a box: what is searched, or what is said."""
    extent = box.ranges.get(name)
    searched = set(extent.options) if isinstance(extent, Choices) else set()
    return searched if box.always(name) else {*searched, values[name]}


def _needed(name: str) -> str:
    """Such as `optimizer = "adam" or "adamw"`, of which one reads `name`."""
    other, settings = READ_BY[name]
    *others, last = map(shown, settings)
    listed = f"{', '.join(others)} or {last}" if others else last
    return f"a schedule of kind {listed}" if other == "schedule" else f"{other} = {listed}"
