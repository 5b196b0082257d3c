"""About how much memory a cohort needs while it is trained, beside its rows and the program itself.

Parameters, their gradients, averages and the optimizer's arrays are counted, and what a batch, a
block of rows that are evaluated, or all rows that batch normalisation takes statistics of, leave at
each hidden unit. Where folds are trained as one stack, it has a copy of their rows, and each member
one of those that it learns from or is measured on. Python and libraries take some 150 MB more.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from model.inference import BLOCK_ROWS
from search.objectives.network.objective import NetworkObjective
from search.objectives.network.sections import TrainingSection
from search.objectives.network.settings import members_of_a_trial, values_of
from search.runtime.formatting import in_bytes
from search.space.space import Point

# Arrays of a number for each row and hidden unit: of a training pass, what batch normalisation and
# dropout add to them, and of an evaluation.
TRAINING_ARRAYS, NORMALISATION_ARRAYS, DROPOUT_ARRAYS, EVALUATION_ARRAYS = 4, 2, 2, 3

MOMENTS = {"sgd": 0, "nesterov": 0, "adam": 2, "adamw": 2}
"""Arrays of an optimizer in the size of the parameters, where momentum is 0."""


def cohort_bytes(
    objective: NetworkObjective, section: TrainingSection, points: Sequence[Point]
) -> int:
    """About how many bytes trials need as one stack.

    Args:
        objective: The network.
        section: How they are trained.
        points: The trials.
    """
    every = [values_of(objective, section, point) for point in points]
    first, facts = every[0], objective.facts
    batch_size = min(int(first["batch_size"]), facts.rows)
    folds = objective.data.folds or 1
    every_member = len(points) * objective.repeats(section) * folds  # kept until the end of all
    members = len(points) * members_of_a_trial(objective, section, int(first["batch_size"]))
    own = facts.inputs if folds > 1 and members == every_member else 0  # of a row of each member's
    widths = [max(layer) for layer in zip(*(values["widths"] for values in every), strict=True)]
    sizes = [facts.inputs, *widths, facts.outputs]
    layers = [one * next_ for one, next_ in itertools.pairwise(sizes)]
    moments = MOMENTS[first["optimizer"]]
    if not moments and any(values["momentum"] for values in every):
        moments = 1
    averaged = any(values["ema_decay"] for values in every)
    copies = 2 + moments + averaged
    arrays = TRAINING_ARRAYS + NORMALISATION_ARRAYS * (first["batch_norm"] != "none")
    arrays += DROPOUT_ARRAYS * any(values["dropout"] for values in every)
    units = sum(sizes[1:])
    evaluated = facts.rows if first["figures"] == "full" else facts.held_out
    whole = averaged or first["batch_norm_statistics"] == "training_set"
    normalised = widths if whole and first["batch_norm"] != "none" else []
    at_once = max(
        arrays * batch_size * units + own * batch_size,
        EVALUATION_ARRAYS * min(BLOCK_ROWS, evaluated) * max(sizes[1:]) + own * evaluated,
        2 * max(layers),  # one layer's weights in float64
        # Statistics of all rows: a layer, that below, and itself normalised or a block in float64.
        *(
            facts.rows * (own + below + h) + max(facts.rows, 4 * min(BLOCK_ROWS, facts.rows)) * h
            for below, h in itertools.pairwise([0, *normalised])
        ),
    )
    shared = batch_size * facts.inputs + facts.pixels * (batch_size + facts.inputs)
    if own:
        shared += (facts.rows + facts.held_out) * own
        at_once += facts.pixels * own
    numbers: int = every_member * copies * sum(layers) + members * at_once + folds * shared
    return numbers * int(np.dtype(first["precision"]).itemsize)


def too_large(objective: NetworkObjective, section: TrainingSection, point: Point) -> str:
    """For people, that a trial does not fit alone, and what it needs."""
    widths = values_of(objective, section, point)["widths"]
    size = in_bytes(cohort_bytes(objective, section, [point]))
    return f"not enough memory for a network of widths {'-'.join(map(str, widths))} ({size})"
