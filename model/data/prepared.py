"""A data set standardised once and kept in a folder that all workers map into their memory.

The training images are split by the seed into training and validation images; mean and standard
deviation come from the training part alone. The folder's name carries a hash of all that the
content follows from, so other data and other seeds go elsewhere. A folder is complete or absent:
it is written under another name and renamed. Where several processes prepare the same at once, all
use the one that was first. One whose arrays have changed since is made again, one of another user
refused. The test images are not read here, except in `test_set`.

A process killed while it writes leaves a folder whose name begins with a dot;
`model.data.cache` removes it.
"""

import hashlib
import math
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.data import array_file, cross_validation, vouched
from model.data.cache import bound, touch
from model.data.fold import Fold
from model.data.labelled import Labelled
from model.data.prepared_files import FORMAT, About, folder_name, read_about, write
from model.data.source import Source
from model.data.standardise import Statistics, split
from model.data.test_set import TestSet
from model.data.vouched import ForeignFolderError
from model.errors import DataFileError, ModelError

_BY_CHANNEL = ", standardised by channel"  # in what a folder's name is a hash of


@dataclass(frozen=True, eq=False)
class Prepared:
    """Standardised images, open for reading. Pickling carries the folder's path, not the arrays.

    Attributes:
        folder: Where the arrays lie; an absolute path.
        name: Name of the data set.
        classes: The name of each class, in the order of the labels.
        fingerprint: SHA-256 of the raw training images and labels; the same for every layout.
        both: The training images, and behind them the validation images: x (n + v, d) float32, a
            read-only memory map; y (n + v,).
        trained_on: How many of them are for training, n.
        mean: (d,) float64, of the raw training part.
        std: (d,) float64, of the raw training part; 1 for a constant input.
        targets: What the values to be learned were standardised by; None where there are classes.
        target_names: The columns that are to be learned, where they are a table's.
        bound: Where standardised inputs are cut; infinite where they are not.
        tested: How many test rows there are of each class, or in all where values are learned; ()
            where that is not known.
        encoding: How the inputs were made of the columns of a table; None where they were not.
        missing: How many values these rows lack of each input column that lacks any; None where
            they are of no columns.
        shape: Of a row that has more than one axis.
        components: (d, k), what standardised inputs are multiplied by to be principal components,
            which x has then in their place; None where they are not.
        explained: Share of the inputs' variance that the components have.
    """

    folder: Path
    name: str
    classes: tuple[str, ...]
    fingerprint: str
    both: Labelled
    trained_on: int
    mean: npt.NDArray[np.float64]
    std: npt.NDArray[np.float64]
    targets: Statistics | None = None
    target_names: tuple[str, ...] = ()
    tested: tuple[int, ...] = ()
    bound: float = math.inf
    encoding: Mapping[str, Any] | None = None
    missing: Mapping[str, int] | None = None
    shape: tuple[int, ...] = ()
    components: npt.NDArray[np.float64] | None = None
    explained: float | None = None

    @property
    def training(self) -> Labelled:
        """The training images, in the memory of `both`."""
        return Labelled(self.both.x[: self.trained_on], self.both.y[: self.trained_on])

    @property
    def validation(self) -> Labelled:
        """The validation images, likewise.

        Raises:
            ModelError: There are none.
        """
        return Labelled(self.both.x[self.trained_on :], self.both.y[self.trained_on :])

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return open_prepared, (self.folder,)


def prepare(
    source: Source,
    cache: Path,
    *,
    validation: int,
    seed: int,
    most_bytes: int | None = None,
    channels_of: tuple[int, ...] = (),
    components: int | None = None,
) -> Prepared:
    """Standardise the source's training images into a folder of `cache`, or open what is there.

    A damaged folder is made again. The source's test images are not read.

    Args:
        source: The data set.
        cache: A folder for such folders; made if need be.
        validation: How many training images to hold out, 1 to all but one.
        seed: Seed of the split, 0 or more.
        most_bytes: As for `keep`.
        channels_of: As of a `Fold`.
        components: Likewise.

    Raises:
        ModelError: `validation` or `seed` is out of its range, a label names no class,
            or an input is not finite.
        DataFileError: The source's files are wrong, or the folder cannot be written.
    """
    raw = source.training()
    _check_images(raw, source)
    rows = split(len(raw), validation=validation, seed=seed)
    split_as = f"{validation}{_BY_CHANNEL if channels_of else ''}"
    fold = Fold(source.name, source.classes, raw, rows, _fingerprint(raw), seed, split=split_as)
    fold = replace(fold, channels_of=channels_of)
    return keep(of_components(fold, components), cache, most_bytes)


