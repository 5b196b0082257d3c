"""Portraits of trained networks in SQL: each as bytes that NumPy reads without any pickle.

`keep` and `kept` are parts of a transaction.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from search.errors import LedgerError
from search.ledger.database import insert_new
from search.ledger.tables import portraits
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


def keep(connection: Connection, drawn: Mapping[int, Portrait]) -> None:
    """Store portraits by the trials' ids; again does no harm."""
    if drawn:
        rows = [{"trial_id": trial, "content": to_bytes(one)} for trial, one in drawn.items()]
        connection.execute(insert_new(connection, portraits), rows)


def kept(connection: Connection, trial_id: int) -> Portrait | None:
    """The portrait of a trial, None where there is none.

    Raises:
        LedgerError: It is damaged.
    """
    stored = content(connection, trial_id)
    return None if stored is None else from_bytes(stored)


def content(connection: Connection, trial_id: int) -> bytes | None:
    """The bytes of a trial's portrait, None where there is none."""
    query = select(portraits.c.content).where(portraits.c.trial_id == trial_id)
    found: bytes | None = connection.scalar(query)
    return found


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
        LedgerError: It did not write this.
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
        raise LedgerError(f"a portrait of a trained network is damaged: {error}") from error
    return portrait
