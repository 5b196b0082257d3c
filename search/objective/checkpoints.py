"""A trial put down after an epoch, as bytes: its network, and what its value so far consists of."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from model.checkpoint import Checkpoint


@dataclass(frozen=True)
class TrialCheckpoint:
    """What one trial goes on from.

    Attributes:
        network: Of its member of the stack.
        best: Its best validation accuracy so far; None where that does not count.
        votes: The probabilities (v, c) of the v validation rows by each of its snapshots.
    """

    network: Checkpoint
    best: float | None = None
    votes: Sequence[Any] = field(default=())

    def to_bytes(self) -> bytes:
        """A NumPy archive."""
        file = io.BytesIO()
        arrays = {f"vote_{place}": vote for place, vote in enumerate(self.votes)}
        if self.best is not None:
            arrays["best"] = np.array(self.best)
        network = np.frombuffer(self.network.to_bytes(), np.uint8)
        np.savez(file, network=network, **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, written: bytes) -> "TrialCheckpoint":
        """What `to_bytes` wrote."""
        with np.load(io.BytesIO(written), allow_pickle=False) as archive:
            votes = sum(name.startswith("vote_") for name in archive.files)
            return cls(
                Checkpoint.from_bytes(archive["network"].tobytes()),
                float(archive["best"]) if "best" in archive.files else None,
                [archive[f"vote_{place}"] for place in range(votes)],
            )