def prepare_folds(
    source: Source,
    cache: Path,
    *,
    count: int,
    seed: int,
    channels_of: tuple[int, ...] = (),
    components: int | None = None,
) -> tuple[Prepared, ...]:
    """As `prepare`, of all training images without validation, and behind them of each fold.

    Raises:
        ModelError: As `prepare`; or there cannot be so many folds.
        DataFileError: As `prepare`.
    """
    raw = source.training()
    _check_images(raw, source)
    rows = np.arange(len(raw)), np.arange(0)
    whole = Fold(source.name, source.classes, raw, rows, _fingerprint(raw), seed)
    folds = cross_validation.refolded(replace(whole, channels_of=channels_of), count)
    end = _BY_CHANNEL if channels_of else ""
    named = (replace(fold, split=f"{fold.split}{end}") for fold in folds)
    return tuple(keep(of_components(fold, components), cache) for fold in named)


def of_components(fold: Fold, components: int | None) -> Fold:
    """A fold whose rows become so many principal components; the fold itself for None."""
    if components is None:
        return fold
    return replace(fold, components=components, split=split_of(fold.split, components))


def split_of(split: str, components: int | None) -> str:
    """How a fold is split, as `of_components` says it."""
    return split if components is None else f"{split}, {components} components"


def kept(cache: Path, name: str, fingerprint: str, seed: int, split: str = "") -> Prepared | None:
    """What `keep` has made of a fold; None if nothing."""
    return _intact(cache.absolute() / folder_name(name, fingerprint, seed, split))


