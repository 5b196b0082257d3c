"""Trained networks as portraits: what pictures of them need, in words that know no network."""

import io
import struct
import zipfile
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model import portrait, training
from model.inference import Network
from model.portrait import Histogram
from search.errors import DataError
from search.objectives.network.data import PLANES, Dataset
from search.objectives.network.faults import faults_as_klayer_errors

# What NumPy and zipfile raise of bytes that are not theirs.
_DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    TypeError,
    RuntimeError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)


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
    """

    gradient_counts: npt.NDArray[np.int64]
    gradient_edges: npt.NDArray[np.float64]
    images: npt.NDArray[np.float32] | None
    classes: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """A NumPy archive; the same bytes for the same self."""
        arrays: dict[str, Any] = {
            "gradient_counts": self.gradient_counts,
            "gradient_edges": self.gradient_edges,
            "classes": np.array(self.classes, dtype=np.str_),
        }
        if self.images is not None:
            arrays["images"] = self.images
        file = io.BytesIO()
        np.savez(file, **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Portrait":
        """What `to_bytes` wrote.

        Raises:
            DataError: It did not write this.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            portrait = cls(
                gradient_counts=arrays["gradient_counts"],
                gradient_edges=arrays["gradient_edges"],
                images=arrays.get("images"),
                classes=tuple(map(str, arrays["classes"])),
            )
            layers, bins = portrait.gradient_counts.shape
            if portrait.gradient_edges.shape != (layers, bins + 1):
                raise ValueError("its histograms have edges for other bins")
            if portrait.images is not None and len(portrait.images) != len(portrait.classes):
                raise ValueError("it has images of other classes")
        except _DAMAGE as error:
            raise DataError(f"a portrait of a trained network is damaged: {error}") from error
        return portrait


def portraits(
    stack: Network,
    places: Sequence[int],
    diverged: Collection[int],
    recipe: training.Recipe,
    fold: training.Data,
    data: Dataset,
) -> dict[int, Portrait]:
    """The portraits of a trained stack's members, by place; none of those that diverged.

    It costs one pass over the training rows, and changes nothing.

    Args:
        stack: Trained.
        places: The places of its members among the trials, in the order of the stack.
        diverged: The places of those that diverged.
        recipe: How they were trained.
        fold: On what.
        data: The data set that those are rows of.

    Raises:
        KlayerError: The stack's inputs are no images of the data set.
    """
    if set(places) <= set(diverged):
        return {}
    with faults_as_klayer_errors():
        images = portrait.weight_images(stack, PLANES[data.prepared.name])
        found = portrait.histograms(stack, portrait.weight_gradients(stack, recipe, fold))
    return {
        place: _portrait(layers, None if images is None else images[row], data)
        for row, (place, layers) in enumerate(zip(places, found, strict=True))
        if layers is not None and place not in diverged
    }


def _portrait(layers: Sequence[Histogram], images: np.ndarray | None, data: Dataset) -> Portrait:
    return Portrait(
        gradient_counts=np.stack([layer.counts for layer in layers]),
        gradient_edges=np.stack([layer.edges for layer in layers]),
        images=images,
        classes=data.prepared.classes,
    )
