"""What regularisers of a study must agree on with the data.

Pure: values in, every fault out.
"""

from collections.abc import Iterator

from search.objectives.network.checked import Checked
from search.space.space import ends
from search.study.faults import Fault, Key

_OF_IMAGES = ("flip", "shift", "cutout")


def image_faults(study: Checked) -> Iterator[Fault]:
    """Changes of images where rows are none, or that leave nothing of them; said or searched."""
    planes = study.facts.planes
    said: dict[tuple[str, float], Key] = {}  # a stage has what [training] says, which comes first
    for key, training in study.trainings:
        for name in _OF_IMAGES:
            said.setdefault((name, getattr(training, name)), (*key, name))
    for key, _, name, extent in study.searched(*_OF_IMAGES):
        said.setdefault((name, ends(extent)[1]), key)
    for (name, most), where in said.items():
        if most and planes is None:
            yield Fault(where, "found, but the rows are no images; leave it out")
        elif name != "flip" and planes is not None and most >= min(planes[1:]):
            _, height, width = planes
            right = f"images have {height} x {width} pixels: give fewer than {min(height, width)}"
            yield Fault(where, f"found {most:,.0f}; {right}")
