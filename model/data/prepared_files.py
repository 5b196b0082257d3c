"""The files of a prepared folder: their names, how they are written, how they are recognised.

A folder is named after what its content follows from, so that name and description vouch for each
other. `model.data.prepared` says when folders are made, opened and removed.
"""

import hashlib
import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from model.data import array_file, vouched, whitening
from model.data.fold import Fold
from model.data.regular import read_regular
from model.data.standardise import bound_of, channel_statistics, standardised, statistics
from model.errors import DataFileError, ModelError

FORMAT = 6  # raised whenever the same images and seed would give another content
ABOUT = "prepared.json"
MOST_ABOUT_BYTES = 100_000_000  # of an encoding with very many columns or categories
_FOLDER = re.compile(r"\.?[a-z0-9-]+-[0-9a-f]{16}(\.[a-z0-9_]+)?")
_FILES = frozenset(
    {
        ABOUT,
        vouched.CHECKED,
        "x.npy",
        "y.npy",
        "mean.npy",
        "std.npy",
        "target_mean.npy",
        "target_std.npy",
        "components.npy",
    }
)


@dataclass(frozen=True)
class About:
    """What a prepared folder's content follows from, and its sizes; stored beside the arrays."""

    format: int
    name: str
    classes: tuple[str, ...]
    fingerprint: str
    seed: int
    training: int
    validation: int
    inputs: int
    split: str
    target_names: tuple[str, ...] = ()
    tested: tuple[int, ...] = ()
    is_bounded: bool = False
    encoding: Mapping[str, Any] | None = None
    missing: Mapping[str, int] | None = None
    shape: tuple[int, ...] = ()
    components: int | None = None
    explained: float | None = None
    digests: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of each array's file

    @property
    def bound(self) -> float:
        """Where standardised inputs are cut."""
        return bound_of(self.training) if self.is_bounded else math.inf

    @property
    def targets(self) -> int:
        """How many values are learned of a row; 0 where it has a class."""
        return 0 if self.classes else len(self.target_names)

    def folder_name(self) -> str:
        """As `folder_name`."""
        return folder_name(self.name, self.fingerprint, self.seed, self.split)


def folder_name(name: str, fingerprint: str, seed: int, split: str) -> str:
    """The data set's name and a hash of all that a folder's content follows from."""
    return f"{name}-{_hash([FORMAT, name, fingerprint, seed, split])[:16]}"


def _hash(plain: object) -> str:
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def write(folder: Path, about: About, fold: Fold) -> None:
    """Fill an empty folder with the rows, standardised: training rows, then validation rows.

    Both lie in one array, so that either part, and both together, are views of the same memory.
    Targets are standardised too, as the training rows have them.

    Raises:
        ModelError: The columns cannot be described in `MOST_ABOUT_BYTES`.
        OSError: It cannot be written.
    """
    raw, order = fold.raw, np.concatenate(fold.rows)
    if fold.channels_of:
        given = channel_statistics(raw.x, fold.rows[0], fold.channels_of)
    else:
        given = fold.statistics or statistics(raw.x, fold.rows[0])
    given = replace(given, bound=about.bound)
    digests: dict[str, str] = {}

    def put(name: str, shape: tuple[int, ...], dtype: str, blocks: Iterable[Any]) -> None:
        digests[name] = array_file.write(folder / name, shape, dtype, blocks)

    rows = standardised(raw.x, order, given)
    if about.components is not None:
        learned = standardised(raw.x, fold.rows[0], given)
        found = whitening.fit(learned, about.inputs, about.components)
        about = replace(about, explained=found.explained)
        put("components.npy", found.matrix.shape, "<f8", [found.matrix])
        rows = (whitening.whitened(block, found.matrix) for block in rows)
    put("x.npy", (len(order), about.components or about.inputs), "<f4", rows)
    if about.targets:
        own = statistics(raw.y, fold.rows[0])
        put("y.npy", (len(order), about.targets), "<f4", standardised(raw.y, order, own))
        put("target_mean.npy", own.mean.shape, "<f8", [own.mean])
        put("target_std.npy", own.std.shape, "<f8", [own.std])
    else:
        put("y.npy", (len(order),), "<i8", [raw.y[order]])
    put("mean.npy", given.mean.shape, "<f8", [given.mean])
    put("std.npy", given.std.shape, "<f8", [given.std])
    told = json.loads(json.dumps(asdict(replace(about, digests=digests))))
    text = json.dumps({"about": told, "sha256": _hash(told)})
    if len(text) > MOST_ABOUT_BYTES:
        raise ModelError(
            f"the names of columns and categories, and quantiles, take {len(text):,} bytes; "
            f"expected at most {MOST_ABOUT_BYTES:,}, so exclude columns"
        )
    with (folder / ABOUT).open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    vouched.close_to_others(folder)


def read_about(folder: Path) -> About:
    """What the folder holds, as it was written there.

    Raises:
        DataFileError: That is missing or damaged, or the folder's name does not fit it.
    """
    path = folder / ABOUT
    try:
        whole = json.loads(read_regular(path, least=2, most=MOST_ABOUT_BYTES))
        found = whole["about"]
        is_whole = whole["sha256"] == _hash(found)
        about = About(
            **{
                **found,
                "classes": tuple(found["classes"]),
                "target_names": tuple(found["target_names"]),
                "shape": tuple(found.get("shape", ())),
                "tested": tuple(found.get("tested", ())),
            }
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        if isinstance(error, DataFileError):
            raise
        raise DataFileError(f"{path}: is damaged; expected what `prepare` wrote") from error
    if not is_whole:
        raise DataFileError(f"{path}: is damaged; expected what `prepare` wrote")
    if folder.name != about.folder_name():
        raise DataFileError(f"{folder}: holds other data; expected {about.folder_name()}")
    return about


def made_here(folder: Path) -> list[Path] | None:
    """The files of a folder that `prepare` made; None for any other."""
    if folder.is_symlink() or not folder.is_dir() or not _FOLDER.fullmatch(folder.name):
        return None
    files = [path for path in folder.rglob("*") if not path.is_dir()]
    return files if all(path.name in _FILES for path in files) else None
