"""Whole searches of a table: the same however they are run, and tested as scikit-learn would."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from model import network_file
from model.saved_network import SavedNetwork
from search.errors import DataError, LedgerError
from search.ledger.ledger import Ledger
from search.ledger.records import Search
from search.objective.report import Report
from search.objectives.network.rebuild import rebuild
from search.study.reading import load, text
from search.views.terminal.runner import run_search, submit_search
from search.workers.loop import serve
from tests.model.data.tables import HEADER, changed, write_table
from tests.search.objectives.network.own_tables import (
    CLASSES,
    ROWS,
    VALUES,
    labels_of,
    laid_out,
    parts,
    recorded,
    study_in,
    values_of,
)
from tests.search.workers.serving import Threads, never, table, work, worker

QUIET = Console(quiet=True)
TASKS = [(("label",), "accuracy"), (("price",), "rmse")]
SHORT = ("stages.coarse.trials=2", "stages.fine.trials=1", "training.schedule.epochs=2")


def storage_of(folder: Path) -> str:
    """The database of a folder."""
    return f"sqlite:///{folder}/klayer.db"


@pytest.fixture(autouse=True)
def _database(empty_database: Path, tmp_path: Path) -> None:
    """An empty one in the test's folder: to make it takes longer than a search."""
    shutil.copy(empty_database, tmp_path / "klayer.db")


@dataclass(frozen=True)
class Finished:
    """A folder with cars.csv, cars.toml, and the database of the finished search."""

    folder: Path
    targets: tuple[str, ...]
    score: str
    said: dict[str, Any]

    def copied(self, folder: Path) -> Path:
        """The database alone, in another folder."""
        shutil.copy(self.folder / "klayer.db", folder)
        return folder


