"""The data of a study: found, standardised once, and opened by every worker."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from model.data import cache, cifar10, cross_validation, digits, prepared
from model.data.cache import Kept
from model.data.own import Own
from model.data.own_table import OwnTable
from model.data.prepared import Prepared
from model.data.source import Source
from model.errors import DataFileError
from search.errors import DataError
from search.objective.data_card import DataCard
from search.objectives.network import cards
from search.objectives.network.data_section import DataSection
from search.objectives.network.facts import Facts
from search.objectives.network.faults import faults_as_klayer_errors
from search.objectives.network.objective import NetworkObjective
from search.objectives.network.own_data import facts_of, own_of
from search.runtime.cache import cache_folder

MOST_SETTING, MOST_GIGABYTES = "KLAYER_CACHE_GIGABYTES", 20


@dataclass(frozen=True)
class Dataset:
    """Data that is ready for training; pickling it carries paths, not arrays.

    Attributes:
        objective: What learns from them.
        prepared: The standardised training and validation images; with folds, all of them for
            training.
        folder: Where the raw images lie, None for the embedded ones and the cache.
        own: The data of the user's own that they are of; None for `digits` and `cifar10`.
        folds: The folds of cross-validation, each standardised by its own training images.
    """

    objective: NetworkObjective
    prepared: Prepared
    folder: Path | None
    own: Own | None = None
    folds: tuple[Prepared, ...] = ()

    @property
    def searched_on(self) -> tuple[Prepared, ...]:
        """What trials are trained and measured on: each fold, or the one split."""
        return self.folds or (self.prepared,)

    @property
    def facts(self) -> Facts:
        """The sizes of the data."""
        return self.objective.facts

    def source(self) -> Source:
        """Where the rows come from, those for testing too.

        Raises:
            DataError: They are not here any more, or are others than at the beginning.
        """
        if self.own is not None:
            with faults_as_klayer_errors():
                found = self.own.fingerprint()
            if found != self.prepared.fingerprint:
                raise DataError(
                    f"{self.own.files}: changed since it was opened for this search; put the data "
                    "back that the search was begun with"
                )
            return self.own.source(self.prepared.classes)
        return source(self.objective.data.source, self.folder)

    @property
    def card(self) -> DataCard:
        """What is to be known of it without opening it."""
        return cards.card(self.prepared, self.folds, self.facts, self.objective.data, self.own)


def prepared_folder() -> Path:
    """Where prepared rows are kept."""
    return cache_folder() / "prepared"


def most_bytes(environment: Mapping[str, str] = os.environ) -> int:
    """How large prepared rows may be together before those used longest ago are removed.

    Raises:
        DataError: The setting is no number.
    """
    text = environment.get(MOST_SETTING, str(MOST_GIGABYTES))
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 < found < math.inf:
        raise DataError(f"{MOST_SETTING}: found {text!r}; give gigabytes, such as {MOST_GIGABYTES}")
    return int(found * 1e9)


def open_data(objective: NetworkObjective, seed: int, folder: Path | None) -> Dataset:
    """Standardise the rows, or find them standardised; those for testing stay unread.

    Args:
        objective: Says which data, and how they are split.
        seed: Of the split.
        folder: Where its files lie; None for the cache that `klayer data fetch` fills, and for the
            paths of data of the user's own.

    Raises:
        DataError: The files are missing, broken or not what they should be, or their validation
            rows have no such score as is asked for.
    """
    section = objective.data
    if section.is_own:
        own = own_data(section, seed, Path(objective.base), folder)
        ready, *folds = _kept(own, section)
        for one in folds or [ready]:
            _check_score(objective, own, one)
        return Dataset(objective, ready, folder, own, tuple(folds))
    channels_of = objective.facts.shape if section.scaling == "channel" else ()
    with faults_as_klayer_errors(), threadpool_limits(1):  # threads add in other orders
        if section.folds is not None:
            whole, *parts = prepared.prepare_folds(
                source(section.source, folder),
                prepared_folder(),
                count=section.folds,
                seed=seed,
                channels_of=channels_of,
                components=section.components,
            )
            _bound([whole, *parts])
            return Dataset(objective, whole, folder, folds=tuple(parts))
        rows = prepared.prepare(
            source(section.source, folder),
            prepared_folder(),
            validation=objective.facts.held_out,
            seed=seed,
            most_bytes=most_bytes(),
            channels_of=channels_of,
            components=section.components,
        )
    return Dataset(objective, rows, folder)


def _check_score(objective: NetworkObjective, own: Own, rows: Prepared) -> None:
    """Refuse validation or test rows of which no network would have a score."""
    held_out = rows.validation.y
    counts = np.bincount(held_out).tolist() if rows.classes else (len(held_out),)
    for part, found in (("validation", counts), ("test", rows.tested)):
        fault, right = "", ""
        if objective.scored_by == "roc_auc" and np.count_nonzero(found) == 1:
            fault = f"all {part} rows are of class {rows.classes[np.argmax(found)]!r}"
            right = "of both"
        elif objective.scored_by == "r2" and sum(found) == 1:
            fault, right = f"there is one {part} row", "two or more"
        if fault:
            raise DataError(f"{own.path}: {fault}; {objective.scored_by} needs {right}")


def own_facts(
    section: DataSection, seed: int, base: Path, folder: Path | None = None
) -> tuple[Facts, tuple[str, ...]]:
    """The sizes of data of the user's own, which are read and prepared for that, and its classes.

    Raises:
        DataError: A file is missing, or nothing that can be trained on.
        KlayerError: What is said of it does not fit it.
    """
    rows, *folds = _kept(own_data(section, seed, base, folder), section)
    return facts_of(rows, folds), rows.classes


def own_opened(section: DataSection, seed: int, base: Path) -> tuple[Facts, tuple[str, ...]]:
    """As `own_facts`, and what a user should know of how the data were read, each a sentence.

    Raises:
        DataError: As `own_facts`.
        KlayerError: As `own_facts`.
    """
    own = own_data(section, seed, base, None)
    with faults_as_klayer_errors(), threadpool_limits(1):
        fold = own.fold()
        if section.folds is None:
            ready = prepared.of_components(fold, section.components)
            rows, folds = prepared.keep(ready, prepared_folder(), most_bytes()), []
        else:
            rows, *folds = _kept(own, section)
    notes = (*fold.notes, *cards.unequal(rows))
    return facts_of(rows, folds), tuple(f"{own.path.name}: {line}" for line in notes)


def own_data(section: DataSection, seed: int, base: Path, folder: Path | None) -> Own:
    """The data of the user's own, not read yet; see `own_of`.

    Raises:
        KlayerError: What is said contradicts itself.
    """
    with faults_as_klayer_errors():
        return own_of(section, seed, base, folder, prepared_folder(), cache_folder() / "examples")


def class_names(name: str) -> tuple[str, ...]:
    """The names of the classes of `digits` or `cifar10`; no image is read."""
    return digits.CLASSES if name == "digits" else cifar10.CLASSES


def _kept(own: Own, section: DataSection) -> list[Prepared]:
    """The rows, and behind them those of each fold."""
    place, folds, components = prepared_folder(), section.folds, section.components
    with faults_as_klayer_errors(), threadpool_limits(1):
        names = ("",) if folds is None else cross_validation.names(folds)
        names = tuple(prepared.split_of(name, components) for name in names)
        hashed = own.fingerprint()
        found = [prepared.kept(place, own.name, hashed, own.seed, name) for name in names]
        ready = [one for one in found if one is not None]
        if len(ready) == len(found):
            return ready
        if folds is None:
            fold = prepared.of_components(own.fold(), components)
            return [prepared.keep(fold, place, most_bytes())]
        if isinstance(own, OwnTable):
            made = own.every_fold()
        else:
            made = cross_validation.refolded(own.fold(), folds)
        ready = [prepared.keep(prepared.of_components(fold, components), place) for fold in made]
        _bound(ready)
        return ready


def _bound(used: Sequence[Prepared]) -> None:
    """Keep the cache below its size, without removing what is used now."""
    cache.bound(prepared_folder(), most_bytes(), *(one.folder for one in used))


def clear_prepared(name: str | None = None) -> int:
    """Remove prepared rows from the cache; the bytes freed. They can be made again.

    Args:
        name: Only those of the data set of this name.

    Raises:
        DataError: There is none of that name, or it cannot be removed.
    """
    with faults_as_klayer_errors():
        return cache.clear(prepared_folder(), name)


def list_prepared() -> list[Kept]:
    """What the cache holds, used last first.

    Raises:
        DataError: It cannot be read.
    """
    with faults_as_klayer_errors():
        return cache.listed(prepared_folder())


def source(name: str, folder: Path | None) -> Source:
    """The data set of that name; from the cache where no folder is given.

    Raises:
        DataError: It has not been fetched.
        DataFileError: The folder holds something else.
    """
    if name == "digits":
        return digits.source()
    if folder is not None:
        return cifar10.source(folder)
    try:
        return cifar10.source(cache_folder() / "cifar10")
    except DataFileError as error:
        raise DataError(
            "cifar10: its images are not here yet; `klayer data fetch cifar10` downloads them, or "
            "--data (or KLAYER_DATA) names a folder that holds cifar-10-batches-bin/ or "
            f"cifar-10-batches-py/ ({error})"
        ) from error
