"""A run in this process, as far as it needs no workers: what it refuses, and what it finds."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from optuna import load_study
from optuna.trial import TrialState
from rich.console import Console

from search import objective
from search.environment import environment, kernels
from search.errors import DataError, LedgerError
from search.ledger.ledger import Ledger
from search.runner import run_search, summary_of
from search.study.reading import load, text
from search.worker import work

QUIET = Console(quiet=True)


@pytest.fixture
def database(tiny_run: Any, tmp_path: Path) -> str:
    """The URL of a copy of the finished tiny search's database."""
    shutil.copy(tiny_run.folder / "klayer.db", tmp_path)
    return f"sqlite:///{tmp_path}/klayer.db"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], set[str]]:
    """An empty cache of the test's own: the names of what lies in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return lambda: {path.name for path in (tmp_path / "cache").glob("**/*")}


def test_the_summary_of_a_recorded_search_is_what_its_run_returned(
    tiny_run: Any, database: str
) -> None:
    with Ledger(database) as ledger:
        document = summary_of(ledger, "tiny").to_json()
    assert json.loads(json.dumps(document)) == json.loads(tiny_run.stdout)


def test_there_is_no_summary_of_an_unknown_search(database: str) -> None:
    with Ledger(database) as ledger, pytest.raises(LedgerError, match="tyni: no search"):
        summary_of(ledger, "tyni")


def test_a_finished_search_is_summarised_and_not_run(tiny_run: Any, database: str) -> None:
    file = str(tiny_run.folder / "tiny.toml")
    console = Console(width=200)
    with console.capture() as captured:
        summary = run_search(load(file), text(file), database, None, 1, console)
    assert summary.finished
    assert json.loads(json.dumps(summary.to_json())) == json.loads(tiny_run.stdout)
    assert "finished already; nothing was run" in captured.get()


def test_what_a_kill_left_untold_of_a_finished_search_is_told_to_optuna(
    tiny_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, storage = str(tiny_run.folder / "tiny.toml"), f"sqlite:///{tmp_path}/killed.db"
    study = load(file)
    data = objective.open_data(study, None)
    with Ledger(storage, create=True) as ledger, monkeypatch.context() as killing:
        search = ledger.record(study, text(file), data.fingerprint, {})
        tell = Ledger._follow

        def killed_at_the_end(self: Ledger, cohort_id: int) -> None:
            if self.read.is_finished(search):
                raise KeyboardInterrupt  # stands for a kill, behind the last commit
            tell(self, cohort_id)

        killing.setattr(Ledger, "_follow", killed_at_the_end)
        with pytest.raises(KeyboardInterrupt):
            work(ledger, search, data, "killed", lambda: False)
    assert TrialState.RUNNING in final_states(storage)
    run_search(study, text(file), storage, None, 1, QUIET)
    assert final_states(storage) == {TrialState.COMPLETE}


def test_a_restart_says_that_it_waits_for_the_leases_of_the_killed(
    tiny_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, storage = str(tiny_run.folder / "tiny.toml"), f"sqlite:///{tmp_path}/killed.db"
    study = load(file)
    data = objective.open_data(study, None)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with Ledger(storage, create=True) as ledger, monkeypatch.context() as killing:
        search = ledger.record(study, text(file), data.fingerprint, {})
        killing.setattr(Ledger, "record_epochs", killed)
        killing.setattr(Ledger, "hand_back", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            work(ledger, search, data, "killed", lambda: False, lease_seconds=1.0)
        running = sum(stage.running for stage in ledger.read.stages(search))
    console = Console(width=200)
    with console.capture() as captured:
        assert run_search(study, text(file), storage, None, 1, console).finished
    said = captured.get().splitlines()
    assert said[1].startswith(f"Other workers hold {running} trial")
    assert "their lease ends within 60 s" in said[1]


def test_going_on_with_other_kernels_is_said_and_no_fault(tiny_run: Any, tmp_path: Path) -> None:
    file, storage = str(tiny_run.folder / "tiny.toml"), f"sqlite:///{tmp_path}/klayer.db"
    study = load(file)
    data = objective.open_data(study, None)
    begun = {"blas": [{"internal_api": "openblas", "version": "0", "architecture": "Nehalem"}]}
    with Ledger(storage, create=True) as ledger:
        ledger.record(study, text(file), data.fingerprint, begun)
    console = Console(width=300)
    with console.capture() as captured:
        assert run_search(study, text(file), storage, None, 1, console).finished
    head, notice, *_ = captured.get().splitlines()
    assert head.endswith(f", {kernels(environment())} kernels")
    assert notice == (
        "This search was begun with Nehalem kernels of the BLAS (KLAYER_BLAS_KERNELS=Nehalem keeps "
        "to those): with others, numbers may differ in their last bits from those of an "
        "undisturbed run."
    )


def final_states(storage: str) -> set[TrialState]:
    """How Optuna believes that the trials of the tiny search's final stand."""
    return {one.state for one in load_study(study_name="tiny/4-final", storage=storage).trials}


def test_the_study_file_is_recorded_as_it_was_read(tiny_run: Any, database: str) -> None:
    with Ledger(database) as ledger:
        recorded = ledger.read.text(ledger.read.search("tiny"))
    assert recorded == (tiny_run.folder / "tiny.toml").read_text("utf-8")


def test_without_images_no_database_is_made(tmp_path: Path) -> None:
    study, name = load("lambda-coarse-to-fine"), "lambda-coarse-to-fine"
    storage = f"sqlite:///{tmp_path}/klayer.db"
    with pytest.raises(DataError, match="cifar-10-batches-bin"):
        run_search(study, text(name), storage, tmp_path, 1, QUIET)
    assert list(tmp_path.iterdir()) == []


def test_a_finished_search_needs_no_images(
    tiny_run: Any, database: str, cache: Callable[[], set[str]]
) -> None:
    file = str(tiny_run.folder / "tiny.toml")
    assert run_search(load(file), text(file), database, None, 1, QUIET).finished
    assert cache() == set()


@pytest.mark.parametrize("place", ["postgresql://host/klayer", "sqlite:///{}/missing/klayer.db"])
def test_images_are_not_prepared_for_a_url_that_is_refused(
    tmp_path: Path, cache: Callable[[], set[str]], place: str
) -> None:
    with pytest.raises(LedgerError):
        run_search(load("digits"), text("digits"), place.format(tmp_path), None, 1, QUIET)
    assert cache() == set()


def test_another_seed_is_another_search(
    tiny_run: Any, database: str, cache: Callable[[], set[str]]
) -> None:
    file = str(tiny_run.folder / "tiny.toml")
    with pytest.raises(LedgerError, match="seed: 1 before, 2 now"):
        run_search(load(file, ["seed=2"]), text(file), database, None, 1, QUIET)
    assert cache() == set()