def keep(fold: Fold, cache: Path, most_bytes: int | None = None) -> Prepared:
    """As `prepare`, of rows that are split already.

    Args:
        fold: The rows.
        cache: As for `prepare`.
        most_bytes: Where a folder was made, those used longest ago are removed while all of them
            have more bytes; None for no limit.

    Raises:
        DataFileError: The folder cannot be written or belongs to another user, or the rows' files
            have changed meanwhile.
    """
    raw = fold.raw
    about = About(
        format=FORMAT,
        name=fold.name,
        classes=fold.classes,
        fingerprint=fold.fingerprint,
        seed=fold.seed,
        training=len(fold.rows[0]),
        validation=len(fold.rows[1]),
        inputs=raw.x.shape[1],
        split=fold.split,
        target_names=fold.target_names,
        tested=fold.tested,
        is_bounded=fold.is_bounded,
        encoding=fold.encoding,
        missing=fold.missing,
        shape=fold.shape,
        components=fold.components,
    )
    folder = cache.absolute() / about.folder_name()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        if (ready := _intact(folder)) is not None:
            return ready
        _set_aside(folder)
        with tempfile.TemporaryDirectory(
            prefix=f".{folder.name}.", dir=cache.absolute(), ignore_cleanup_errors=True
        ) as place:
            draft = Path(place) / folder.name
            draft.mkdir()
            write(draft, about, fold)
            if fold.still is not None:  # else other rows would be kept under its hash
                fold.still()
            with suppress(OSError):  # another process was first; its folder is opened below
                draft.rename(folder)
        if most_bytes is not None:
            bound(cache, most_bytes, folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataFileError(
            f"{folder}: cannot be written ({reason}); expected a folder with room for "
            f"{4 * raw.x.size:,} bytes"
        ) from error
    return open_prepared(folder)


def open_prepared(folder: Path) -> Prepared:
    """Open a folder that `prepare` made.

    Raises:
        DataFileError: The folder is missing or others may write to it, or a file of it is missing
            or not what was written.
    """
    folder = folder.absolute()
    vouched.check_owner(folder)
    about = read_about(folder)
    touch(folder)
    both = _open_rows(folder, about)
    given = _open_statistics(folder, "", about.inputs)
    targets = _open_statistics(folder, "target_", about.targets) if about.targets else None
    components = None
    if about.components is not None:
        whole = (about.inputs, about.components)
        components = np.array(array_file.opened(folder / "components.npy", whole, "<f8"))
        components.setflags(write=False)
    vouched.check_files(folder, about.digests)
    return Prepared(
        folder=folder,
        name=about.name,
        classes=about.classes,
        fingerprint=about.fingerprint,
        both=both,
        trained_on=about.training,
        mean=given.mean,
        std=given.std,
        targets=targets,
        target_names=about.target_names,
        tested=about.tested,
        bound=about.bound,
        encoding=about.encoding,
        missing=about.missing,
        shape=about.shape,
        components=components,
        explained=about.explained,
    )


def test_set(prepared: Prepared, source: Source) -> TestSet:
    """The source's test images.

    The one function that reads them; a search calls it once, when it has chosen.

    Raises:
        ModelError: The source is not the data set that was prepared, a label names no class,
            or an input is not finite.
        DataFileError: The source's files are wrong.
    """
    if (source.name, source.classes) != (prepared.name, prepared.classes):
        raise ModelError(f"expected the test images of {prepared.name}, not of {source.name}")
    raw = source.test()
    if not source.is_checked:
        _check_images(raw, source)
    if raw.x.shape[1] != len(prepared.mean):
        raise ModelError(f"test images must have {len(prepared.mean)} inputs, not {raw.x.shape[1]}")
    given = Statistics(prepared.mean, prepared.std, prepared.bound)
    return TestSet(raw.y, raw, given, prepared.components)


def _check_images(raw: Labelled, source: Source) -> None:
    if raw.y.max() >= len(source.classes):
        raise ModelError(
            f"{source.name}: labels must be 0 to {len(source.classes) - 1}, "
            f"but one is {raw.y.max()}"
        )
    if not np.isfinite(raw.x).all():
        raise ModelError(f"{source.name}: every input must be a finite number")


def _fingerprint(raw: Labelled) -> str:
    digest = hashlib.sha256(f"{raw.x.shape} {raw.x.dtype.name}\n".encode())
    digest.update(np.ascontiguousarray(raw.x, raw.x.dtype.newbyteorder("<")).data)
    digest.update(np.ascontiguousarray(raw.y, "<i8").data)
    return digest.hexdigest()


def _open_statistics(folder: Path, prefix: str, count: int) -> Statistics:
    mean, std = (
        np.array(array_file.opened(folder / f"{prefix}{name}.npy", (count,), "<f8"))
        for name in ("mean", "std")
    )
    mean.setflags(write=False)
    std.setflags(write=False)
    return Statistics(mean, std)


def _open_rows(folder: Path, about: About) -> Labelled:
    rows = about.training + about.validation
    x = array_file.opened(folder / "x.npy", (rows, about.components or about.inputs), "<f4")
    shape, kind = ((rows, about.targets), "<f4") if about.targets else ((rows,), "<i8")
    y = np.array(array_file.opened(folder / "y.npy", shape, kind))
    y.setflags(write=False)
    return Labelled(x, y)


def _intact(folder: Path) -> Prepared | None:
    try:
        return open_prepared(folder)
    except ForeignFolderError:
        raise
    except DataFileError:
        return None


def _set_aside(folder: Path) -> None:
    """Move a damaged folder out of the way and remove it.

    Between finding it damaged and moving it, another process may have put a good one there; that
    one is moved back.
    """
    if not os.path.lexists(folder):
        return
    with tempfile.TemporaryDirectory(
        prefix=f".{folder.name}.", dir=folder.parent, ignore_cleanup_errors=True
    ) as place:
        aside = Path(place) / folder.name
        with suppress(FileNotFoundError):
            folder.rename(aside)
        if _intact(aside) is not None:
            with suppress(OSError):
                aside.rename(folder)
