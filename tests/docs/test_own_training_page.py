"""The page on a user's own training: its examples run, and it names each key and each variable."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from search.ledger.ledger import Ledger
from search.objectives.command.arguments import placeholders
from search.objectives.command.program import Program, TrialPlace, run
from search.objectives.command.tables import CommandDocument, CommandTable
from search.objectives.declared.environment import THREADS
from search.objectives.declared.hyperparameters import RESERVED, HyperparameterTable
from search.objectives.declared.metrics import MetricTable
from search.objectives.declared.tables import (
    DeclaredFinal,
    DeclaredStage,
    ProgramTable,
    ResourcesTable,
    TrainingTable,
)
from search.objectives.function.tables import FunctionDocument, FunctionTable
from search.study.budget import Budget
from search.study.file import study_of
from search.study.halving import Halving
from search.study.stopping import Stop
from search.study.zoom_rules import DecadesZoom, Limits, QuantileZoom
from tests.docs.schema_rows import first_table, rows, sections, within

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "own-training.md").read_text("utf-8")

TABLES: dict[str, tuple[type[BaseModel], type[BaseModel] | None]] = {
    "The top of the file": (FunctionDocument, None),
    "`[objective]`": (ProgramTable, None),
    '`[objective]`, kind `"function"`': (FunctionTable, ProgramTable),
    '`[objective]`, kind `"command"`': (CommandTable, ProgramTable),
    "`[hyperparameters]`": (HyperparameterTable, None),
    "`[[metrics]]`": (MetricTable, None),
    "`[resources]`": (ResourcesTable, None),
    "`[training]`": (TrainingTable, None),
    "`[final]`": (DeclaredFinal, None),
}
"""The headings whose table is that of a schema, and the schema whose keys stand elsewhere."""

ON_THE_STUDY_FILES_PAGE = {Budget, DeclaredStage, Halving, Stop, DecadesZoom, QuantileZoom, Limits}

FILES = dict(
    re.findall(r"^```\w+\n# (\S+\.(?:toml|py|sh))\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
)
STUDIES = [name.removesuffix(".toml") for name in FILES if name.endswith(".toml")]
FRAGMENTS = re.findall(r"^```toml\n(?!# \S+\.toml\n)(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

NEEDS = {"spirals": "torch"}
"""What an example imports that klayer does not bring."""

SOME_FAILED = 3  # the exit status of a search with failed trials

REST = {
    "objective": {"kind": "command", "command": ["true"]},
    "hyperparameters": {"learning_rate": {"low": 1e-4, "high": 1e-1}},
    "metrics": [{"name": "loss", "direction": "minimize"}],
    "stages": [{"trials": 8}],
}
"""What a study file needs beside the tables that a fragment of the page shows."""

OF_THE_README = """
def train(parameters, seed, report):
    distance = abs(parameters["learning_rate"] - 0.03) + abs(parameters["depth"] - 4)
    for step in range(1, 4):
        report(step=step, loss=distance / step)