@pytest.fixture(scope="module", params=TASKS, ids=["classes", "values"])
def finished(
    request: pytest.FixtureRequest, klayer: Callable[..., Any], tmp_path_factory: Any
) -> Finished:
    """Run by two worker processes, as a user runs it."""
    folder = tmp_path_factory.mktemp("finished")
    targets, score = request.param
    laid_out(folder, targets)
    done = klayer("run", "cars.toml", "--workers", "2", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return Finished(folder, targets, score, json.loads(done.stdout))


def trials_in(folder: Path, name: str = "cars") -> list[tuple[object, ...]]:
    """Every trial of a recorded search, with all that training gave it."""
    with Ledger(storage_of(folder)) as ledger:
        return table(ledger, ledger.read.search(name))


def rebuilt(
    folder: Path, file: Path, data: Path | None = None, *, finalists: bool = False
) -> SavedNetwork:
    """The winner of a recorded search, or all its finalists."""

    def on_epoch(epoch: int, of_all: int, report: Report) -> None:
        """Nobody looks."""

    with Ledger(storage_of(folder)) as ledger:
        done = rebuild(ledger, "cars", data, file, on_epoch, finalists=finalists)
    assert done.new == "new.csv"
    return network_file.load(file)


def score_of(saved: SavedNetwork, targets: tuple[str, ...], score: str, folder: Path) -> float:
    """What scikit-learn says of its predictions for the rows that were set aside."""
    test = parts(targets).test
    assert test is not None
    path = write_table(folder / "test.csv", [ROWS[row] for row in test])
    said = saved.predict(path).values
    if targets == ("label",):
        return CLASSES[score](labels_of(test), said)
    return VALUES[score](values_of(targets, test), said)


# --- however it is run ----------------------------------------------------------------------------


@pytest.mark.long
def test_one_worker_finds_what_two_found(
    finished: Finished, klayer_here: Any, tmp_path: Path
) -> None:
    laid_out(tmp_path, finished.targets)
    file = str(tmp_path / "cars.toml")
    run_search(load(file), text(file), storage_of(tmp_path), None, 1, Threads, QUIET)
    assert trials_in(tmp_path) == trials_in(finished.folder)
    exports = []
    for folder in (tmp_path, finished.folder):
        status, out, err = klayer_here("export", "cars", "--format", "csv", cwd=folder)
        assert (status, err) == (0, "")
        exports.append(out)
    assert exports[0] == exports[1]
    rows = list(csv.DictReader(io.StringIO(exports[0])))
    assert [row["state"] for row in rows] == ["complete"] * (4 + 2 + 2 + 2)


def test_a_search_that_was_killed_comes_out_the_same(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger(storage_of(tmp_path)) as ledger:
        search = recorded(ledger, study_in(tmp_path, finished.targets))
        work_and_kill(ledger, search, monkeypatch)
        states = {trial.state for trial in ledger.read.trials(search)}
        assert "running" in states
        work(ledger, search, "next")
    assert trials_in(tmp_path) == trials_in(finished.folder)


def work_and_kill(ledger: Ledger, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work on a search by a worker that is killed when it reports for the sixth time."""
    real, calls = Ledger.record_reports, []

    def killed(self: Ledger, *arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return real(self, *arguments, **options)

    with monkeypatch.context() as killing:
        killing.setattr(Ledger, "record_reports", killed)
        killing.setattr("search.workers.report_writer.MOST_WAITING", 0)  # each is waited for
        for nothing_is_given_back in ("release", "leave"):
            killing.setattr(Ledger, nothing_is_given_back, lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            work(ledger, search, "killed", lease_seconds=0.5)


@pytest.mark.parametrize("targets", [("label",), ("price",)])
def test_a_search_over_folds_that_was_killed_comes_out_the_same(
    targets: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By groups, so that folds are stacks of their own; with rungs; and its winner is rebuilt."""
    halving = "stages.coarse.halving={keep=0.5, at=[2], among='stage'}"
    given = ("data.folds=3", "data.repeats=2", halving)
    tables = []
    for name in ("whole", "killed"):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(tmp_path / "klayer.db", folder)
        with Ledger(storage_of(folder)) as ledger:
            search = recorded(ledger, study_in(folder, targets, overrides=given))
            if name == "killed":
                work_and_kill(ledger, search, monkeypatch)
                assert "running" in {trial.state for trial in ledger.read.trials(search)}
            work(ledger, search, "next")
            again, curves = ledger.read.again(search), ledger.read.curves(search)
        tables.append(trials_in(folder))
    assert tables[0] == tables[1]
    assert {trial[2] for trial in tables[0]} >= {"complete"}
    errors = [one.metrics[again.metrics[-2]] for one in next(iter(curves.values()))]
    assert again.metrics[-2].endswith("_se")
    assert all(error >= 0 for error in errors)
    saved = rebuilt(tmp_path / "killed", tmp_path / "winner.npz")
    score = "accuracy" if targets == ("label",) else "rmse"
    assert again.result is not None
    told = again.result["accuracies" if score == "accuracy" else "scores"][0]
    assert told == pytest.approx(score_of(saved, targets, score, tmp_path), rel=1e-5)


# --- what it comes to -----------------------------------------------------------------------------


def test_the_recorded_test_score_is_scikit_learn_s_of_the_rebuilt_winner(
    finished: Finished, tmp_path: Path
) -> None:
    saved = rebuilt(finished.folder, tmp_path / "winner.npz")
    told = finished.said["test"]
    name = "accuracies" if finished.score == "accuracy" else "scores"
    expected = score_of(saved, finished.targets, finished.score, tmp_path)
    assert told[name][0] == pytest.approx(expected, rel=1e-5)
    test = parts(finished.targets).test
    assert test is not None
    assert told["rows"] == len(test)
    assert saved.targets == finished.targets
    if finished.score == "rmse":
        assert 100 < expected < 5_000  # in the unit of the prices, whose deviation is thousands
    everyone = rebuilt(finished.folder, tmp_path / "all.npz", finalists=True)
    assert len(everyone.voters) == 2
    expected = score_of(everyone, finished.targets, finished.score, tmp_path)
    assert told["finalist_ensemble"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("targets", "score"),
    [
        (("label",), "balanced_accuracy"),
        (("label",), "roc_auc"),
        (("label",), "log_loss"),
        (("price",), "mae"),
        (("price", "weight"), "r2"),
    ],
)
def test_other_scores_are_recorded_and_rank(
    tmp_path: Path, targets: tuple[str, ...], score: str
) -> None:
    study = study_in(tmp_path, targets, score, SHORT)
    with Ledger(storage_of(tmp_path)) as ledger:
        search = recorded(ledger, study)
        work(ledger, search)
        again = ledger.read.again(search)
        trials = ledger.read.trials(search)
    assert again.result is not None
    saved = rebuilt(tmp_path, tmp_path / "winner.npz")
    if len(targets) == 1:
        expected = score_of(saved, targets, score, tmp_path)
    else:  # of R², in which units cancel
        test = parts(targets).test
        path = write_table(tmp_path / "test.csv", [ROWS[row] for row in test])
        expected = VALUES[score](values_of(targets, test), saved.predict(path).values)
    assert again.result["scores"][0] == pytest.approx(expected, rel=1e-5, abs=1e-6)
    best = min if score in ("mae", "log_loss") else max
    of_seeds = {
        repr(trial.parameters): trial.value for trial in trials if trial.stage == "finalists"
    }
    winner = next(trial for trial in trials if trial.stage == "final")
    assert of_seeds[repr(winner.parameters)] == best(of_seeds.values())
    assert len(of_seeds) == 2


def test_test_rows_of_one_class_leave_the_search_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ROC AUC of one class is no number: should it come so far, the final says so."""
    monkeypatch.setattr("search.objectives.network.data._check_score", lambda *_: None)
    folder = said_parts(tmp_path, lambda label, place: "test" if label == "no" else "train")
    study = load(str(folder / "cars.toml"), SHORT)
    with Ledger(storage_of(tmp_path)) as ledger:
        search = recorded(ledger, study)
        work(ledger, search)
        again = ledger.read.again(search)
        last = [trial for trial in ledger.read.trials(search) if trial.stage == "final"]
    assert again.finished_at is not None
    assert again.result is not None
    assert again.result["scores"] == [None, None]
    assert again.result["finalist_ensemble"] is None
    json.dumps(again.result, allow_nan=False)
    assert len(last) == 2


@pytest.mark.parametrize(("part", "called"), [("val", "validation"), ("test", "test")])
def test_rows_of_one_class_are_refused_before_anything_is_trained(
    tmp_path: Path, part: str, called: str
) -> None:
    folder = said_parts(tmp_path, lambda label, place: part if label == "no" else "train")
    study = load(str(folder / "cars.toml"))
    with (
        Ledger(storage_of(tmp_path)) as ledger,
        pytest.raises(
            DataError, match=rf"cars\.csv: all {called} rows are of class 'no'; roc_auc needs of b"
        ),
    ):
        recorded(ledger, study)


def said_parts(folder: Path, of_odd: Callable[[str, int], str]) -> Path:
    """A search ranked by ROC AUC, whose table says the parts: every third row is the odd part's."""
    laid_out(folder, ("label",), "roc_auc")
    usual, rows = ("train", "val", "train", "test"), []
    odd = of_odd("no", 0)
    for place, row in enumerate(ROWS):
        part = usual[place % 4]
        rows.append([*row, part if part != odd or row[4] == "no" else "train"])
    write_table(folder / "cars.csv", rows, (*HEADER, "part"))
    study = (folder / "cars.toml").read_text().replace('group = "patient"', 'part_column = "part"')
    study = study.replace("exclude = ['price']", "exclude = ['price', 'patient']")
    (folder / "cars.toml").write_text(study)
    return folder


# --- the data -------------------------------------------------------------------------------------


def test_a_table_that_changed_is_refused_by_the_worker_with_its_name(
    klayer_here: Any, tmp_path: Path
) -> None:
    laid_out(tmp_path)
    changes = [word for change in SHORT for word in ("--set", change)]
    status, out, _ = klayer_here("submit", "cars.toml", *changes)
    assert (status, out.splitlines()[0]) == (0, "cars: recorded; no worker yet.")
    write_table(tmp_path / "cars.csv", changed(ROWS, "size", [3], lambda _: "0.5"))
    status, _, err = klayer_here("submit", "cars.toml", *changes)
    assert status == 2
    assert "klayer: cars: this search ran on other data (fingerprint " in err
    status, out, err = klayer_here("worker", "cars")
    assert status == 2
    assert "klayer: cars: this search ran on other data (fingerprint " in err
    assert {trial[2] for trial in trials_in(tmp_path)} <= {"waiting"}
    write_table(tmp_path / "cars.csv", ROWS)
    status, _, err = klayer_here("worker", "cars")
    assert (status, err) == (0, "")
    assert {trial[2] for trial in trials_in(tmp_path)} == {"complete"}


def test_a_table_that_is_gone_is_refused_by_the_worker_with_its_path(
    klayer_here: Any, tmp_path: Path
) -> None:
    laid_out(tmp_path)
    assert klayer_here("submit", "cars.toml")[0] == 0
    (tmp_path / "cars.csv").unlink()
    status, _, err = klayer_here("worker", "cars")
    assert status == 2
    assert f"{tmp_path}/cars.csv" in err
    assert "Traceback" not in err


def test_a_data_folder_has_the_same_table(tmp_path: Path) -> None:
    study = study_in(tmp_path / "study", ("price",), overrides=SHORT)
    (tmp_path / "data").mkdir()
    with Ledger(storage_of(tmp_path)) as ledger:
        search = recorded(ledger, study)
        (tmp_path / "study" / "cars.csv").rename(tmp_path / "data" / "cars.csv")
        with pytest.raises(DataError, match=r"study/cars\.csv"):
            work(ledger, search)
        serve(ledger, worker("b", search), "cars", tmp_path / "data", never, lambda _: None)
    assert {trial[2] for trial in trials_in(tmp_path)} == {"complete"}
    saved = rebuilt(tmp_path, tmp_path / "winner.npz", tmp_path / "data")
    assert saved.targets == ("price",)


def test_another_table_on_another_host_is_refused_there(tmp_path: Path) -> None:
    study = study_in(tmp_path / "study", ("price",), overrides=SHORT)
    (tmp_path / "data").mkdir()
    write_table(tmp_path / "data" / "cars.csv", ROWS[1:])
    with Ledger(storage_of(tmp_path)) as ledger:
        search = recorded(ledger, study)
        with pytest.raises(
            DataError, match=r"cars: this search ran on other data .*, cars\.csv ha"
        ):
            serve(ledger, worker("b", search), "cars", tmp_path / "data", never, lambda _: None)
    assert {trial[2] for trial in trials_in(tmp_path)} <= {"waiting"}


def test_a_study_that_moved_with_its_table_goes_on(tmp_path: Path) -> None:
    laid_out(tmp_path / "before")
    storage, file = storage_of(tmp_path), str(tmp_path / "before" / "cars.toml")
    submit_search(load(file, SHORT), text(file), storage, None, QUIET)
    (tmp_path / "before").rename(tmp_path / "after")
    file = str(tmp_path / "after" / "cars.toml")
    done = run_search(load(file, SHORT), text(file), storage, None, 1, Threads, QUIET)
    assert done.finished


def test_a_study_that_says_other_things_of_the_table_is_another_search(tmp_path: Path) -> None:
    laid_out(tmp_path)
    storage, file = storage_of(tmp_path), str(tmp_path / "cars.toml")
    submit_search(load(file), text(file), storage, None, QUIET)
    other = load(file, ["data.validation=0.25"])
    with pytest.raises(LedgerError, match=r"data\.validation"):
        submit_search(other, text(file), storage, None, QUIET)


def test_a_table_in_the_data_folder_alone_will_do(klayer_here: Any, tmp_path: Path) -> None:
    laid_out(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "cars.csv").rename(tmp_path / "data" / "cars.csv")
    status, out, err = klayer_here("submit", "cars.toml", "--data", "data")
    assert (status, err, out.splitlines()[0]) == (0, "", "cars: recorded; no worker yet.")
    status, out, _ = klayer_here("data", "show", "cars.toml", "--data", "data")
    assert (status, "cars.csv" in out) == (0, True)
    assert klayer_here("plan", "cars.toml", "--data", "data", "--json")[0] == 0
    assert klayer_here("submit", "cars.toml")[0] == 2


def test_a_finished_search_says_that_its_table_is_another_now(
    finished: Finished, klayer_here: Any, tmp_path: Path
) -> None:
    folder = finished.copied(tmp_path)
    laid_out(folder, finished.targets)
    status, out, _ = klayer_here("run", "cars.toml", cwd=folder)
    assert (status, "is another file now" in out) == (0, False)
    write_table(folder / "cars.csv", ROWS[:-1])
    for command in ("run", "submit"):
        status, out, _ = klayer_here(command, "cars.toml", cwd=folder)
        assert status == 0
        line = "cars.csv is another file now than the one that this search ran on (fingerprint "
        assert line in " ".join(out.split())


# --- when the table is gone -----------------------------------------------------------------------


def test_a_recorded_search_is_read_without_its_table(
    finished: Finished, klayer_here: Any, tmp_path: Path
) -> None:
    folder = finished.copied(tmp_path)
    title = "Test accuracy" if finished.score == "accuracy" else "Test RMSE"
    status, out, _ = klayer_here("status", "cars", cwd=folder)
    assert status == 0
    assert title in out
    status, out, _ = klayer_here("status", "cars", "--json", cwd=folder)
    assert (status, json.loads(out)) == (0, finished.said)
    assert klayer_here("export", "cars", cwd=folder)[0] == 0
    status, out, _ = klayer_here("export", "cars", "--format", "json", cwd=folder)
    assert (status, len(json.loads(out)["trials"])) == (0, 10)
    status, out, err = klayer_here("report", "cars", "--output", "report.html", cwd=folder)
    assert (status, err) == (0, "")
    assert title.removeprefix("Test ") in (folder / "report.html").read_text("utf-8")


def test_a_winner_whose_table_is_gone_is_not_rebuilt(
    finished: Finished, klayer_here: Any, tmp_path: Path
) -> None:
    """The paths start from where the study file was; another folder may be named."""
    folder = finished.copied(tmp_path)
    with Ledger(storage_of(folder)) as ledger:
        search = ledger.read.search("cars")
    kept = finished.folder / "cars.csv"
    kept.rename(finished.folder / "kept.csv")
    try:
        status, _, err = klayer_here("model", "cars", "--output", "winner.npz", cwd=folder)
        assert (status, err.count("\n")) == (2, 1)
        assert str(kept) in err
        shutil.copy(finished.folder / "kept.csv", folder / "cars.csv")
        status, out, _ = klayer_here(
            "model", "cars", "--output", "winner.npz", "--data", ".", cwd=folder
        )
    finally:
        (finished.folder / "kept.csv").rename(kept)
    assert status == 0
    assert "klayer predict winner.npz new.csv --output predicted.csv predicts a table." in out
    assert search.study.objective.base == str(finished.folder)
    (line,) = [one for one in out.splitlines() if "winner.predict" in one]
    names: dict[str, Any] = {"winner": network_file.load(folder / "winner.npz")}
    exec(line.strip().replace("new.csv", str(folder / "cars.csv")), names)
    assert len(names["said"].values) == len(ROWS)
