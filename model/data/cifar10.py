"""CIFAR-10 from a folder in either of its official layouts: binary records or pickled batches.

Both hold the same images in the same order (A. Krizhevsky, Learning Multiple Layers of Features
from Tiny Images, 2009): five batches of training images and one of test images, 10,000 each. A row
of pixels is 1,024 red, 1,024 green and 1,024 blue values, each plane row by row.
"""

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.data import pickled
from model.data.labelled import Labelled
from model.data.regular import check_regular, read_regular
from model.data.source import Source
from model.errors import DataFileError

CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
BINARY_FOLDER = "cifar-10-batches-bin"
PICKLED_FOLDER = "cifar-10-batches-py"
TRAINING_BATCHES = tuple(f"data_batch_{i}" for i in range(1, 6))
TEST_BATCH = "test_batch"
RECORDS = 10_000  # in each batch
PLANES = (3, 32, 32)  # how a row of pixels is an image: colours, height, width
PIXELS = math.prod(PLANES)
BINARY_BYTES = RECORDS * (1 + PIXELS)
MOST_PICKLED_BYTES = 40_000_000  # an official batch has 31 million


@dataclass(frozen=True)
class Layout:
    """A folder that holds the six batches.

    Attributes:
        folder: The folder that the files lie in.
        is_pickled: Whether they are pickles, without a suffix, or binary records named `*.bin`.
    """

    folder: Path
    is_pickled: bool

    def file(self, batch: str) -> Path:
        """The file of the batch with that name."""
        return self.folder / (batch if self.is_pickled else f"{batch}.bin")

    def is_complete(self) -> bool:
        """Whether something stands where each of the six files should be."""
        return all(self.file(batch).exists() for batch in (*TRAINING_BATCHES, TEST_BATCH))

    def is_begun(self) -> bool:
        """Whether the folder is there, and has the official name or at least one of the files."""
        if not self.folder.is_dir():
            return False
        official = PICKLED_FOLDER if self.is_pickled else BINARY_FOLDER
        batches = (*TRAINING_BATCHES, TEST_BATCH)
        return self.folder.name == official or any(self.file(b).exists() for b in batches)


def source(folder: Path) -> Source:
    """CIFAR-10 as a data set that is read when asked.

    All six files are looked at here, by kind and size and unread: a search must not find out at its
    end that the test images are missing.

    Args:
        folder: See `find`.

    Raises:
        DataFileError: The folder holds neither layout, or a file is missing or of a wrong size.
    """
    layout = find(folder)
    for batch in (*TRAINING_BATCHES, TEST_BATCH):
        check_regular(layout.file(batch), **_size(layout))
    return Source(
        name="cifar10",
        classes=CLASSES,
        training=partial(read_training, layout),
        test=partial(read_test, layout),
    )


def find(folder: Path) -> Layout:
    """The layout that `folder` holds or is; a complete one before others, binary before pickled.

    Args:
        folder: A folder that holds `cifar-10-batches-bin/` or `cifar-10-batches-py/`, or is one of
            them, under any name. Files may be missing: reading says which.

    Raises:
        DataFileError: There is no such folder, or neither layout in it.
    """
    found = [
        Layout(folder / BINARY_FOLDER, is_pickled=False),
        Layout(folder, is_pickled=False),
        Layout(folder / PICKLED_FOLDER, is_pickled=True),
        Layout(folder, is_pickled=True),
    ]
    expected = f"expected a folder that holds or is {BINARY_FOLDER} or {PICKLED_FOLDER}"
    try:
        if not folder.is_dir():
            what = "is not a folder" if folder.exists() else "is missing"
            raise DataFileError(f"{folder}: {what}; {expected}")
        begun = [layout for layout in found if layout.is_begun()]
        complete = [layout for layout in begun if layout.is_complete()]
    except OSError as error:
        raise DataFileError(f"{folder}: cannot be read ({error.strerror}); {expected}") from error
    if not begun:
        raise DataFileError(f"{folder}: holds no CIFAR-10 images; {expected}")
    return (complete or begun)[0]


def read_training(layout: Layout) -> Labelled:
    """The training images in their official order: x (50000, 3072) uint8, y (50000,).

    Raises:
        DataFileError: A file is missing, is not of the format, or has a label above 9.
    """
    return _read(layout, TRAINING_BATCHES)


def read_test(layout: Layout) -> Labelled:
    """The test images in their official order: x (10000, 3072) uint8, y (10000,).

    Raises:
        DataFileError: The file is missing, is not of the format, or has a label above 9.
    """
    return _read(layout, (TEST_BATCH,))


def _read(layout: Layout, batches: tuple[str, ...]) -> Labelled:
    read = _read_pickled if layout.is_pickled else _read_binary
    pixels = np.empty((RECORDS * len(batches), PIXELS), np.uint8)
    labels = np.empty(RECORDS * len(batches), np.int64)
    for i, batch in enumerate(batches):
        rows = slice(i * RECORDS, (i + 1) * RECORDS)
        pixels[rows], labels[rows] = read(layout.file(batch))
    return Labelled(pixels, labels)


def _size(layout: Layout) -> dict[str, int]:
    """The sizes that a batch's file may have."""
    if layout.is_pickled:
        return {"least": RECORDS * PIXELS, "most": MOST_PICKLED_BYTES}
    return {"least": BINARY_BYTES, "most": BINARY_BYTES}


def _read_binary(path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    content = read_regular(path, least=BINARY_BYTES, most=BINARY_BYTES)
    records = np.frombuffer(content, np.uint8).reshape(RECORDS, 1 + PIXELS)
    return records[:, 1:], _checked(records[:, 0].astype(np.int64), path)


def _read_pickled(path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    content = read_regular(path, least=RECORDS * PIXELS, most=MOST_PICKLED_BYTES)
    batch = pickled.loads(content, str(path))
    pixels, labels = batch.get(b"data"), batch.get(b"labels")
    if not isinstance(pixels, np.ndarray) or pixels.shape != (RECORDS, PIXELS):
        what = f"of shape {pixels.shape}" if isinstance(pixels, np.ndarray) else "no array"
        raise DataFileError(
            f"{path}: its data is {what}; expected a uint8 array of shape {(RECORDS, PIXELS)}"
        )
    if not isinstance(labels, list) or len(labels) != RECORDS:
        what = f"a list of {len(labels):,}" if isinstance(labels, list) else "no list"
        raise DataFileError(f"{path}: its labels are {what}; expected a list of {RECORDS:,}")
    if not all(type(label) is int for label in labels):
        raise DataFileError(f"{path}: not all of its labels are whole numbers; expected 0 to 9")
    return pixels, _checked(np.array(labels, np.int64), path)


def _checked(labels: npt.NDArray[np.int64], path: Path) -> npt.NDArray[np.int64]:
    wrong = (labels < 0) | (labels >= len(CLASSES))
    if wrong.any():
        first = int(wrong.argmax())
        raise DataFileError(
            f"{path}: image {first:,} (counted from 0) has label {labels[first]}; expected 0 to 9"
        )
    return labels
