"""Every part of the benchmarks runs, at small sizes; figures are looked at for their kind alone."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import growth, machine, one_network, peak, throughput
from benchmarks.__main__ import PARTS, main
from benchmarks.halving import contenders, planned_epochs
from benchmarks.report import BEGIN, END, Section
from benchmarks.setting import Setting
from benchmarks.timing import NotMeasuredError

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


@pytest.mark.long
def test_every_part_has_a_section(page: str) -> None:
    headings = re.findall(r"^### (\d)\.", page, re.MULTILINE)
    assert headings == ["1", "2", "3", "4", "5", "6", "7", "8"]
    assert len(headings) == len(PARTS)


@pytest.mark.long
def test_every_part_says_how_often_it_measured(page: str) -> None:
    sections = re.split(r"^### (?=\d\.)", page.partition("### Goals")[0], flags=re.MULTILINE)[1:]
    told = [len(re.findall(r"\b1 round\b|One run\.|ran once\.", one)) for one in sections]
    assert told == [1] * len(PARTS)


@pytest.mark.long
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


@pytest.mark.long
@pytest.mark.parametrize("label", ["PyTorch, eager", "Optuna + PyTorch"])
def test_pytorch_is_measured_or_said_to_be_missing(page: str, label: str) -> None:
    if HAS_PYTORCH:
        label = label.replace("Optuna + PyTorch", "Optuna + PyTorch, the 40 trainings")
        assert number(cells(page, label)[0]) > 0
    else:
        assert "No module named 'torch'" in cells(page, label)[0]


@pytest.mark.long
def test_epochs_a_second_are_those_of_the_forty_trainings(page: str) -> None:
    seconds, rate, _ = cells(page, "klayer run, the 40 trainings")
    assert number(seconds) * number(rate) == pytest.approx(40 * 8, rel=0.05)


@pytest.mark.long
def test_klayer_runs_all_forty_trials(page: str) -> None:
    found = re.findall(r"^\| klayer run \| (\w+) \| (\d+) \|", page, re.MULTILINE)
    assert found == [("coarse", "20"), ("fine", "10"), ("finest", "10")]


@pytest.mark.long
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


@pytest.mark.long
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


def test_an_images_folder_without_images_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLAYER_DATA", str(tmp_path))
    with pytest.raises(SystemExit, match=r"KLAYER_DATA: .*holds no CIFAR-10 images"):
        main(["--only", "memory"])


def test_a_part_that_fails_costs_no_other_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(setting: Setting) -> Section:
        raise RuntimeError(f"run: exit status 1:\nno room for {setting.processes}")

    monkeypatch.setitem(PARTS, "memory", fails)
    monkeypatch.setitem(PARTS, "growth", lambda _: Section("6. Growth", [], notes=["It grows."]))
    page = tmp_path / "page.md"
    page.write_text(f"{BEGIN}\n{END}\n", "utf-8")
    with pytest.raises(SystemExit, match=r"not measured: 5\. memory$"):
        main(["--quick", "--only", "memory", "--only", "growth", "--output", str(page)])
    assert re.search(
        r"### 5\. memory\n\n\*\*Not measured: RuntimeError: no room for \d+\*\*\n\n"
        r"### 6\. Growth\n\nIt grows\.",
        page.read_text("utf-8"),
    )


class Broken(Setting):
    """On which nothing can be timed."""

    def seconds(self, *_: object) -> list[list[float]]:
        raise NotMeasuredError("no room")


@pytest.mark.parametrize("part", [one_network.run, throughput.run, peak.run, growth.run])
def test_why_klayer_could_not_be_timed_is_told(
    part: Callable[[Setting], Section], tmp_path: Path
) -> None:
    with pytest.raises(NotMeasuredError, match=": no room"):
        part(Broken(folder=tmp_path, quick=True, rounds=1, processes=1, data=None))


def test_a_machine_without_git_is_described(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git: unknown" in machine.description()
