"""A portrait of one trained network, and its bytes, which NumPy reads without any pickle.

It is what is attached to a trial of the final; plots of the network are drawn from it when the
network is gone.
"""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model.checkpoint import DAMAGE
from search.errors import DataError


@dataclass(frozen=True, eq=False)
class Portrait:
    """What pictures of one trained network are drawn from, when it is gone.

    Attributes:
        gradient_counts: (k, bins) int64; of each layer, first to last, how many entries of the
            gradient of the cost at its weights lie in each bin.
        gradient_edges: (k, bins + 1) float64, the edges of those bins.
        images: Of a network of one layer the weights of each class as an image, unscaled:
            (classes, height, width) float32, or (classes, height, width, 3) with colours red, green
            and blue; None of deeper ones.
        classes: The name of each class, in the order of the images.
        confusion: (c, c) int64, how many test rows of each class (first axis) were taken for which;
            None of values, and of very many classes.
        pairs: (k, n, 2) float64, the true and the predicted values of the first k targets of test
            rows, each in its own unit; None of classes.
        target: The name of the first of them.
        targets: The names of all targets, where there are several.
        errors: (t,) float64, the RMSE of each of them on the test rows, in its own unit.
    """

    gradient_counts: npt.NDArray[np.int64]
    gradient_edges: npt.NDArray[np.float64]
    images: npt.NDArray[np.float32] | None
    classes: tuple[str, ...]
    confusion: npt.NDArray[np.int64] | None = None
    pairs: npt.NDArray[np.float64] | None = None
    target: str = ""
    targets: tuple[str, ...] = ()
    errors: npt.NDArray[np.float64] | None = None


def to_bytes(portrait: Portrait) -> bytes:
    """A NumPy archive; the same bytes for the same portrait."""
    arrays: dict[str, Any] = {
        "gradient_counts": portrait.gradient_counts,
        "gradient_edges": portrait.gradient_edges,
        "classes": np.array(portrait.classes, dtype=np.str_),
    }
    for name in ("images", "confusion", "pairs", "errors"):
        array = getattr(portrait, name)
        if array is not None:
            arrays[name] = array
    if portrait.target:
        arrays["target"] = np.array(portrait.target, dtype=np.str_)
    if portrait.targets:
        arrays["targets"] = np.array(portrait.targets, dtype=np.str_)
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def from_bytes(content: bytes) -> Portrait:
    """What `to_bytes` wrote.

    Raises:
        DataError: It did not write this.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        portrait = Portrait(
            gradient_counts=arrays["gradient_counts"],
            gradient_edges=arrays["gradient_edges"],
            images=arrays.get("images"),
            classes=tuple(map(str, arrays["classes"])),
            confusion=arrays.get("confusion"),
            pairs=_of_targets(arrays.get("pairs")),
            target=str(arrays.get("target", "")),
            targets=tuple(map(str, arrays.get("targets", ()))),
            errors=arrays.get("errors"),
        )
        layers, bins = portrait.gradient_counts.shape
        if portrait.gradient_edges.shape != (layers, bins + 1):
            raise ValueError("its histograms have edges for other bins")
        if portrait.images is not None and len(portrait.images) != len(portrait.classes):
            raise ValueError("it has images of other classes")
        count = len(portrait.classes)
        if portrait.confusion is not None and portrait.confusion.shape != (count, count):
            raise ValueError("it confuses other classes")
        if portrait.pairs is not None:
            several = len(portrait.pairs) > max(1, len(portrait.targets))
            if portrait.pairs.ndim != 3 or portrait.pairs.shape[2] != 2 or several:
                raise ValueError("its values are no pairs of its targets")
        if portrait.errors is not None and portrait.errors.shape != (len(portrait.targets),):
            raise ValueError("its errors are of other targets")
    except DAMAGE as error:
        raise DataError(f"a portrait of a trained network is damaged: {error}") from error
    return portrait


def _of_targets(pairs: npt.NDArray[Any] | None) -> npt.NDArray[Any] | None:
    """Pairs as (k, n, 2); once they were (n, 2), of the first target alone."""
    return pairs[np.newaxis] if pairs is not None and pairs.ndim == 2 else pairs
