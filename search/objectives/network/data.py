"""The images of a study: found, standardised once, and opened by every worker."""

from dataclasses import dataclass
from pathlib import Path

import platformdirs

from model.data import cifar10, digits, prepared
from model.data.source import Source
from model.errors import DataFileError
from search.errors import DataError
from search.objective.data_card import DataCard
from search.objectives.network.facts import Facts
from search.objectives.network.faults import faults_as_klayer_errors
from search.objectives.network.objective import NetworkObjective


@dataclass(frozen=True)
class Dataset:
    """Data that is ready for training; pickling it carries paths, not arrays.

    Attributes:
        objective: What learns from them.
        prepared: The standardised training and validation images.
        folder: Where the raw images lie, None for the embedded ones and the cache.
    """

    objective: NetworkObjective
    prepared: prepared.Prepared
    folder: Path | None

    @property
    def facts(self) -> Facts:
        """The sizes of the data."""
        return self.objective.facts

    def source(self) -> Source:
        """Where the rows come from, those for testing too.

        Raises:
            DataError: They are not here any more.
        """
        return source(self.objective.data.source, self.folder)

    @property
    def card(self) -> DataCard:
        """What is to be known of it without opening it."""
        return DataCard(
            source=self.prepared.name,
            fingerprint=self.prepared.fingerprint,
            rows=self.facts.rows,
            held_out=self.facts.held_out,
            inputs=self.facts.inputs,
            shape=self.facts.shape,
            task=self.facts.task,
            classes=self.prepared.classes,
        )


def cache_folder() -> Path:
    """The user's cache: fetched data sets, and standardised arrays under `prepared`."""
    return platformdirs.user_cache_path("klayer")


def open_data(objective: NetworkObjective, seed: int, folder: Path | None) -> Dataset:
    """Standardise images, or find them standardised; the test images stay unread.

    Args:
        objective: Says which data set, and how it is split.
        seed: Of the split.
        folder: Where its files lie; None for the cache that `klayer data fetch` fills.

    Raises:
        DataError: The files are missing, broken or not what they should be.
    """
    with faults_as_klayer_errors():
        return Dataset(
            objective,
            prepared.prepare(
                source(objective.data.source, folder),
                cache_folder() / "prepared",
                validation=objective.data.validation,
                seed=seed,
            ),
            folder,
        )


def clear_prepared() -> int:
    """Remove the standardised arrays from the cache; the bytes freed. They can be made again."""
    with faults_as_klayer_errors():
        return prepared.clear(cache_folder() / "prepared")


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
