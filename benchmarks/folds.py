"""What five folds of a trial cost beside five trials.

    python -m benchmarks.folds [--rounds 5]

Five folds of some trials are trained as one stack, and as stacks in step with each other, beside
five times as many trials without folds: in five stacks one after another, and in a single one,
whose members all share their rows. Milliseconds of an epoch, with its evaluation, on one thread;
medians over the rounds, in which all are timed in turn.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.rounds import Spread
from model import training
from model.members import Architecture, Member
from model.recipe import Recipe
from model.rows import Data, Folds
from model.schedule import Constant
from search.objectives.network.folds import is_stacked

FOLDS = 5
WIDTHS = (50, 50)


@dataclass(frozen=True)
class Size:
    """How large the data and the cohort are.

    Attributes:
        rows: To train on, in each fold.
        inputs: Numbers a row.
        batch_size: Rows a batch.
        trials: Of a cohort.
    """

    rows: int
    inputs: int
    batch_size: int
    trials: int


SIZES = tuple(
    Size(rows, inputs, batch_size, trials)
    for rows, inputs, batch_size in (
        (120, 4, 16),
        (400, 10, 32),
        (1_200, 64, 100),
        (8_000, 60, 100),
        (8_000, 120, 100),
        (8_000, 784, 100),
    )
    for trials in (1, 3)
)


def folds_of(size: Size) -> list[Data]:
    """Random rows of 3 classes, a quarter as many for validation, for each fold."""
    draw = np.random.default_rng(0)
    made = []
    for _ in range(FOLDS):
        x = draw.standard_normal((size.rows * 5 // 4, size.inputs)).astype(np.float32)
        labels = draw.integers(0, 3, len(x))
        rest = size.rows
        made.append(Data(x[:rest], labels[:rest], x[rest:], labels[rest:]))
    return made


def milliseconds(size: Size, stacks: Sequence[Data | Folds], members: int, epochs: int) -> float:
    """Of an epoch of all stacks together, each of so many members."""
    spent = 0.0
    for data in stacks:
        given = [Member(WIDTHS, seed, 0.01, momentum=0.9) for seed in range(members)]
        recipe = Recipe(size.batch_size, Constant(epochs + 1), seed=1)
        architecture = Architecture(size.inputs, 3, batch_norm="before")
        going = training.train(architecture, given, recipe, data)
        next(going)  # the first touches memory for the first time
        began = time.perf_counter()
        for _ in going:
            pass
        spent += time.perf_counter() - began
    return 1000 * spent / epochs


def measured(size: Size, epochs: int, rounds: int) -> list[tuple[float, float, float, float]]:
    """Of each round: folds as one stack and in step, as many trials in five stacks and in one."""
    folds = folds_of(size)
    reads = [fold for fold in range(FOLDS) for _ in range(size.trials)]
    found = []
    with threadpool_limits(1):
        for _ in range(rounds):
            together = milliseconds(size, [Folds.of(folds, reads)], len(reads), epochs)
            in_step = milliseconds(size, folds, size.trials, epochs)
            apart = milliseconds(size, folds[:1] * FOLDS, size.trials, epochs)
            shared = milliseconds(size, folds[:1], len(reads), epochs)
            found.append((together, in_step, apart, shared))
    return found


def main() -> None:
    """Print a row for each size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(f"milliseconds of an epoch, medians of {rounds} rounds; a star marks what a search does")  # noqa: T201
    print("                               5 folds of the trials    5 x the trials           ")  # noqa: T201
    print("rows   inputs  batch  trials   1 stack     in step      5 stacks   1 stack    ratio")  # noqa: T201
    for size in SIZES:
        epochs = max(2, 20_000 // size.rows)
        found = measured(size, epochs, rounds)
        together, in_step, apart, shared = (
            Spread.of(list(one)).median for one in zip(*found, strict=True)
        )
        chosen = is_stacked(size.rows, size.inputs, size.batch_size)
        marks = ("*", " ") if chosen else (" ", "*")
        ratio = (together if chosen else in_step) / apart
        print(  # noqa: T201
            f"{size.rows:<6,} {size.inputs:<7} {size.batch_size:<6} {size.trials:<6} "
            f"{together:>9.2f} {marks[0]} {in_step:>9.2f} {marks[1]} {apart:>11.2f} {shared:>9.2f}"
            f"    {ratio:>4.2f}"
        )


if __name__ == "__main__":
    main()
