"""A trial put down after an epoch, as bytes: its network, and what its value so far consists of.

A trial that consists of several trainings is all of theirs, joined.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from model.checkpoint import DAMAGE, Checkpoint
from search.errors import KlayerError

_BEST, _VOTE = "score.best", "score.vote_"


def joined(parts: Sequence[bytes]) -> bytes:
    """Checkpoints of the trainings of one trial as one; a single one stays as it is."""
    if len(parts) == 1:
        return parts[0]
    file = io.BytesIO()
    np.savez(file, *(np.frombuffer(part, np.uint8) for part in parts))
    return file.getvalue()


def parted(whole: bytes, count: int) -> list[bytes]:
    """What `joined` was given.

    Raises:
        KlayerError: It was given another number of parts, or did not write this.
    """
    if count == 1:
        return [whole]
    try:
        with np.load(io.BytesIO(whole), allow_pickle=False) as archive:
            parts = [archive[name].tobytes() for name in archive.files]
    except DAMAGE as error:
        raise KlayerError(f"this is no checkpoint of a trial: {error}") from error
    if len(parts) != count:
        raise KlayerError(f"a trial of {count} trainings has no checkpoint of {len(parts)}")
    return parts


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
        """One archive of the network's arrays and the score's, which have names of their own."""
        score = {f"{_VOTE}{place}": vote for place, vote in enumerate(self.votes)}
        if self.best is not None:
            score[_BEST] = np.array(self.best)
        return replace(self.network, arrays={**self.network.arrays, **score}).to_bytes()

    @classmethod
    def from_bytes(cls, written: bytes) -> "TrialCheckpoint":
        """What `to_bytes` wrote.

        Raises:
            ModelError: It did not write this.
        """
        read = Checkpoint.from_bytes(written)
        arrays = dict(read.arrays)
        best = arrays.pop(_BEST, None)
        votes = sum(name.startswith(_VOTE) for name in arrays)
        return cls(
            votes=[arrays.pop(f"{_VOTE}{place}") for place in range(votes)],
            best=None if best is None else float(best),
            network=replace(read, arrays=arrays),
        )
