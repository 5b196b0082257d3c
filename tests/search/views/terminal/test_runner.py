"""A run in this process: what it refuses, and what it finds; what is submitted, and stopped."""

import json
import shlex
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from optuna import load_study
from optuna.trial import TrialState
from rich.console import Console

from search.errors import DataError, FailedTrialsError, KlayerError, LedgerError
from search.ledger.ledger import Ledger
from search.ledger.opening import card_of
from search.runtime.environment import environment, kernels
from search.study.reading import load, text
from search.views.terminal.runner import (
    check_result,
    complete_search,
    run_search,
    stop_search,
    submit_search,
    summary_of,
)
from search.workers.engines import Engine
from search.workers.heartbeat import presence
from tests.search.workers.serving import HOPELESS, SMALL, Threads, recorded, states, work, worker

QUIET = Console(quiet=True)


def no_engine() -> Engine:
    """For runs that start no workers."""
    raise AssertionError("an engine was opened")


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
    assert_same(document, tiny_run, database)


def assert_same(document: dict[str, Any], run: Any, database: str) -> None:
    """But for the database that commands name, which the run found by its usual place."""
    said = json.dumps(document).replace(f" --storage {database}", "")
    assert json.loads(said) == json.loads(run.stdout)


def test_there_is_no_summary_of_an_unknown_search(database: str) -> None:
    with Ledger(database) as ledger, pytest.raises(LedgerError, match="tyni: no search"):
        summary_of(ledger, "tyni")


def test_a_finished_search_is_summarised_and_not_run(tiny_run: Any, database: str) -> None:
    file = str(tiny_run.folder / "tiny.toml")
    console = Console(width=200)
    with console.capture() as captured:
        summary = run_search(load(file), text(file), database, None, 1, no_engine, console)
    assert summary.finished
    assert_same(summary.to_json(), tiny_run, database)
    assert "finished already; nothing was run" in captured.get()


def test_who_runs_many_is_handed_the_summary_and_shown_none(tiny_run: Any, database: str) -> None:
    file = str(tiny_run.folder / "tiny.toml")
    console = Console(width=200)
    with console.capture() as captured:
        told = complete_search(load(file), text(file), database, None, 1, no_engine, console)
    assert told.finished
    assert captured.get() == "tiny: this search is finished already; nothing was run.\n"


