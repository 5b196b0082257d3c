"""What can be measured of a study without searching: its gradients' errors, and its pace."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from model import gradient_check, schedule, training
from model.finite_difference import Difference
from search.errors import KlayerError
from search.objective.data import CLASSES, INPUTS, Dataset
from search.objective.faults import faults_as_klayer_errors
from search.objective.settings import architecture_of, member_of, recipe_of, values_of
from search.outcome import GradientError
from search.study.file import Study
from search.study.sections import TrainingSection


def check_gradients(
    study: Study,
    data: Dataset,
    rows: int,
    inputs: int | None,
    difference: Difference,
    step: float | None,
) -> list[GradientError]:
    """Compare the analytic gradients of the study's network with finite differences, in float64.

    Args:
        study: Its network, with the weight decay and the seed it says.
        data: Its images, of which the first training ones are the batch.
        rows: Size of the batch.
        inputs: How many inputs of each image are used, the first ones; None for all.
        difference: "central" or "forward".
        step: Of the difference; None for the formula's own. Weights that begin tiny need a smaller.

    Raises:
        KlayerError: `inputs` or `rows` is more than there are.
    """
    images = data.prepared.training
    most_rows, most_inputs = images.x.shape
    if rows > most_rows or (inputs or 1) > most_inputs:
        raise KlayerError(
            f"--rows and --inputs: {study.data.source} has {most_rows:,} training images of "
            f"{most_inputs:,} inputs; {rows:,} and {inputs:,} were asked for"
            if inputs
            else f"--rows: there are {most_rows:,} training images; {rows:,} were asked for"
        )
    x = np.array(images.x[:rows, :inputs], float)
    with faults_as_klayer_errors():
        values = _without_floor(values_of(study, study.training, {}))
        checked = gradient_check.check(
            architecture_of(values, x.shape[1]),
            [member_of(values, study.seed)],
            x,
            images.y[:rows],
            difference=difference,
            step=step,
            seed=study.seed,
        )
    return [
        GradientError(one.layer, one.name, one.worst, one.checked, one.kinked) for one in checked
    ]


def seconds_per_epoch(study: Study, section: TrainingSection, members: int) -> float:
    """About how long one epoch of one trial takes on one core, in a stack of `members`.

    Some updates and an evaluation are timed on random images of the study's shape; nothing is read.
    """
    batches, inputs = 12, INPUTS[study.data.source]
    values = _without_floor(values_of(study, section, {}))
    draw = np.random.default_rng(0)
    rows = min(batches * section.batch_size, study.data.rows)
    x = draw.standard_normal((rows, inputs)).astype(section.precision)
    labels = draw.integers(0, CLASSES, rows)
    held_out = max(1, rows * study.data.validation // study.data.rows)
    fold = training.Data(x, labels, x[:held_out], labels[:held_out])
    recipe = replace(recipe_of(values, 0), schedule=schedule.Constant(4))
    stack = training.train(
        architecture_of(values, inputs), [member_of(values, 0)] * members, recipe, fold
    )
    with threadpool_limits(1):
        next(stack)  # the first pass touches memory for the first time
        began = time.perf_counter()
        for _ in stack:
            pass
        seconds = (time.perf_counter() - began) / 3
    return seconds * study.data.rows / rows / members


def _without_floor(values: dict[str, Any]) -> dict[str, Any]:
    """The values without a floor of η, which may lie above a peak that only a search gives."""
    return values | {"learning_rate_min": 0.0}
