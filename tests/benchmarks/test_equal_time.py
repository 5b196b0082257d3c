"""The comparison for equal times: it goes on where it stood, and outlives what fails."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks import equal_time
from benchmarks.equal_time import main
from benchmarks.equal_time_tables import KLAYER, Result
from benchmarks.kept import read
from benchmarks.report import check
from benchmarks.timing import NotMeasuredError

ROOT = Path(__file__).parents[2]
FOUND: dict[str, Any] = {"ended": [[1.0, 9]], "incumbents": [[1.0, 0.5, 0.4]], "note": ""}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Searches that take no time; what was asked for, in order."""
    names: list[str] = []

    def peer(name: str, setting: equal_time.Setting) -> dict[str, Any]:
        names.append(f"{name} {setting.seed}")
        if name == "Hyperband":
            raise NotMeasuredError("out of memory")
        return FOUND

    monkeypatch.setattr(equal_time, "peer", peer)
    monkeypatch.setattr(equal_time, "ours", lambda setting: peer(KLAYER, setting))
    monkeypatch.setattr(equal_time.machine, "description", lambda: ["a machine"])
    monkeypatch.setattr(equal_time.signal, "signal", lambda *_: None)
    return names


def ran(results: Path, *options: str) -> None:
    main(["--minutes", "1", "--results", str(results), *options])


def test_one_that_fails_is_asked_again_and_the_others_are_kept(
    tmp_path: Path, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "found.jsonl"
    for _ in range(2):
        with pytest.raises(SystemExit, match="not all was measured"):
            ran(results, "--seeds", "1")
    assert asked == ["klayer 1", "TPE 1", "Hyperband 1", "random 1", "Hyperband 1"]
    assert [one.contender for one in read(Result, results)] == ["klayer", "TPE", "random"]
    told = capsys.readouterr()
    assert "failed: Hyperband, seed 1: out of memory" in told.err
    assert "| random | 1 |" in told.out


def test_seeds_are_added_later_seed_by_seed(tmp_path: Path, asked: list[str]) -> None:
    results = tmp_path / "found.jsonl"
    ran(results, "--seeds", "1", "--only", "TPE")
    ran(results, "--seeds", "2", "--only", "klayer", "TPE")
    assert asked == ["TPE 1", "klayer 1", "klayer 2", "TPE 2"]


def test_a_page_is_made_of_what_is_there(
    tmp_path: Path, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "found.jsonl"
    ran(results, "--seeds", "1", "--only", "TPE")
    capsys.readouterr()
    ran(results, "--seeds", "0")
    assert asked == ["TPE 1"]
    assert "| TPE | 1 |" in capsys.readouterr().out


def test_the_page_has_a_place_for_the_tables() -> None:
    check(ROOT / "docs" / "search-quality.md", equal_time.TARGET)


def test_results_of_another_time_are_left_alone(tmp_path: Path, asked: list[str]) -> None:
    results = tmp_path / "found.jsonl"
    ran(results, "--seeds", "1", "--only", "TPE")
    main(["--minutes", "2", "--results", str(results), "--seeds", "1", "--only", "TPE"])
    assert [one.minutes for one in read(Result, results)] == [1, 2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seeds", "-1"], "--seeds must be 0 or more, not -1"),
        (["--output", "page.md"], "figures of digits mean nothing"),
        (["--minutes", "0"], "--minutes must be above 0 and at most 1000, not 0"),
    ],
)
def test_options_out_of_range_are_refused(
    options: Sequence[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(options)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"benchmarks\.equal_time: "):
        main([str(tmp_path)])
