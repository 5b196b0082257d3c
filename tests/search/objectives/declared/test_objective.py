"""What a study file of one's own training asks for, written and read back."""

from dataclasses import replace
from pathlib import Path

import pytest

from search.study.file import study_of
from search.study.reading import load
from search.study.recorded import recorded_form, recorded_study

COMMAND = """\
name = "own"
[objective]
kind = "command"
command = ["./train", "{rate}"]
folder = "work"
environment = {MODE = "fast"}
time_limit_seconds = 3.5
steps = 9
step = "epoch"
[resources]
threads = 2
[training]
parameters = {depth = 3, fast = true}
"""
FUNCTION = """\
name = "own"
[objective]
kind = "function"
function = "train.py:train"
python = ".venv/bin/python"
cohort = 4
"""
REST = """
[hyperparameters]
rate = {low = 1e-3, high = 1e-1, meaning = "how fast"}
units = {low = 8, high = 64, step = 8}
kind = {values = ["a", "b"], when = {units = [8, 16]}}
[[metrics]]
name = "loss"
direction = "minimize"
[[metrics]]
name = "accuracy"
direction = "maximize"
unit = "%"
factor = 100
score = "best"
[[stages]]
trials = 4
halving = {keep = 0.5, at = [2]}
[[stages]]
trials = 3
zoom = {rule = "decades", decades = 0.5}
"""

either = pytest.mark.parametrize(
    "text", [COMMAND + REST, FUNCTION + REST], ids=["command", "function"]
)


@either
def test_a_study_is_what_it_writes(text: str, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(text)
    study = load(str(tmp_path / "own.toml"))
    assert study_of(study.canonical(), tmp_path) == study
    assert study_of(study.canonical(), tmp_path).canonical() == study.canonical()


@either
def test_a_study_is_recorded_with_the_folder_that_its_paths_start_from(
    text: str, tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_text(text)
    study = load(str(tmp_path / "own.toml"))
    again = recorded_study(recorded_form(study))
    assert again == study
    assert again.canonical() == study.canonical()
    assert again.objective.base == study.objective.base == str(tmp_path)
    assert again.natural_limits(again.stages[1]) == study.natural_limits(study.stages[1])


@either
def test_the_folder_is_no_part_of_what_a_study_asks_for(text: str, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(text)
    study = load(str(tmp_path / "own.toml"))
    moved = replace(study.objective, base="/elsewhere")
    assert moved == study.objective
    assert hash(moved) == hash(study.objective)
    assert moved.canonical() == study.objective.canonical()
    assert str(tmp_path) not in str(study.canonical())
    assert moved.card == study.objective.card


def test_what_a_command_declares(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(COMMAND + REST)
    objective = load(str(tmp_path / "own.toml")).objective
    assert objective.kind == "command"
    assert objective.units == ("epochs",)
    assert objective.folder == tmp_path / "work"
    assert [one.text(0.5) for one in objective.metrics] == ["0.5", "50 %"]
    assert objective.score.name == "accuracy"
    assert objective.score.direction == "maximize"
    assert objective.card.source == "./train '{rate}'"
    assert objective.about(()) == [("command", "./train '{rate}'; maximizes accuracy, 9 epochs")]
    assert objective.registry.find("rate").meaning == "how fast"  # type: ignore[union-attr]
    assert objective.fit(objective.training, {}).most == 1


def test_what_a_function_declares(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(FUNCTION + REST)
    objective = load(str(tmp_path / "own.toml")).objective
    assert objective.python == str(tmp_path / ".venv/bin/python")
    assert objective.fit(objective.training, {}).most == 4
    assert objective.steps(objective.training) is None
    assert objective.about(()) == [("function", "train.py:train; maximizes accuracy")]


def test_files_that_are_run_are_known(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(FUNCTION + REST)
    function = load(str(tmp_path / "own.toml")).objective
    assert function.reads == [tmp_path / "train.py"]
    (tmp_path / "own.toml").write_text(COMMAND + REST)
    command = load(str(tmp_path / "own.toml")).objective
    assert command.reads == []
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "train").write_text("")
    assert command.reads == [tmp_path / "work" / "train"]


def test_bounds_of_the_file_are_what_no_zoom_passes(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(COMMAND + REST)
    study = load(str(tmp_path / "own.toml"))
    limits = study.natural_limits(study.stages[1])
    assert (limits["rate"].low, limits["rate"].high) == (1e-3, 1e-1)
    assert (limits["units"].low, limits["units"].high) == (8, 64)


def test_trainings_of_other_lengths_or_values_do_not_compare(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(COMMAND + REST)
    objective = load(str(tmp_path / "own.toml")).objective
    one = objective.training
    assert objective.compares(one, one) == []
    shorter = one.model_copy(update={"steps": 3})
    assert objective.compares(one, shorter) == ["steps"]
    other = one.model_copy(update={"parameters": {"depth": 4}})
    assert objective.compares(one, other) == ["parameters"]
