"""What can be measured of a study without searching: its gradients' errors, and its pace."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from model import gradient_check, schedule, training
from model.finite_difference import Difference
from model.rows import Data, Folds
from search.errors import KlayerError
from search.objectives.network.data import Dataset
from search.objectives.network.faults import faults_as_klayer_errors
from search.objectives.network.folds import fold_of, is_stacked
from search.objectives.network.objective import NetworkObjective
from search.objectives.network.sections import TrainingSection
from search.objectives.network.settings import (
    architecture_of,
    member_of,
    members_of_a_trial,
    recipe_of,
    values_of,
)
from search.space.space import Point

TIMED_ROWS = 5000
MOST_TIMED_EPOCHS = 1000
TIMED_LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class GradientError:
    """How far the analytic gradient of one array of parameters is from a finite difference.

    Attributes:
        layer: Counted from 1.
        parameter: Which array of the layer.
        worst: Largest relative error of the entries compared; NaN where there was none.
        checked: Entries that were compared.
        kinked: Entries left out because their difference crosses a kink.
    """

    layer: int
    parameter: str
    worst: float
    checked: int
    kinked: int


def check_gradients(
    objective: NetworkObjective,
    seed: int,
    data: Dataset,
    rows: int,
    inputs: int | None,
    difference: Difference,
    step: float | None,
    smallest: float = gradient_check.SMALLEST,
) -> list[GradientError]:
    """Compare the analytic gradients of the study's network with finite differences, in float64.

    Args:
        objective: The network, with the weight decay of its training.
        seed: Of the weights.
        data: Its rows, of which the first training ones are the batch.
        rows: Size of the batch.
        inputs: How many inputs of each image are used, the first ones; None for all.
        difference: "central" or "forward".
        step: Of the difference; None for the formula's own. Weights that begin tiny need a smaller.
        smallest: What errors are relative to at least, in units of the gradient.

    Raises:
        KlayerError: `inputs` or `rows` is more than there are.
    """
    batch, there_are = data.prepared.training, f"training {data.facts.rows_are}"
    most_rows, most_inputs = batch.x.shape
    if rows > most_rows or (inputs or 1) > most_inputs:
        raise KlayerError(
            f"--rows and --inputs: {objective.data.source} has {most_rows:,} {there_are} of "
            f"{most_inputs:,} inputs; {rows:,} and {inputs:,} were asked for"
            if inputs
            else f"--rows: there are {most_rows:,} {there_are}; {rows:,} were asked for"
        )
    x = np.array(batch.x[:rows, :inputs], float)
    weights = fold_of(objective.training, data.prepared).weights
    with faults_as_klayer_errors():
        values = _without_floor(values_of(objective, objective.training, {}))
        checked = gradient_check.check(
            architecture_of(values, x.shape[1], data.facts.outputs),
            [member_of(values, seed)],
            x,
            batch.y[:rows],
            weights=None if weights is None else weights[:rows],
            difference=difference,
            step=step,
            smallest=smallest,
            seed=seed,
        )
    return [
        GradientError(one.layer, one.name, one.worst, one.checked, one.kinked) for one in checked
    ]


def seconds_per_epoch(
    objective: NetworkObjective,
    section: TrainingSection,
    points: Sequence[Point],
    budget_seconds: float,
) -> float:
    """About how long one epoch of trials takes on one core, with all their folds and seeds.

    Updates and an evaluation are timed on random rows of the study's shape; nothing is read.

    Args:
        objective: The network, and how many images there are.
        section: How the stack is trained.
        points: Its trials.
        budget_seconds: For how long epochs are begun, on as many images as do not fit a cache.
    """
    facts = objective.facts
    values = [_without_floor(values_of(objective, section, point)) for point in points]
    draw = np.random.default_rng(0)
    rows = min(TIMED_ROWS, facts.rows)
    x = draw.random((rows, facts.inputs), np.float32).astype(section.precision, copy=False)
    if facts.task == "classification":
        targets = draw.integers(0, facts.outputs, rows)
    else:
        targets = draw.standard_normal((rows, facts.outputs)).astype(section.precision, copy=False)
    held_out = max(1, rows * facts.held_out // facts.rows)
    recipe = replace(
        recipe_of(values[0], 0, facts.shape), schedule=schedule.Constant(MOST_TIMED_EPOCHS)
    )
    members = [
        replace(member_of(point, 0), learning_rate=TIMED_LEARNING_RATE) for point in values
    ] * members_of_a_trial(
        objective, section, recipe.batch_size
    )  # a searched one may diverge, which is slow
    one = Data(x, targets, x[:held_out], targets[:held_out])
    if facts.pixels:
        one = replace(one, components=draw.random((facts.pixels, facts.inputs), np.float32))
    data: Data | Folds = one
    folds = in_step = objective.data.folds or 1
    if folds > 1 and is_stacked(facts.rows, facts.inputs, recipe.batch_size):
        reads = [place % folds for place in range(len(members))]
        data, in_step = Folds.of([one] * folds, reads), 1
    stack = training.train(
        architecture_of(values[0], facts.inputs, facts.outputs), members, recipe, data
    )
    with threadpool_limits(1):
        next(stack)  # the first pass touches memory for the first time
        began, timed = time.perf_counter(), 0
        for _ in stack:
            timed += 1
            if time.perf_counter() - began >= budget_seconds:
                break
        seconds = (time.perf_counter() - began) / timed
    return in_step * seconds * facts.rows / rows


def _without_floor(values: dict[str, Any]) -> dict[str, Any]:
    """The values without a floor of η, which may lie above a peak that only a search gives."""
    return values | {"learning_rate_min": 0.0}
