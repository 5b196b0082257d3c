"""How a network is declared in a study file."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from search.objective.port import Objective
from search.objectives.network.checked import Checked
from search.objectives.network.data_section import DataSection
from search.objectives.network.facts import NAMED, Facts
from search.objectives.network.objective import NetworkObjective
from search.objectives.network.registry import NetworkRegistry
from search.objectives.network.regulariser_checks import image_faults
from search.objectives.network.sections import NetworkDocument, NetworkSection, TrainingSection
from search.objectives.network.study_checks import (
    batch_faults,
    class_weight_faults,
    fold_faults,
    layer_faults,
    rate_faults,
    repeat_faults,
    rung_faults,
    single_row_faults,
    task_faults,
)
from search.objectives.network.unread_checks import unread_faults
from search.space.space import Box
from search.study.faults import Fault
from search.study.recorded_tables import constructed
from search.study.stages import Stage
from search.study.tables import Document

DOCUMENT = NetworkDocument

CHECKS = (
    task_faults,
    class_weight_faults,
    image_faults,
    repeat_faults,
    fold_faults,
    unread_faults,
    layer_faults,
    rung_faults,
    batch_faults,
    single_row_faults,
    rate_faults,
)
"""What of the stages must fit the network, its training and its data; in the order of messages."""


def registry(_: Mapping[str, Any]) -> NetworkRegistry:
    """The hyperparameters of every network."""
    return NetworkRegistry()


def objective(tables: Document, folder: Path, data_folder: Path | None = None) -> NetworkObjective:
    """The network of a document, with its data and its base training.

    Raises:
        KlayerError: A table of the user's own, which is looked at for its sizes, is missing or is
            none that can be trained on.
    """
    given = _own(tables)
    final = given.final
    facts, classes = _facts(given, folder, data_folder)
    network = given.network
    if facts.task == "regression" and "loss" not in network.model_fields_set:
        network = network.model_copy(update={"loss": "squared_error"})
    return NetworkObjective(
        given.data,
        facts,
        network,
        given.training,
        final.train_on,
        ensemble=final.ensemble,
        named_score=given.objective.score,
        base=str(folder),
        classes=classes,
        repeated=any((stage.training.repeats or 1) > 1 for stage in given.stages),
    )


def _facts(
    given: NetworkDocument, folder: Path, data_folder: Path | None
) -> tuple[Facts, tuple[str, ...]]:
    """The sizes of the data, and the names of its classes where it is the user's own."""
    if not given.data.is_own:
        named = NAMED[given.data.source]
        section = given.data
        held_out = int(section.validation or 0)
        return named.facts(held_out, section.folds, section.components), ()
    from search.objectives.network.data import own_facts  # NumPy's import is left to who needs it

    return own_facts(given.data, given.seed, folder, data_folder)


def recorded(form: Mapping[str, Any]) -> NetworkObjective:
    """What `NetworkObjective.recorded` wrote, unchecked."""
    return NetworkObjective(
        constructed(DataSection, form["data"]),
        Facts.of(form["facts"]),
        constructed(NetworkSection, form["network"]),
        constructed(TrainingSection, form["training"]),
        form["train_on"],
        ensemble=form["ensemble"],
        named_score=form["named_score"],
        base=form.get("base", ""),
        repeated=form.get("repeated", False),
    )


def faults_between(
    tables: Document,
    objective: Objective,
    stages: Sequence[Stage],
    boxes: Mapping[str, Box],
) -> Iterator[Fault]:
    """What of the stages does not fit the network, its training or its data."""
    study = Checked(_network(objective), _own(tables), stages, boxes)
    for check in CHECKS:
        yield from check(study)


def _own(tables: Document) -> NetworkDocument:
    if not isinstance(tables, NetworkDocument):
        raise TypeError(f"not the tables of a network: {type(tables).__name__}")
    return tables


def _network(objective: Objective) -> NetworkObjective:
    if not isinstance(objective, NetworkObjective):
        raise TypeError(f"not a network: {type(objective).__name__}")
    return objective
