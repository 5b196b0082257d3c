"""One member of a stack, put down after some epoch, to be taken up in another stack."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from model.arrays import Floats
from model.errors import ModelError

_EPOCHS = "epochs"

# What NumPy and zipfile raise of bytes that are not theirs.
DAMAGE = (
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


@dataclass(frozen=True)
class Checkpoint:
    """What a member needs to go on: nothing random, since each epoch's draws are its own.

    Attributes:
        epochs: How many it was trained for.
        arrays: Parameters, statistics and the optimizer's arrays by name, without padding:
            (1, rows, columns) each.
    """

    epochs: int
    arrays: Mapping[str, Floats]

    def to_bytes(self) -> bytes:
        """A NumPy archive; the same bytes for the same checkpoint."""
        file = io.BytesIO()
        np.savez(file, **{_EPOCHS: np.array(self.epochs), **self.arrays})  # type: ignore[arg-type]
        return file.getvalue()

    @classmethod
    def from_bytes(cls, written: bytes) -> "Checkpoint":
        """What `to_bytes` wrote.

        Raises:
            ModelError: It did not write this.
        """
        try:
            with np.load(io.BytesIO(written), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            epochs = int(arrays.pop(_EPOCHS))
        except DAMAGE as error:
            raise ModelError(f"this is no checkpoint of a training: {error}") from error
        if epochs < 0:
            raise ModelError(f"this is no checkpoint of a training: after {epochs} epochs")
        return cls(epochs, arrays)
