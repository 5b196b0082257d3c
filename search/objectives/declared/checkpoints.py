"""A trial's folder of checkpoints with its progress, as bytes that the search keeps at a rung."""

import io
import json
import os
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from search.objectives.declared.reports import Progress
from search.objectives.faults import TrialError

MOST_BYTES = 256 * 2**20
_LENGTH_BYTES = 8


@dataclass(frozen=True)
class State:
    """What a trial goes on from.

    Attributes:
        progress: How far it has come.
        stride: The longest way between two reports, in steps; 0 before the first.
        ahead: Records that its training made beyond that, which its checkpoints are past.
        packed: Its folder of checkpoints, as a tar file; empty where it keeps none.
    """

    progress: Progress
    stride: int = 0
    ahead: Sequence[Mapping[str, Any]] = field(default=())
    packed: bytes = b""

    def plain(self) -> bytes:
        """As the search keeps it."""
        about = {**asdict(self.progress), "stride": self.stride, "ahead": list(self.ahead)}
        head = json.dumps(about).encode()
        return len(head).to_bytes(_LENGTH_BYTES, "big") + head + self.packed

    @classmethod
    def of(cls, plain: bytes) -> "State":
        """What `plain` wrote."""
        end = _LENGTH_BYTES + int.from_bytes(plain[:_LENGTH_BYTES], "big")
        head = json.loads(plain[_LENGTH_BYTES:end])
        progress = Progress(head["step"], head["value"], head["metrics"])
        return cls(progress, head["stride"], head["ahead"], plain[end:])


def pack(folder: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """A folder as a tar file; b"" where it holds nothing or is not there.

    Absolute links to what is in the folder become relative, since it is put back elsewhere.

    Raises:
        TrialError: It holds more than fits, or something that cannot be read.
    """
    packed = io.BytesIO()
    try:
        if not folder.is_dir() or not any(folder.iterdir()):
            return b""
        size = sum(one.lstat().st_size for one in folder.rglob("*") if one.is_file())
        if size > most_bytes:
            raise TrialError(
                f"its checkpoint folder holds {size / 2**20:,.0f} MiB, but a trial that waits at a "
                f"rung may keep {most_bytes / 2**20:,.0f} MiB; keep the last checkpoint alone"
            )
        with tarfile.open(fileobj=packed, mode="w") as tar:
            tar.add(folder, arcname=".", filter=partial(_with_relative_link, folder.absolute()))
    except OSError as error:
        raise TrialError(f"its checkpoint folder cannot be read: {error}") from error
    return packed.getvalue()


def _with_relative_link(folder: Path, entry: tarfile.TarInfo) -> tarfile.TarInfo:
    if entry.issym() and Path(entry.linkname).is_relative_to(folder):
        entry.linkname = os.path.relpath(entry.linkname, (folder / entry.name).parent)
    return entry


def unpack(packed: bytes, folder: Path) -> None:
    """Put a packed folder back; one that held nothing is not made.

    Raises:
        TrialError: What was kept would leave the folder, or cannot be written.
    """
    if not packed:
        return
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            tar.extractall(folder, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise TrialError(f"its checkpoints cannot be put back: {error}") from error
