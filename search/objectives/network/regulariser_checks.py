"""What regularisers of a study must agree on with the network and the data.

Pure: values in, every fault out.
"""

from collections.abc import Iterator, Mapping, Sequence

from search.objectives.network.facts import Facts
from search.objectives.network.sections import NetworkSection, TrainingSection
from search.objectives.network.study_checks import has_hidden_layers, highest
from search.space.space import Box, Choices, Value
from search.study.checks import own_ranges
from search.study.faults import Fault, Key
from search.study.stages import Stage

_OF_IMAGES = ("flip", "shift", "cutout")


def image_faults(
    facts: Facts, trainings: Sequence[tuple[Key, TrainingSection]], stages: Sequence[Stage]
) -> Iterator[Fault]:
    """Changes of images where rows are none, or that leave nothing of them; said or searched.

    Args:
        facts: The sizes of the data.
        trainings: What is trained, each with the place of its table.
        stages: The resolved stages.
    """
    said: dict[tuple[str, float], Key] = {}  # a stage has what [training] says, which comes first
    for key, training in trainings:
        for name in _OF_IMAGES:
            said.setdefault((name, getattr(training, name)), (*key, name))
    for place, stage in enumerate(stages):
        for key, name, extent in own_ranges(stage):
            if name in _OF_IMAGES:
                most = highest({name: extent}, name, 0)
                said.setdefault((name, most), ("stages", place, *key))
    for (name, most), where in said.items():
        if most and facts.planes is None:
            yield Fault(where, "found, but the rows are no images; leave it out")
        elif name != "flip" and facts.planes is not None and most >= min(facts.planes[1:]):
            _, height, width = facts.planes
            right = f"images have {height} x {width} pixels: give fewer than {min(height, width)}"
            yield Fault(where, f"found {most:,.0f}; {right}")


def unread_faults(
    network: NetworkSection,
    trainings: Sequence[tuple[Key, TrainingSection]],
    stages: Sequence[Stage],
    boxes: Mapping[str, Box],
) -> Iterator[Fault]:
    """Regularisers that nothing reads: labels smoothed for another loss, dropout of no layer.

    Arguments are those of `image_faults`, what [network] says, and the `reach` of each stage.
    """
    losses: set[Value] = {network.loss}
    for place, stage in enumerate(stages):
        for key, name, extent in own_ranges(stage):
            if name == "loss" and isinstance(extent, Choices):
                losses |= set(extent.options)
            if name == "dropout" and not has_hidden_layers(network, boxes[stage.name]):
                found = "searched, but the network has no hidden layer"
                yield Fault(("stages", place, *key), f"{found}; leave it out")
    smoothed = [(key, one.label_smoothing) for key, one in trainings if one.label_smoothing]
    if smoothed and "cross_entropy" not in losses:
        key, share = smoothed[0]
        right = 'only loss = "cross_entropy" reads it; leave it out'
        yield Fault((*key, "label_smoothing"), f"found {share:g}, but {right}")
