"""Which stages finalists may come from: those whose values can be held against the last stage's.

A longer training, another score or another learning rate gives other values for the same point, and
a point that lacks a hyperparameter is no configuration of the last stage's space. So finalists come
from the last stage, and from those before it that search the same hyperparameters, under the same
conditions and in the same order, and train alike.
"""

from collections.abc import Sequence

from search.study.lineage import reach
from search.study.stages import Stage


def contenders(stages: Sequence[Stage]) -> tuple[str, ...]:
    """The names of those stages, in order; the last one always is among them.

    Raises:
        SpaceError: A zoom pools boxes that differ in their hyperparameters or scales.
    """
    boxes = reach(stages)
    last = stages[-1]
    return tuple(
        stage.name
        for stage in stages
        if stage.training == last.training
        and set(boxes[stage.name].ranges) == set(boxes[last.name].ranges)
        and boxes[stage.name].conditions == boxes[last.name].conditions
        and boxes[stage.name].at_most == boxes[last.name].at_most
    )
