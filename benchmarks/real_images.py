"""The images of experiment C4: the real ones, or random ones in the files that CIFAR-10 has."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.data import cifar10, digits, prepared
from model.errors import DataFileError
from search.study.reading import load

STUDY = "lambda-coarse-to-fine"
# The same search, on images that are at hand and small, to try the harness.
ON_DIGITS = ("data.source=digits", "data.validation=300")


@dataclass(frozen=True)
class Experiment:
    """Experiment C4 as both contenders get it.

    Attributes:
        changes: What of the study is changed, as `--set` takes it.
        data: The folder of the images for klayer; None for embedded ones.
        prepared: The folder with the standardised images that both train on.
        training: How many of its rows are for training; the others are for validation.
        real: Whether the images are real, so that values mean something.
    """

    changes: Sequence[str]
    data: Path | None
    prepared: Path
    training: int
    real: bool

    @property
    def options(self) -> list[str]:
        """The changes as options of `klayer`."""
        return [part for change in self.changes for part in ("--set", change)]


def experiment(
    folder: Path, data: Path | None, *, quick: bool, changes: Sequence[str] = ()
) -> Experiment:
    """Prepare the images, in the cache below `folder` that klayer's commands are given.

    Args:
        folder: For all that is made.
        data: Holds CIFAR-10; None for random images.
        quick: Whether small embedded images will do.
        changes: What else of the study is changed, such as its seed, by which images are split.
    """
    changes = (*ON_DIGITS, *changes) if quick else changes
    if quick:
        data = None
    elif data is None:
        data = folder / "random"
        _write_random(data / cifar10.BINARY_FOLDER)
    study = load(STUDY, list(changes))
    images = prepared.prepare(
        digits.source() if data is None else cifar10.source(data),
        folder / "cache" / "klayer" / "prepared",
        validation=study.objective.data.validation,
        seed=study.seed,
    )
    real = data is not None and data.parent != folder
    return Experiment(changes, data, images.folder, len(images.training), real)


def folder_of(told: str | None) -> Path | None:
    """The folder of the real images that a shell names; None if it names none.

    Raises:
        DataFileError: It holds no CIFAR-10, or not all of it.
    """
    if not told:
        return None
    folder = Path(told).absolute()
    cifar10.source(folder)
    return folder


def folder_given(program: str) -> Path | None:
    """`folder_of` KLAYER_DATA; the program ends with a message where that holds something else."""
    try:
        return folder_of(os.environ.get("KLAYER_DATA"))
    except DataFileError as error:
        sys.exit(f"{program}: KLAYER_DATA: {error}")


def _write_random(folder: Path) -> None:
    if folder.exists():
        return
    folder.mkdir(parents=True)
    draw = np.random.default_rng(0)
    for batch in (*cifar10.TRAINING_BATCHES, cifar10.TEST_BATCH):
        records = draw.integers(256, size=(cifar10.RECORDS, 1 + cifar10.PIXELS), dtype=np.uint8)
        records[:, 0] %= len(cifar10.CLASSES)
        records.tofile(folder / f"{batch}.bin")
