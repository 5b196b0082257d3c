"""An objective opened: to see what data it has, or to train what is recorded."""

from collections.abc import Sequence
from pathlib import Path

from search.errors import DataError
from search.ledger.records import Search
from search.objective.data_card import DataCard
from search.objective.port import Trainer
from search.study.file import Study


def card_of(study: Study, data_folder: Path | None) -> DataCard:
    """What is to be known of a study's data, looked at once.

    Raises:
        KlayerError: They are missing, broken, or not what they should be.
    """
    trainer: Trainer = study.objective.open(study.seed, data_folder)
    try:
        return trainer.card
    finally:
        trainer.close()


def open_recorded(search: Search, data_folder: Path | None, devices: Sequence[str] = ()) -> Trainer:
    """The objective of a search, with the data that it was recorded with.

    Args:
        search: As it is recorded.
        data_folder: Where the user keeps data; None for the usual place.
        devices: The graphics processors that may be used.

    Raises:
        KlayerError: The data are missing, broken, not what they should be, or others.
    """
    study = search.study
    trainer: Trainer = study.objective.open(study.seed, data_folder, devices)
    found = trainer.card
    if found.fingerprint != search.data_fingerprint:
        trainer.close()
        raise DataError(
            f"{study.name}: this search ran on other data (fingerprint "
            f"{search.data_fingerprint[:12]}, {found.source} has {found.fingerprint[:12]}); point "
            "--data or KLAYER_DATA to those"
        )
    return trainer
