"""The handwritten digits that ship inside scikit-learn: 1,797 real images of 8 x 8 pixels.

They are the data set that needs no download. scikit-learn's copy (the test set of E. Alpaydin and
C. Kaynak, Optical Recognition of Handwritten Digits, 1998) was written by 13 people, and its
images stand in the order of their writers. The test images are therefore the last 297: most are by
writers of whom no image is trained on, which asks more of a network than a random split would.
"""

import numpy as np

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
    # Imported here: it takes a second, and nobody else in this package needs scikit-learn.
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    return Labelled(pixels[rows].astype(np.uint8), labels[rows].astype(np.int64))