def test_a_restart_says_that_it_waits_for_the_leases_of_the_killed(
    tiny_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, storage = str(tiny_run.folder / "tiny.toml"), f"sqlite:///{tmp_path}/killed.db"
    study = load(file)
    card = card_of(study, None)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with Ledger(storage, create=True) as ledger, monkeypatch.context() as killing:
        search = ledger.record(study, text(file), card, {})
        killing.setattr(Ledger, "record_reports", killed)
        killing.setattr("search.workers.report_writer.MOST_WAITING", 0)  # each is waited for
        for nothing_is_given_back in ("release", "leave"):
            killing.setattr(Ledger, nothing_is_given_back, lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            work(ledger, search, "killed", lease_seconds=1.0)
        running = sum(stage.running for stage in ledger.read.stages(search))
    console = Console(width=200)
    with console.capture() as captured:
        assert run_search(study, text(file), storage, None, 1, Threads, console).finished
    said = captured.get().splitlines()
    assert said[1].startswith(f"{running} trials are held by other workers, or by killed ones")
    assert "a lease has run out, which takes 60 s at most" in said[1]


def test_going_on_with_other_kernels_is_said_and_no_fault(tiny_run: Any, tmp_path: Path) -> None:
    file, storage = str(tiny_run.folder / "tiny.toml"), f"sqlite:///{tmp_path}/klayer.db"
    study = load(file)
    card = card_of(study, None)
    begun = {"blas": [{"internal_api": "openblas", "version": "0", "architecture": "Nehalem"}]}
    with Ledger(storage, create=True) as ledger:
        ledger.record(study, text(file), card, begun)
    console = Console(width=300)
    with console.capture() as captured:
        assert run_search(study, text(file), storage, None, 1, Threads, console).finished
    head, notice, *_ = captured.get().splitlines()
    assert head.endswith(f", {kernels(environment())} kernels")
    assert notice == (
        "This search was begun with Nehalem kernels of the BLAS (KLAYER_BLAS_KERNELS=Nehalem keeps "
        "to those): with others, numbers may differ in their last bits from those of an "
        "undisturbed run."
    )


def test_optuna_says_the_same_of_a_finished_search(database: str) -> None:
    final = load_study(study_name="tiny/4-final", storage=database).trials
    assert {one.state for one in final} == {TrialState.COMPLETE}
    with Ledger(database) as ledger:
        trials = ledger.read.trials(ledger.read.search("tiny"))
    tested = [one.user_attrs["klayer:test_accuracy"] for one in final]
    assert tested == [one.value for one in trials if one.stage == "final"]
    chosen = next(one.parameters for one in trials if one.stage == "final")
    seeds = [t.value for t in trials if t.stage == "finalists" and t.parameters == chosen]
    assert final[0].value == pytest.approx(sum(v or 0 for v in seeds) / len(seeds))


def test_the_study_file_is_recorded_as_it_was_read(tiny_run: Any, database: str) -> None:
    with Ledger(database) as ledger:
        recorded = ledger.read.text(ledger.read.search("tiny"))
    assert recorded == (tiny_run.folder / "tiny.toml").read_text("utf-8")


def test_without_images_no_database_is_made(tmp_path: Path) -> None:
    study, name = load("lambda-coarse-to-fine"), "lambda-coarse-to-fine"
    storage = f"sqlite:///{tmp_path}/klayer.db"
    with pytest.raises(DataError, match="cifar-10-batches-bin"):
        run_search(study, text(name), storage, tmp_path, 1, no_engine, QUIET)
    assert list(tmp_path.iterdir()) == []


def test_a_finished_search_needs_no_images(
    tiny_run: Any, database: str, cache: Callable[[], set[str]]
) -> None:
    file = str(tiny_run.folder / "tiny.toml")
    assert run_search(load(file), text(file), database, None, 1, no_engine, QUIET).finished
    assert cache() == set()


@pytest.mark.parametrize("place", ["mysql://host/klayer", "sqlite:///{}/missing/klayer.db"])
def test_images_are_not_prepared_for_a_url_that_is_refused(
    tmp_path: Path, cache: Callable[[], set[str]], place: str
) -> None:
    with pytest.raises(LedgerError):
        run_search(
            load("digits"), text("digits"), place.format(tmp_path), None, 1, no_engine, QUIET
        )
    assert cache() == set()


def test_another_seed_is_another_search(
    tiny_run: Any, database: str, cache: Callable[[], set[str]]
) -> None:
    file = str(tiny_run.folder / "tiny.toml")
    with pytest.raises(LedgerError, match="seed: 1 before, 2 now"):
        run_search(load(file, ["seed=2"]), text(file), database, None, 1, no_engine, QUIET)
    assert cache() == set()


def lines_of(does: Callable[..., object], *arguments: Any) -> list[str]:
    """What something prints on the console that it is given last."""
    console = Console(width=200)
    with console.capture() as captured:
        does(*arguments, console)
    return captured.get().splitlines()


def submitted(storage: str, *overrides: str, name: str | None = None) -> list[str]:
    """What is said when the digits are submitted."""
    study = load("digits", [*SMALL, *overrides], name)
    return lines_of(submit_search, study, "# mine\n", storage, None)


def test_a_submitted_search_is_recorded_and_nothing_is_run(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/new.db"
    assert submitted(storage) == [
        "digits: recorded; no worker yet.",
        f"klayer worker --storage {storage} starts one, on this host or any other.",
        f"klayer status digits --storage {storage} shows how it stands.",
    ]
    with Ledger(storage) as ledger:
        search = ledger.read.search("digits")
        assert ledger.read.open_searches() == [search.id]
        assert ledger.read.text(search) == "# mine\n"
        assert search.data_fingerprint == card_of(search.study, None).fingerprint
        assert search.environment == environment()
        assert states(ledger, search) == []
        assert ledger.read.workers() == []


def test_commands_that_are_suggested_are_quoted_for_a_shell(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    storage = f"sqlite:///{tmp_path}/a b/$k.db"
    _, worker_line, status_line = submitted(storage)
    words = shlex.split(worker_line.partition(" starts one")[0])
    assert words == ["klayer", "worker", "--storage", storage]
    words = shlex.split(status_line.partition(" shows how")[0])
    assert words == ["klayer", "status", "digits", "--storage", storage]


def test_it_is_said_how_many_workers_serve_what_is_submitted(ledger: Ledger, storage: str) -> None:
    other = recorded(ledger, name="other")
    pool = (presence("pool/launcher", "launcher"), worker("pool/0", None, "pool/launcher"))
    for one in (*pool, worker("alone"), worker("of the other", other)):
        ledger.join(one)
    ledger.join(worker("lost", lease_seconds=-1.0))
    first, second = submitted(storage)
    assert first == "digits: recorded; 2 workers serving every search."
    assert second.startswith("klayer status digits")


def test_what_is_recorded_already_stays_as_it_is(ledger: Ledger, storage: str) -> None:
    submitted(storage)
    search = ledger.read.search("digits")
    assert submitted(storage)[0] == "digits: recorded already; no worker yet."
    assert ledger.read.search("digits") == search


@pytest.mark.parametrize("why", ["stopped", "failed"])
def test_what_stands_still_is_taken_up_again(ledger: Ledger, storage: str, why: str) -> None:
    search = recorded(ledger)
    if why == "stopped":
        ledger.stop(search)
    else:
        ledger.fail(search, "there is no plan")
    assert ledger.read.open_searches() == []
    with Ledger(storage) as other:
        study, text_of_it = other.read.search("digits").study, ""
        said = lines_of(submit_search, study, text_of_it, storage, None)
    assert said[0] == "digits: taken up again; no worker yet."
    assert ledger.read.open_searches() == [search.id]
    now = ledger.read.again(search)
    assert (now.stopped_at, now.failure) == (None, None)


def test_a_finished_search_is_not_submitted_again(tiny_run: Any, database: str) -> None:
    file = str(tiny_run.folder / "tiny.toml")
    said = lines_of(submit_search, load(file), text(file), database, None)
    assert said == ["tiny: this search is finished already."]


def test_another_study_is_not_submitted_under_a_name_that_is_taken(
    ledger: Ledger, storage: str
) -> None:
    search = recorded(ledger)
    ledger.stop(search)
    with pytest.raises(LedgerError, match="seed: 1 before, 2 now"):
        submitted(storage, "seed=2")
    assert ledger.read.open_searches() == []  # nor is the one of that name taken up


def test_without_images_nothing_is_submitted(tmp_path: Path) -> None:
    study, name = load("lambda-coarse-to-fine"), "lambda-coarse-to-fine"
    with pytest.raises(DataError, match="cifar-10-batches-bin"):
        submit_search(study, text(name), f"sqlite:///{tmp_path}/klayer.db", tmp_path, QUIET)
    assert list(tmp_path.iterdir()) == []


def test_a_search_is_stopped_and_it_is_said_who_hands_back(ledger: Ledger, storage: str) -> None:
    search = recorded(ledger)
    ledger.join(worker("busy", search))
    ledger.join(worker("idle", search))
    ledger.next_work(search, "busy")
    (said,) = lines_of(stop_search, "digits", storage)
    assert said.startswith("digits: stopped; 1 worker at work on it. What is held")
    assert ledger.read.open_searches() == []
    before = ledger.read.again(search).stopped_at
    lines_of(stop_search, "digits", storage)
    assert ledger.read.again(search).stopped_at == before  # it stands still since then


def test_there_is_nothing_to_stop_of_a_finished_search(database: str) -> None:
    (said,) = lines_of(stop_search, "tiny", database)
    assert said == "tiny: this search is finished already; there is nothing to stop."
    with Ledger(database) as ledger:
        assert ledger.read.search("tiny").stopped_at is None


def test_an_unknown_search_cannot_be_stopped(database: str) -> None:
    with pytest.raises(LedgerError, match="tyni: no search of this name is recorded here"):
        stop_search("tyni", database, QUIET)


def test_a_run_takes_up_what_was_stopped(ledger: Ledger, storage: str) -> None:
    search = recorded(ledger)
    ledger.stop(search)
    study = ledger.read.search("digits").study
    assert run_search(study, "", storage, None, 2, Threads, QUIET).finished
    assert not summary_of(ledger, "digits").stopped


def test_a_run_of_a_search_that_cannot_go_on_tries_once_more_and_says_why(
    ledger: Ledger, storage: str
) -> None:
    search = recorded(ledger, *HOPELESS)
    ledger.fail(search, "an old reason")
    study = ledger.read.search("digits").study
    with pytest.raises(KlayerError, match="there is no finalist"):
        run_search(study, "", storage, None, 1, Threads, QUIET)
    failure = summary_of(ledger, "digits").failure
    assert failure is not None
    assert failure.startswith("there is no finalist")


def test_a_search_without_a_result_is_no_success_and_a_command_helps(
    tiny_run: Any, database: str
) -> None:
    assert tiny_run.folder.is_dir()
    with Ledger(database) as ledger:
        told = summary_of(ledger, "tiny")
    check_result(told, database)
    failed = [replace(one, failed=one.trials) for one in told.stages]
    with pytest.raises(FailedTrialsError, match="klayer retry tiny --storage"):
        check_result(replace(told, stages=tuple(failed)), database)
    helps = [("What comes next", "`klayer retry tiny` helps")]
    empty = replace(told, stages=tuple(failed), best=None, failure="no value", verdict=helps)
    with pytest.raises(KlayerError) as caught:
        check_result(empty, database)
    assert str(caught.value) == "tiny: no value; `klayer retry tiny` helps"
    assert not isinstance(caught.value, FailedTrialsError)


def test_a_search_that_nobody_works_on_waits(ledger: Ledger, storage: str) -> None:
    assert storage
    search = recorded(ledger)
    assert summary_of(ledger, "digits").workers == 0
    ledger.join(worker("a", search))
    ledger.join(worker("of all"))
    assert summary_of(ledger, "digits").workers == 1
    ledger.join(worker("lost", search, lease_seconds=-1.0))
    assert summary_of(ledger, "digits").workers == 1
