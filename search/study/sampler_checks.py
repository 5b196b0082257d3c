"""Whether each stage's sampler can deal with what the stage searches, and is installed."""

import importlib.util
from collections.abc import Iterator, Mapping, Sequence

from search.space.space import Box, Choices
from search.study.faults import Fault
from search.study.stages import Stage


def sampler_faults(stages: Sequence[Stage], boxes: Mapping[str, Box]) -> Iterator[Fault]:
    """Every hyperparameter that the sampler of its stage cannot draw.

    Args:
        stages: The resolved stages.
        boxes: The `reach` of each, by name.
    """
    for place, stage in enumerate(stages):
        if stage.sampler != "cmaes":
            continue
        ranges, conditions = boxes[stage.name].ranges, boxes[stage.name].conditions
        listed = [name for name, extent in ranges.items() if isinstance(extent, Choices)]
        if listed:
            found = f'found "cmaes", which draws numbers from ranges, with a list for {listed[0]}'
            yield Fault(("stages", place, "sampler"), f'{found}; give "tpe", or a range')
        elif conditions:
            found = 'found "cmaes", which draws a value for every range, with a condition for'
            yield Fault(
                ("stages", place, "sampler"), f'{found} {next(iter(conditions))}; give "tpe"'
            )


def missing_libraries(stages: Sequence[Stage]) -> Iterator[Fault]:
    """Every sampler whose library is not installed here.

    Apart from the other checks, since a study that was recorded elsewhere can be looked at without.
    """
    for place, stage in enumerate(stages):
        if stage.sampler == "cmaes" and importlib.util.find_spec("cmaes") is None:
            found = 'found "cmaes", which needs a library that is not installed'
            right = 'install it with `pip install cmaes`, or give "tpe"'
            yield Fault(("stages", place, "sampler"), f"{found}; {right}")
