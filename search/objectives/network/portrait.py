"""A portrait of one trained network, and its bytes, which NumPy reads without any pickle.

It is what is attached to a trial of the final; plots of the network are drawn from it when the
network is gone.
"""

import io
import struct
import zipfile
import zlib
from typing import Any

import numpy as np

from search.errors import KlayerError
from search.objective.outcome import Portrait

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