"""


def klayer(arguments: str, folder: Path, status: int = 0) -> str:
    """Run klayer in a folder as a shell does, with none of its settings; what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KLAYER_")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", "from search.cli import main; main()", *arguments.split()],
        cwd=folder,
        env=kept | {"PYTHONPATH": os.pathsep.join([str(ROOT), kept.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == status, f"klayer {arguments}\n{done.stdout}{done.stderr}"
    return done.stdout


def commands(study: str) -> list[str]:
    """The arguments of klayer that the page shows for a study, in its order."""
    shown = re.findall(r"^    klayer (.+)$", PAGE, re.MULTILINE)
    return [line for line in shown if line.split()[1].removesuffix(".toml") == study]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files of the page, and the virtual environment that one of them names."""
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, "utf-8")
    interpreter = tmp_path / ".venv" / "bin" / "python"
    interpreter.parent.mkdir(parents=True)
    interpreter.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', "utf-8")
    interpreter.chmod(0o755)
    return tmp_path


@pytest.mark.long
@pytest.mark.parametrize("study", STUDIES)
def test_each_example_runs_to_its_end(study: str, folder: Path) -> None:
    if study in NEEDS:
        pytest.importorskip(NEEDS[study], reason=f"the example {study} imports {NEEDS[study]}")
    lines = commands(study)
    assert {line.split()[0] for line in lines} >= {"run", "report"}
    for line in lines:
        printed = klayer(line, folder, status=SOME_FAILED if line == "run descent.toml" else 0)
        if line == "status line":
            assert (
                "".join(re.findall(r"^    ((?:Best conf|Loss).*\n)", PAGE, re.MULTILINE)) in printed
            )
        if "--output " in line:
            assert (folder / line.split()[-1]).stat().st_size > 200
    check_result(study, folder)


def check_result(study: str, folder: Path) -> None:
    """The search is finished, and its result is the best by the score of the study file."""
    with Ledger(f"sqlite:///{folder}/klayer.db") as ledger:
        search = ledger.read.search(study)
        trials, winner = ledger.read.trials(search), ledger.read.winner(search)
    assert search.finished_at is not None
    assert {one.state for one in trials} <= {"complete", "pruned", "failed"}
    assert all(one.reason for one in trials if one.state == "failed")
    assert winner is not None
    metrics = tomllib.loads((folder / f"{study}.toml").read_text("utf-8"))["metrics"]
    score = next((one for one in metrics if one.get("score")), metrics[0])
    best_of = min if score["direction"] == "minimize" else max
    if not any(one.stage == "finalists" for one in trials):
        assert winner.value == best_of(one.value for one in trials if one.state == "complete")


def test_the_example_of_the_readme_runs_with_a_function_of_its_signature(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    (content,) = re.findall(
        r"^```toml\n# mine\.toml[^\n]*\n(.*?)^```", readme, re.MULTILINE | re.DOTALL
    )
    (tmp_path / "mine.toml").write_text(content, "utf-8")
    (tmp_path / "train.py").write_text(OF_THE_README, "utf-8")
    klayer("run mine.toml", tmp_path)
    check_result("mine", tmp_path)


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_each_fragment_is_a_part_of_a_study(fragment: str) -> None:
    study_of({"name": "example"} | REST | tomllib.loads(fragment))


@pytest.mark.parametrize(
    "code", re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
)
def test_each_piece_of_python_compiles(code: str) -> None:
    compile(code, "own-training.md", "exec")


def test_each_table_of_the_page_has_the_rows_of_its_schema() -> None:
    for heading, (table, without) in TABLES.items():
        assert first_table(sections(PAGE)[heading]) == rows(table, without), heading


def test_every_table_of_the_schema_is_on_a_page() -> None:
    there = {table for table, _ in TABLES.values()} - {ProgramTable, HyperparameterTable}
    assert {*within(FunctionDocument), *within(CommandDocument)} - {CommandDocument} == (
        there | ON_THE_STUDY_FILES_PAGE
    )


def test_each_link_leads_to_a_page_or_a_heading() -> None:
    headings = {
        re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in sections(PAGE)
    }
    for page, heading in re.findall(r"\]\(([\w.-]*\.md)?(?:#([\w-]+))?\)", PAGE):
        assert not page or (ROOT / "docs" / page).is_file(), page
        assert page or heading in headings, heading


def test_each_variable_that_a_program_is_given_is_on_the_page(tmp_path: Path) -> None:
    script = "env > environment.txt; echo '{{}}' >> \"$KLAYER_REPORT\""
    program = Program(("sh", "-c", script), tmp_path)
    place = TrialPlace({}, 1, tmp_path / "checkpoints", tmp_path / "scratch")
    assert list(run(program, place)) == [{}]
    printed = (tmp_path / "environment.txt").read_text("utf-8")
    given = set(re.findall(r"^(KLAYER_\w+)=", printed, re.MULTILINE)) - set(os.environ)
    assert set(re.findall(r"KLAYER_\w+", PAGE)) == given
    assert set(re.findall(r"\b\w+_NUM_THREADS\b", PAGE)) == set(THREADS)
    assert "CUDA_VISIBLE_DEVICES" in PAGE


def test_the_placeholders_of_the_page_are_those_that_a_command_knows() -> None:
    (table,) = re.findall(r"^\| placeholder .*\n(?:\|.*\n)+", PAGE, re.MULTILINE)
    listed = placeholders(re.findall(r"^\| `(\{\w+\})`", table, re.MULTILINE))
    assert listed - {"learning_rate"} == set(RESERVED)
