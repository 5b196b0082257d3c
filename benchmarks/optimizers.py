"""What the optimizers cost: milliseconds of a step of the standard network, for each.

    python -m benchmarks.optimizers [--rounds 7] [--widths 50-50] [--members 8]

A stack is trained on random rows of CIFAR-10's shape, in batches of 100. What is told is processor
time of one thread, which other processes hardly change, with a share of a small evaluation; medians
over the rounds, in which all optimizers are timed in turn.
"""

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.rounds import Spread
from model import training
from model.members import Architecture, Member
from model.optimizer import Kind
from model.recipe import Recipe
from model.rows import Data
from model.schedule import Constant

ROWS, INPUTS, CLASSES, BATCH_SIZE = 3_000, 3_072, 10, 100
KINDS: Mapping[str, tuple[Kind, Mapping[str, Any]]] = {
    "sgd": ("sgd", {}),
    "sgd, decay": ("sgd", {"weight_decay": 1e-4}),
    "sgd, momentum": ("sgd", {"momentum": 0.9}),
    "sgd, momentum, decay": ("sgd", {"momentum": 0.9, "weight_decay": 1e-4}),
    "nesterov, momentum, decay": ("nesterov", {"momentum": 0.9, "weight_decay": 1e-4}),
    "adam": ("adam", {}),
    "adam, decay": ("adam", {"weight_decay": 1e-4}),
    "adamw, decay": ("adamw", {"weight_decay": 1e-2}),
    "adamw, decay, averaged weights": ("adamw", {"weight_decay": 1e-2, "ema_decay": 0.999}),
}


def epochs(widths: Sequence[int], members: int, label: str, rows: int = ROWS) -> Iterator[Any]:
    """Epochs of a stack with the optimizer of a label."""
    kind, values = KINDS[label]
    draw = np.random.default_rng(0)
    x = draw.standard_normal((rows, INPUTS)).astype(np.float32)
    labels = draw.integers(0, CLASSES, rows)
    # Each with a rate of its own, as a search has them.
    stack = [Member(tuple(widths), i, 1e-3 * (1 + i / members), **values) for i in range(members)]
    recipe = Recipe(BATCH_SIZE, Constant(1_000_000), seed=1, optimizer=kind)
    data = Data(x, labels, x[:BATCH_SIZE], labels[:BATCH_SIZE])
    return training.train(Architecture(INPUTS, CLASSES), stack, recipe, data)


def milliseconds(going: Iterator[Any], rows: int = ROWS) -> float:
    """Of processor time a step, over an epoch."""
    began = time.process_time()
    next(going)
    return 1000 * (time.process_time() - began) / (rows / BATCH_SIZE)


def main() -> None:
    """Print a row for each optimizer."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--widths", default="50-50")
    parser.add_argument("--members", type=int, default=8)
    given = parser.parse_args()
    widths = [int(width) for width in given.widths.split("-")]
    with threadpool_limits(1):
        going = {label: epochs(widths, given.members, label) for label in KINDS}
        for one in going.values():
            next(one)  # the first touches memory for the first time
        found: dict[str, list[float]] = {label: [] for label in KINDS}
        for _ in range(given.rounds):
            for label, one in going.items():
                found[label].append(milliseconds(one))
    plain = Spread.of(found["sgd"]).median
    print(f"{given.members} members of widths {given.widths}: milliseconds a step, times sgd")  # noqa: T201
    for label, spent in found.items():
        median = Spread.of(spent).median
        print(f"{label:<32} {median:>8.2f} {median / plain:>6.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
