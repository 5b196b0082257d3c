"""Trained networks as portraits: what pictures of them need, and the bytes that keep it.

The bytes are read by NumPy without any pickle.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from model import portrait, training
from model.inference import Network
from model.portrait import Histogram
from search.errors import KlayerError
from search.objective.outcome import Portrait
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


def to_bytes(portrait: Portrait) -> bytes:
    """A NumPy archive; the same bytes for the same portrait."""
    arrays: dict[str, Any] = {
        "gradient_counts": portrait.gradient_counts,
        "gradient_edges": portrait.gradient_edges,
        "classes": np.array(portrait.classes, dtype=np.str_),
    }
    if portrait.images is not None:
        arrays["images"] = portrait.images
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def from_bytes(content: bytes) -> Portrait:
    """What `to_bytes` wrote.

    Raises:
        KlayerError: It did not write this.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        portrait = Portrait(
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
        raise KlayerError(f"a portrait of a trained network is damaged: {error}") from error
    return portrait
