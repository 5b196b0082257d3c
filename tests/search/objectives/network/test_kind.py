"""A network is what a document's tables declare."""

from pathlib import Path

import pytest

from search.objective.port import Objective
from search.objectives.network import kind
from search.objectives.network.facts import Facts
from search.objectives.network.objective import NetworkObjective
from search.study.reading import load
from search.study.stage_table import StageTable
from search.study.tables import Document

STAGES = [{"trials": 2, "box": {"width_3": {"low": 5, "high": 9}}}]


def test_a_document_declares_its_network() -> None:
    tables = kind.DOCUMENT.model_validate(
        {
            "name": "x",
            "network": {"widths": [7]},
            "stages": [{"sampler": "points", "points": [{"momentum": 0.5}]}],
            "final": {"train_on": "training+validation", "ensemble": False},
        },
        context={"registry": kind.registry({})},
    )
    made = kind.objective(tables, Path())
    assert made == NetworkObjective(
        tables.data,
        Facts(1_200, 300, 64, 10, shape=(1, 8, 8)),
        tables.network,
        tables.training,
        "training+validation",
        ensemble=False,
    )
    assert made.network.widths == (7,)
    assert issubclass(type(tables.stages[0]), StageTable)


def test_tables_of_another_kind_are_a_mistake_of_the_program() -> None:
    with pytest.raises(TypeError, match="not the tables of a network: Document"):
        kind.objective(Document.model_construct(), Path())


def test_every_shipped_study_declares_one() -> None:
    made: Objective = load("digits").objective
    assert isinstance(made, NetworkObjective)
    assert list(kind.registry({}).names()) == list(made.registry.names())
