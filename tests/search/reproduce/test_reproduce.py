"""The whole list, rehearsed end to end; resumed, over seeds, in part."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from search.errors import KlayerError
from search.ledger.ledger import Ledger
from search.reproduce import reproduce as module
from search.reproduce import results
from search.reproduce.experiments import all_experiments, asked_for
from search.reproduce.jobs import searches_of
from search.reproduce.rows import ours_text
from search.study.file import Study, study_of
from tests.search.reproduce.conftest import Rehearsal, run, wished
from tests.search.workers.serving import Threads

SMALLEST = "A1"


@pytest.mark.long
def test_every_row_of_the_list_is_filled(rehearsal: Rehearsal) -> None:
    assert rehearsal.found.rows
    unfilled = [row.published for row in rehearsal.found.rows if ours_text(row) == "–"]
    assert unfilled == []
    assert all(row.seconds for row in rehearsal.found.rows)


@pytest.mark.long
def test_every_gradient_check_is_run(rehearsal: Rehearsal) -> None:
    page = (rehearsal.folder / "page.md").read_text("utf-8")
    checks = [check for one in all_experiments() for check in one.checks]
    assert len(checks) >= 8
    for check in checks:
        (line,) = [
            line
            for line in page.splitlines()
            if line.startswith(f"| {check.id} | {check.setting} |") and "e-" in line
        ]
        # Each published kind with one of ours, beside the step and ε.
        errors = [cell for cell in line.split(" | ")[3:11] if cell != "–"]
        assert len(errors) == 2 * len(check.published)


@pytest.mark.long
def test_the_page_holds_what_was_said(rehearsal: Rehearsal) -> None:
    page = (rehearsal.folder / "page.md").read_text("utf-8")
    tables = [line for line in rehearsal.said.splitlines() if line.startswith("|")]
    assert tables
    assert set(tables) <= set(page.splitlines())
    assert "command: `klayer reproduce --quick`" in page


@pytest.mark.long
def test_what_is_finished_is_not_run_again(rehearsal: Rehearsal, tmp_path: Path) -> None:
    shutil.copy(rehearsal.folder / "klayer.db", tmp_path)
    found, said = run(wished(tmp_path, SMALLEST))
    asked = asked_for([SMALLEST], all_experiments())
    assert said.count("finished already; nothing was run") == len(asked)
    first = [row for row in rehearsal.found.rows if row.published.id == SMALLEST]
    assert [row.ours for row in found.rows] == [row.ours for row in first]


def test_a_list_that_was_stopped_goes_on_with_the_study_that_was_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    complete = module.complete_search

    def stopped(study: Study, *given: Any) -> None:
        begun.append(study.name)
        if len(begun) > 1:
            raise KeyboardInterrupt
        complete(study, *given)

    page = tmp_path / "page.md"
    request = wished(tmp_path, "A1", "A3", output=page)
    with monkeypatch.context() as stopping:
        stopping.setattr(module, "complete_search", stopped)
        with pytest.raises(KeyboardInterrupt):
            run(request)
    found, said = run(request)
    assert len(begun) == 2
    assert said.count("nothing was run") == 1
    assert all(ours_text(row) != "–" for row in found.rows)
    assert "total time: 2 searches" in page.read_text("utf-8")


def test_a_search_that_comes_to_no_end_is_told_after_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(study: Study, *given: Any, **named: Any) -> tuple[Study, ...]:
        (small,) = searches_of(study, *given, **named)
        if small.name != "a3-decay-quick":
            return (small,)
        canonical = small.canonical()
        tables = [canonical, *canonical["stages"], canonical["final"]]
        for table in tables:
            table["training"]["learning_rate"] = 1e30
        canonical["stages"][0]["points"] = [{"learning_rate": 1e30}]
        return (study_of(canonical),)

    monkeypatch.setattr(module, "searches_of", broken)
    monkeypatch.setattr(results, "searches_of", broken)
    page = tmp_path / "page.md"
    with pytest.raises(KlayerError, match=r"without a figure:\na3-decay-quick: .*diverged"):
        run(wished(tmp_path, "A3", "A5", output=page))
    lines = page.read_text("utf-8").splitlines()
    told = {line.split(" | ")[0]: line.split(" | ")[4] for line in lines if line.startswith("| A")}
    assert told["| A3"] == "failed"
    assert float(told["| A5"]) > 0


@pytest.mark.long
def test_several_seeds_are_several_searches_and_a_spread(
    rehearsal: Rehearsal, tmp_path: Path
) -> None:
    shutil.copy(rehearsal.folder / "klayer.db", tmp_path)
    found, said = run(wished(tmp_path, SMALLEST, seeds=2))
    with Ledger(f"sqlite:///{tmp_path}/klayer.db") as ledger:
        names = ledger.read.names()
    studies = [one.study.name for one in asked_for([SMALLEST], all_experiments())]
    assert {f"{name}-quick-seed-2" for name in studies} <= set(names)
    assert all(len(row.ours) == 2 for row in found.rows)
    assert " ± " in said
    assert "klayer reproduce A1 --quick --seeds 2" in said


def test_an_unknown_experiment_ends_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(KlayerError, match="Z9: no experiment"):
        run(wished(tmp_path, "Z9", output=tmp_path / "page.md"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_a_terminal_shows_tables(rehearsal: Rehearsal, tmp_path: Path) -> None:
    shutil.copy(rehearsal.folder / "klayer.db", tmp_path)
    console = Console(width=240, force_terminal=True, color_system=None)
    with console.capture() as captured:
        module.reproduce(wished(tmp_path, "A1", "D0"), Threads, console)
    said = captured.get()
    assert "without shuffling" in said
    assert "|" not in said.partition("command:")[2].partition("Accuracies")[0]
    assert "W published" in said
