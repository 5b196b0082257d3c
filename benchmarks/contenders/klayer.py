"""klayer: a cohort of some members, trained by `model.training.train` alone, without a database."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.problem import (
    BATCH_NORM_DECAY,
    HALF_CYCLE_EPOCHS,
    LEARNING_RATE,
    LEARNING_RATE_MIN,
    NEGATIVE_SLOPE,
    Problem,
    open_images,
)
from model import training
from model.members import Architecture, Member
from model.recipe import Recipe
from model.rows import Data
from model.schedule import Cycles

CYCLES = 100  # longer than any measurement


def steps(folder: str, problem: Mapping[str, Any], members: int = 1) -> Iterator[None]:
    """Epochs of a stack, each with its evaluation; images are mapped, as workers have them."""
    wanted = Problem.of(problem)
    images = open_images(Path(folder), wanted, in_memory=False)
    architecture = Architecture(
        inputs=wanted.inputs,
        outputs=wanted.classes,
        activation="leaky_relu",
        batch_norm="after",
        batch_norm_decay=BATCH_NORM_DECAY,
    )
    stack = [
        Member(
            widths=wanted.widths,
            seed=seed,
            learning_rate=LEARNING_RATE,
            learning_rate_min=LEARNING_RATE_MIN,
            weight_decay=float(weight_decay),
            negative_slope=NEGATIVE_SLOPE,
        )
        for seed, weight_decay in enumerate(np.geomspace(1e-6, 1e-2, members))
    ]
    recipe = Recipe(
        batch_size=wanted.batch_size,
        schedule=Cycles(cycles=CYCLES, half_cycle_epochs=HALF_CYCLE_EPOCHS),
        seed=1,
    )
    data = Data(images.x, images.labels, images.validation_x, images.validation_labels)
    for _ in training.train(architecture, stack, recipe, data):
        yield
