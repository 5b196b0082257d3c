"""A network is what a document's tables declare."""

import json
from pathlib import Path

import pytest

from search.errors import KlayerError
from search.objective.port import Objective
from search.objectives.network import kind
from search.objectives.network.facts import Facts
from search.objectives.network.objective import NetworkObjective
from search.study.file import study_of
from search.study.reading import load
from search.study.stage_table import StageTable
from search.study.tables import Document
from tests.search.objectives.network.own_tables import laid_out, study_in

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


def test_values_are_learned_by_the_squared_error_unless_said(tmp_path: Path) -> None:
    assert study_in(tmp_path, ("price",)).objective.network.loss == "squared_error"
    huber = study_in(tmp_path, ("price",), overrides=["network.loss='huber'"])
    assert huber.objective.network.loss == "huber"
    assert huber.objective.network.widths == (6,)
    assert study_in(tmp_path, ("label",)).objective.network.loss == "cross_entropy"


@pytest.mark.parametrize("targets", [("label",), ("price",), ("price", "weight")], ids=str)
@pytest.mark.parametrize("score", ["", "named"])
def test_what_is_recorded_of_a_table_comes_back_without_it(
    tmp_path: Path, targets: tuple[str, ...], score: str
) -> None:
    named = {"": ""}.get(score, "log_loss" if targets == ("label",) else "mae")
    study = study_in(tmp_path, targets, named)
    form = json.loads(json.dumps(study.objective.recorded()))
    (tmp_path / "cars.csv").unlink()
    again = kind.recorded(form)
    assert again == study.objective
    assert again.base == str(tmp_path)
    assert again.recorded() == study.objective.recorded()
    assert again.score == study.objective.score
    assert again.evaluation.name == f"test_{again.scored_by}"


def test_the_folder_is_no_part_of_what_is_asked_for(tmp_path: Path) -> None:
    """A study that moved is the same one."""
    one, other = (study_in(tmp_path / name, ("price",)) for name in ("one", "other"))
    assert one.objective == other.objective
    assert one.objective.base != other.objective.base
    assert one.canonical() == other.canonical()


def test_a_table_that_is_missing_or_is_none_is_one_message(tmp_path: Path) -> None:
    file = laid_out(tmp_path)
    (tmp_path / "cars.csv").write_text("")
    with pytest.raises(KlayerError, match=r"cars\.csv"):
        load(str(file))
    (tmp_path / "cars.csv").unlink()
    with pytest.raises(KlayerError, match=r"cars\.csv"):
        load(str(file))
    laid_out(tmp_path)
    with pytest.raises(KlayerError, match="did you mean 'label'"):
        load(str(file), ["data.target='lable'"])


@pytest.mark.parametrize(
    "said", ["", "validation = 0.3", "test = 12", 'part_column = "part"', 'task = "regression"']
)
def test_what_is_asked_for_of_a_table_can_be_written_and_read_again(
    tmp_path: Path, said: str
) -> None:
    parts = ["train"] * 40 + ["validation"] * 10 + ["test"] * 10
    rows = [f"{place % 7},{place % 2},{part}" for place, part in enumerate(parts)]
    (tmp_path / "t.csv").write_text("\n".join(["x,y,part", *rows]))
    file = tmp_path / "t.toml"
    file.write_text(
        f'[data]\nsource = "t.csv"\ntarget = "y"\n{said}\n[training]\nbatch_size = 8\n'
        "[[stages]]\nname = 'only'\ntrials = 2\nbox = {learning_rate = {low = 0.1, high = 1.0}}\n"
    )
    study = load(str(file))
    assert study_of(study.canonical(), tmp_path) == study
    assert study_of(json.loads(json.dumps(study.canonical())), tmp_path) == study
