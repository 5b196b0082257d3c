"""What regularisers of a study must agree on with the data.

Pure: values in, every fault out.
"""

from collections.abc import Iterator, Sequence

from search.objectives.network.facts import Facts
from search.objectives.network.sections import TrainingSection
from search.objectives.network.study_checks import highest
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
