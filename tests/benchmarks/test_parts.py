"""Every part of the benchmarks runs, at small sizes; figures are looked at for their kind alone."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import PARTS, main
from benchmarks.halving import contenders, planned_epochs
from benchmarks.report import BEGIN, END

ROOT = Path(__file__).parents[2]
HAS_PYTORCH = importlib.util.find_spec("torch") is not None


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page that a quick run of everything has written."""
    path = tmp_path_factory.mktemp("page") / "page.md"
    path.write_text(f"# Before\n\n{BEGIN}\n{END}\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--output", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return path.read_text("utf-8")


def cells(page: str, label: str) -> list[str]:
    """The cells of the first row that begins with a label."""
    found = re.search(rf"^\| {re.escape(label)} \| (.*) \|$", page, re.MULTILINE)
    assert found, f"no row {label}"
    return found[1].split(" | ")


def number(cell: str) -> float:
    return float(cell.split()[0])


def test_every_part_has_a_section(page: str) -> None:
    headings = re.findall(r"^### (\d)\.", page, re.MULTILINE)
    assert headings == ["1", "2", "3", "4", "5", "6", "7", "8"]
    assert len(headings) == len(PARTS)


@pytest.mark.parametrize(
    "label",
    [
        "klayer",
        "klayer, cohort of 8",
        "klayer, cohort of 8, training alone",
        "the step's products alone, cohort of 8",
        "the step's products alone, one network",
        "scikit-learn MLPClassifier",
        "klayer run, the 40 trainings",
        "klayer --help",
        "klayer run digits, to the first recorded epoch",
        "worker 1",
    ],
)
def test_what_needs_no_pytorch_is_measured(page: str, label: str) -> None:
    assert number(cells(page, label)[0]) > 0


@pytest.mark.parametrize("label", ["PyTorch, eager", "Optuna + PyTorch"])
def test_pytorch_is_measured_or_said_to_be_missing(page: str, label: str) -> None:
    if HAS_PYTORCH:
        label = label.replace("Optuna + PyTorch", "Optuna + PyTorch, the 40 trainings")
        assert number(cells(page, label)[0]) > 0
    else:
        assert "No module named 'torch'" in cells(page, label)[0]


def test_klayer_runs_all_forty_trials(page: str) -> None:
    found = re.findall(r"^\| klayer run \| (\w+) \| (\d+) \|", page, re.MULTILINE)
    assert found == [("coarse", "20"), ("fine", "10"), ("finest", "10")]


def test_halving_trains_fewer_epochs_and_its_choice_is_compared(page: str) -> None:
    found = re.findall(
        r"^\| 1 \| ([a-z ]+) \| ([\d.]+) \| [\d.]+ \| (\d+) \| \S+ \| ([\d.]+) ± .* %",
        page,
        re.MULTILINE,
    )
    assert [(label, int(epochs)) for label, _, epochs, _ in found] == [
        (label, planned_epochs(changes)) for label, changes in contenders().items()
    ]
    assert all(float(seconds) > 0 for _, seconds, _, _ in found)
    assert all(50 < float(accuracy) <= 100 for *_, accuracy in found)


def test_a_quick_page_says_that_it_means_nothing(page: str) -> None:
    assert "figures mean nothing" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "nothing"], "invalid choice: 'nothing'"),
        (["--rounds", "0"], "--rounds must be 1 or more, not 0"),
        (["--output", "/nowhere/page.md"], "expected a page with one line"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert message in str(stopped.value) + capsys.readouterr().err
