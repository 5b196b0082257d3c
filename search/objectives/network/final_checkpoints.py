"""Checkpoints of the networks of the final, with the snapshots of their stacks.

Snapshots vote at the end, as the stacks that they were then: one member of a stack by itself would
say the same to rounding, and not to the last bit. They lie in the checkpoint of the stack's first
network that goes on.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model import network_layout
from model.checkpoint import DAMAGE
from model.inference import Network
from model.members import Architecture, Member
from model.parameters import named
from search.errors import KlayerError

_STATE, _PLACES = "state", "places"


@dataclass(frozen=True)
class Voter:
    """A stack that votes, and the trials that its members are."""

    network: Network
    places: tuple[int, ...]


def packed(state: bytes, snapshots: Sequence[Voter]) -> bytes:
    """What a network goes on from, with the snapshots of its stack."""
    arrays: dict[str, Any] = {_STATE: np.frombuffer(state, np.uint8)}
    for number, voter in enumerate(snapshots):
        own = named(voter.network.parameters, voter.network.statistics)
        arrays[f"{number}.{_PLACES}"] = np.array(voter.places)
        arrays |= {f"{number}.{name}": array for name, array in own.items()}
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def unpacked(
    written: bytes, members: Mapping[int, Member], architecture: Architecture
) -> tuple[bytes, list[Voter]]:
    """What `packed` was given.

    Args:
        written: What it gave.
        members: Of the stack, by the places of their trials.
        architecture: What they agree in.

    Raises:
        KlayerError: It did not write this.
    """
    try:
        with np.load(io.BytesIO(written), allow_pickle=False) as archive:
            arrays = dict(archive)
        voters = []
        for number in range(sum(name.endswith(f".{_PLACES}") for name in arrays)):
            places = tuple(int(place) for place in arrays[f"{number}.{_PLACES}"])
            its_own = tuple(members[place] for place in places)
            network = network_layout.network_of(architecture, its_own, arrays, str(number))
            voters.append(Voter(network, places))
        return arrays[_STATE].tobytes(), voters
    except DAMAGE as error:
        raise KlayerError(f"this is no checkpoint of a final: {error}") from error
