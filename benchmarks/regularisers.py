"""What each regulariser adds to a step.

    python -m benchmarks.regularisers [--rounds 5]

A cohort of 8 networks of 3072-50-50-10, as experiment C4 has, and a single one of
3072-1024-512-10 are trained on random images, with each regulariser and without, in turn. CPU
milliseconds of a step on one thread, and the share that is added: medians over the rounds, the
ratio taken within each. So are those with 256 principal components of the images as inputs.
"""

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.rounds import Spread
from model import training
from model.images import Images
from model.members import Architecture, Member
from model.recipe import Recipe
from model.rows import Data
from model.schedule import Constant

SHAPE = (3, 32, 32)
BATCH = 100
COHORTS: dict[str, tuple[int, tuple[int, ...]]] = {
    "8 x 50-50": (8, (50, 50)),
    "1 x 1024-512": (1, (1024, 512)),
}
REGULARISERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "flip": ({}, {"images": Images(SHAPE, flip=True)}),
    "flip, shift 4": ({}, {"images": Images(SHAPE, flip=True, shift=4)}),
    "flip, shift 4, cutout 8": ({}, {"images": Images(SHAPE, flip=True, shift=4, cutout=8)}),
    "mixup": ({}, {"mixup": 0.2}),
    "dropout": ({"dropout": 0.3}, {}),
    "input_dropout": ({"input_dropout": 0.1}, {}),
    "label_smoothing": ({"label_smoothing": 0.1}, {}),
    "clip_norm": ({"clip_norm": 1.0}, {}),
}
"""What members have, and what they share in the recipe."""
COMPONENTS = 256
WHITENED: dict[str, dict[str, Any]] = {
    f"{COMPONENTS} components": {},
    f"{COMPONENTS} components, flip, shift 4": {"images": Images(SHAPE, flip=True, shift=4)},
}


def milliseconds(
    cohort: str,
    of_members: dict[str, Any],
    shared: dict[str, Any],
    steps: int,
    components: int | None = None,
) -> float:
    """CPU time of a step, without evaluation, over one epoch of so many steps."""
    members, widths = COHORTS[cohort]
    draw = np.random.default_rng(0)
    pixels = math.prod(SHAPE)
    x = draw.standard_normal((steps * BATCH, components or pixels)).astype(np.float32)
    labels = draw.integers(0, 10, len(x))
    data = Data(x, labels, x[:0], labels[:0])
    if components is not None:
        data = replace(data, components=draw.standard_normal((pixels, components), np.float32))
    plain = Member(widths, 0, 1e-3, momentum=0.9)
    given = [replace(plain, seed=seed, **of_members) for seed in range(members)]
    recipe = Recipe(BATCH, Constant(2), seed=1, **shared)
    going = training.train(Architecture(x.shape[1], 10, batch_norm="before"), given, recipe, data)
    next(going)  # the first epoch touches memory for the first time
    began = time.process_time()
    next(going)
    return 1000 * (time.process_time() - began) / steps


def measured(cohort: str, steps: int, rounds: int) -> tuple[Spread, dict[str, Spread]]:
    """A plain step in milliseconds, and what each regulariser multiplies it by."""
    plain: list[float] = []
    ratios: dict[str, list[float]] = {name: [] for name in (*REGULARISERS, *WHITENED)}
    with threadpool_limits(1):
        for _ in range(rounds):
            plain.append(milliseconds(cohort, {}, {}, steps))
            for name, (of_members, shared) in REGULARISERS.items():
                ratios[name].append(milliseconds(cohort, of_members, shared, steps) / plain[-1])
            for name, shared in WHITENED.items():
                found = milliseconds(cohort, {}, shared, steps, COMPONENTS)
                ratios[name].append(found / plain[-1])
    return Spread.of(plain), {name: Spread.of(found) for name, found in ratios.items()}


def table(cohort: str, plain: Spread, ratios: dict[str, Spread]) -> Sequence[str]:
    """The lines that show a cohort."""
    rows = [f"{cohort}: a plain step takes {plain.text(2)} ms; with"]
    return [*rows, *(f"  {name:32} {one.text(2)} of it" for name, one in ratios.items())]


def main() -> None:
    """Print a table for each cohort."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    for cohort in COHORTS:
        print("\n".join(table(cohort, *measured(cohort, 40, rounds))))  # noqa: T201


if __name__ == "__main__":
    main()
