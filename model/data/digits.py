"""The handwritten digits that ship inside scikit-learn: 1,797 real images of 8 x 8 pixels.

They are the data set that needs no download. scikit-learn's copy (the test set of E. Alpaydin and
C. Kaynak, Optical Recognition of Handwritten Digits, 1998) was written by 13 people, and its
images stand in the order of their writers. The test images are therefore the last 297: most are by
writers of whom no image is trained on, which asks more of a network than a random split would.
"""

import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.data.labelled import Labelled
from model.data.source import Source

CLASSES = tuple("0123456789")
TRAINING_IMAGES = 1_500


def source() -> Source:
    """The digits as a data set that is read when asked."""
    return Source(name="digits", classes=CLASSES, training=training, test=test)


def training() -> Labelled:
    """The first 1,500 images: x (1500, 64) uint8 of 0..16, y (1500,)."""
    return _part(slice(None, TRAINING_IMAGES))


def test() -> Labelled:
    """The last 297 images, of later writers: x (297, 64) uint8 of 0..16, y (297,)."""
    return _part(slice(TRAINING_IMAGES, None))


def _part(rows: slice) -> Labelled:
    pixels, labels = _read()
    return Labelled(pixels[rows], labels[rows])


def _read() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """All pixels and labels, from scikit-learn's file where that can be found unimported.

    Importing scikit-learn takes over a second, and only this file of it is needed: a row an image,
    64 pixels and the label. A version that keeps it elsewhere is asked itself.
    """
    package = find_spec("sklearn")  # looked for, not imported
    for folder in (package.submodule_search_locations or ()) if package else ():
        file = Path(folder, "datasets", "data", "digits.csv.gz")
        if file.is_file():
            with gzip.open(file, "rt", encoding="ascii") as text:
                rows = np.loadtxt(text, delimiter=",")
            return rows[:, :-1].astype(np.uint8), rows[:, -1].astype(np.int64)
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    return pixels.astype(np.uint8), labels.astype(np.int64)
