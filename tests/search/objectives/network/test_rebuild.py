"""The winner comes back from the ledger alone, equal to its record, or is not written at all."""

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import network_file
from model.data import digits
from search.errors import KlayerError
from search.ledger.ledger import Ledger
from search.objective.report import Report
from search.objectives.network.data import open_data
from search.objectives.network.metrics import metrics_of
from search.objectives.network.rebuild import NotReproducedError, Rebuilt, rebuild
from search.runtime.environment import environment
from search.study.file import study_of
from search.study.reading import load
from tests.search.workers.serving import work

DECAY = (
    "stages.coarse.trials=4",
    "stages.fine.trials=3",
    "stages.finest.trials=2",
    "final.finalists=3",
    "training.schedule.epochs=3",
)
CYCLES = (
    *DECAY[:-1],
    "training.schedule={kind='cycles', cycles=3, half_cycle_steps=11}",
    "training.dropout=0.1",
    "training.input_dropout=0.05",
    "training.label_smoothing=0.1",
    "training.clip_norm=1.0",
    "training.mixup=0.2",
    "training.shift=1",
    "training.optimizer='adam'",
    "training.momentum=0",
    "training.ema_decay=0.9",
    "network.skip=true",
)
# Finalists of different batch sizes or depths are trained in different stacks.
STACKS = (
    *DECAY,
    "seed=4",
    "final.train_on='training'",
    "stages.coarse.box.batch_size=[30, 100]",
    "stages.fine.box.batch_size=[30, 100]",
    "stages.finest.box.batch_size=[30, 100]",
    "stages.coarse.box.width_1={low=5, high=50, log=false, step=5}",
    "stages.coarse.box.layers=[2, 3]",
    "stages.coarse.box.width_2={low=5, high=50}",
)

SHORT = (
    "stages=[{name='only', sampler='grid', box={learning_rate=[0.01, 0.02]}}]",
    "final.finalists=2",
    "final.seeds=0",
    "training.optimizer='adamw'",
    "training.momentum=0",
    "training.schedule={kind='one_cycle', epochs=1}",
)
# In the final the penalty alone makes the one that learns fast diverge, in the second epoch.
DIVERGING = (
    "stages=[{name='only', sampler='grid', box={learning_rate=[1e-4, 2e-4, 5e-3]}}]",
    "final.finalists=3",
    "final.seeds=1",
    "final.training={weight_decay=1000.0}",
    "training.schedule.epochs=3",
)

METRICS = metrics_of("classification", "accuracy")

Search = Callable[..., Path]


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Search:
    """A database with the finished search of the digits, made once for each set of overrides."""
    made: dict[tuple[str, ...], Path] = {}

    def database(*overrides: str) -> Path:
        if overrides not in made:
            path = tmp_path_factory.mktemp("finished") / "klayer.db"
            study = load("digits", list(overrides))
            data = open_data(study.objective, study.seed, None)
            with Ledger(f"sqlite:///{path}", create=True) as ledger:
                work(ledger, ledger.record(study, "", data.card, environment()))
            made[overrides] = path
        return made[overrides]

    return database


def copy_of(database: Path, folder: Path, *statements: str) -> Path:
    """The database with something changed in it."""
    target = folder / "changed.db"
    with sqlite3.connect(database) as whole, sqlite3.connect(target) as copied:
        whole.backup(copied)
        for statement in statements:
            assert copied.execute(statement).rowcount == 1, statement
    whole.close()
    copied.close()
    return target


def rebuilt(
    database: Path,
    file: Path,
    told: list[tuple[int, int, Report]] | None = None,
    *,
    finalists: bool = False,
) -> Rebuilt:
    def on_epoch(epoch: int, of_all: int, report: Report) -> None:
        if told is not None:
            told.append((epoch, of_all, report))

    with Ledger(f"sqlite:///{database}") as ledger:
        return rebuild(ledger, "digits", None, file, on_epoch, finalists=finalists)


def result_of(database: Path) -> dict[str, Any]:
    with sqlite3.connect(database) as connection:
        ((text,),) = connection.execute("SELECT result FROM klayer_searches").fetchall()
    connection.close()
    found: dict[str, Any] = json.loads(text)
    return found


def accuracy(file: Path, *, vote: bool | None = None) -> float:
    """Of the network in the file, on the raw test images."""
    test = digits.test()
    said = network_file.load(file).probabilities(test.x, vote=vote)
    return float(np.mean(said.argmax(axis=1) == test.y))


@pytest.mark.parametrize("overrides", [DECAY, CYCLES, STACKS], ids=["decay", "cycles", "stacks"])
def test_the_file_has_the_recorded_test_accuracy(
    finished: Search, tmp_path: Path, overrides: tuple[str, ...]
) -> None:
    database, file = finished(*overrides), tmp_path / "winner.npz"
    done = rebuilt(database, file)
    result = result_of(database)
    assert done.winner.value == result["accuracies"][0]
    assert done.test == result
    assert accuracy(file, vote=False) == result["accuracies"][0]
    saved = network_file.load(file)
    assert saved.network.members[0].seed == done.winner.seed
    assert saved.network.members[0].learning_rate == done.winner.parameters["learning_rate"]
    assert (len(saved.snapshots), saved.classes) == (done.snapshots, digits.CLASSES)
    if overrides == CYCLES:
        assert done.snapshots == 3
        assert accuracy(file, vote=True) == result["snapshot_ensemble"]
    else:
        assert done.snapshots == 0


@pytest.mark.parametrize("overrides", [DECAY, CYCLES, STACKS], ids=["decay", "cycles", "stacks"])
def test_all_finalists_vote_with_the_recorded_test_accuracy(
    finished: Search, tmp_path: Path, overrides: tuple[str, ...]
) -> None:
    database, file = finished(*overrides), tmp_path / "all.npz"
    told: list[tuple[int, int, Report]] = []
    done = rebuilt(database, file, told, finalists=True)
    result = result_of(database)
    assert accuracy(file) == accuracy(file, vote=True) == result["finalist_ensemble"]
    assert accuracy(file, vote=False) == result["accuracies"][0]
    snapshots = 3 if overrides == CYCLES else 0
    assert (done.finalists, done.snapshots) == (3, snapshots)
    assert done.voters == len(network_file.load(file).voters) == 3 * max(1, snapshots)
    with Ledger(f"sqlite:///{database}") as ledger:
        search = ledger.read.search("digits")
        final = [one.id for one in ledger.read.trials(search) if one.stage == "final"]
        curves = [ledger.read.curves(search)[trial] for trial in final]
    assert done.epochs == told[-1][0] == told[-1][1] == sum(map(len, curves))
    alone = rebuilt(database, tmp_path / "winner.npz")
    assert (done.epochs, done.figures) == (3 * alone.epochs, 3 * alone.figures)
    assert (alone.finalists, alone.voters) == (1, max(1, snapshots))


def test_each_epoch_is_told_and_each_figure_compared(finished: Search, tmp_path: Path) -> None:
    told: list[tuple[int, int, Report]] = []
    database = finished(*DECAY)
    done = rebuilt(database, tmp_path / "winner.npz", told)
    assert [(epoch, of_all) for epoch, of_all, _ in told] == [(1, 3), (2, 3), (3, 3)]
    with Ledger(f"sqlite:///{database}") as ledger:
        curve = ledger.read.curves(ledger.read.search("digits"))[done.winner.id]
    assert [report.finite() for *_, report in told] == [e.finite() for e in curve]
    # η and three figures: it learns from the validation images too.
    assert (done.epochs, done.figures) == (3, 3 * 4)


def test_the_stacks_differ_where_they_are_meant_to(finished: Search) -> None:
    """Guards the case of several stacks: the winner's own is not the only one."""
    with Ledger(f"sqlite:///{finished(*STACKS)}") as ledger:
        trials = ledger.read.trials(ledger.read.search("digits"))
    final = [one.parameters for one in trials if one.stage == "final"]
    assert len(final) == 3
    assert len({(one["batch_size"], one["layers"]) for one in final}) == 2
    assert {one["layers"] for one in final} == {2, 3}
    for one in final:
        assert ("width_2" in one) == (one["layers"] == 3)


def test_the_test_images_stay_unread(
    finished: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = finished(*DECAY)

    def read() -> None:
        raise AssertionError("the test images were read")

    monkeypatch.setattr(digits, "test", read)
    rebuilt(database, tmp_path / "winner.npz")


def test_twice_gives_the_same_bytes_and_changes_no_row(finished: Search, tmp_path: Path) -> None:
    database = copy_of(finished(*CYCLES), tmp_path)
    with sqlite3.connect(database) as connection:
        before = list(connection.iterdump())
    for name in ("one.npz", "other.npz"):
        rebuilt(database, tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()
    assert list(connection.iterdump()) == before
    connection.close()


def finalist(number: int) -> str:
    """The key of a trial of the final."""
    return (
        "(SELECT t.id FROM klayer_trials t JOIN klayer_stages s ON s.id = t.stage_id "
        f"WHERE s.name = 'final' AND t.number = {number})"
    )


WINNER = finalist(0)


def measured(database: Path, epoch: int, trial: str = WINNER) -> dict[str, float]:
    """The metrics of the final training of a trial at an epoch, as they are recorded."""
    query = f"SELECT metrics FROM klayer_reports WHERE step = {epoch} AND trial_id = {trial}"
    with sqlite3.connect(database) as connection:
        ((packed,),) = connection.execute(query).fetchall()
    connection.close()
    return dict(zip([one.name for one in METRICS], np.frombuffer(packed).tolist(), strict=True))


def with_metric(database: Path, epoch: int, name: str, value: float, trial: str = WINNER) -> str:
    """A statement that changes one metric of a trial's final training."""
    changed = np.array([*(measured(database, epoch, trial) | {name: value}).values()]).tobytes()
    return (
        f"UPDATE klayer_reports SET metrics = X'{changed.hex()}' "
        f"WHERE step = {epoch} AND trial_id = {trial}"
    )


def test_one_other_bit_in_the_record_is_found_and_nothing_is_written(
    finished: Search, tmp_path: Path
) -> None:
    database = finished(*DECAY)
    loss = measured(database, 2)["train_loss"]
    other = float(np.nextafter(loss, 1))
    changed = copy_of(database, tmp_path, with_metric(database, 2, "train_loss", other))
    told: list[tuple[int, int, Report]] = []
    with pytest.raises(NotReproducedError) as caught:
        rebuilt(changed, tmp_path / "winner.npz", told)
    message = str(caught.value)
    assert f"epoch 2: train_loss is {loss!r} here, and was recorded as {other!r}" in message
    assert message.count("epoch 2: ") == 1
    assert "Versions, BLAS and machine are those recorded" in message
    assert len(told) == 1  # it ended with the first difference
    assert [path.name for path in tmp_path.iterdir()] == ["changed.db"]


def test_a_finalist_that_diverged_as_recorded_is_left_out(finished: Search, tmp_path: Path) -> None:
    database = finished(*DIVERGING)
    with Ledger(f"sqlite:///{database}") as ledger:
        trials = ledger.read.trials(ledger.read.search("digits"))
    states = [one.state for one in trials if one.stage == "final"]
    assert states == ["complete", "diverged", "complete"]
    done = rebuilt(database, tmp_path / "all.npz", finalists=True)
    assert (done.finalists, done.voters, done.epochs) == (2, 2, 3 + 2 + 3)
    assert accuracy(tmp_path / "all.npz") == result_of(database)["finalist_ensemble"]


@pytest.mark.parametrize(
    ("number", "epoch", "told"),
    [
        (1, 1, "finalist 2, trained again, .*epoch 1: train_cost is"),
        (1, 2, "finalist 2, trained again, .*epoch 2: train_cost is None here"),
        (2, 3, "finalist 3, trained again, .*epoch 3: train_cost is"),
    ],
)
def test_another_curve_of_any_finalist_is_found_and_nothing_written(
    finished: Search, tmp_path: Path, number: int, epoch: int, told: str
) -> None:
    """But where the winner is written alone, the others' curves are not looked at."""
    database, one = finished(*DIVERGING), finalist(number)
    changed = copy_of(database, tmp_path, with_metric(database, epoch, "train_cost", 0.5, one))
    with pytest.raises(NotReproducedError, match=f"(?s)^digits: {told}"):
        rebuilt(changed, tmp_path / "all.npz", finalists=True)
    assert not (tmp_path / "all.npz").exists()
    rebuilt(changed, tmp_path / "winner.npz")


def test_a_divergence_that_was_recorded_earlier_is_another_training(
    finished: Search, tmp_path: Path
) -> None:
    statement = f"DELETE FROM klayer_reports WHERE step = 2 AND trial_id = {finalist(1)}"
    changed = copy_of(finished(*DIVERGING), tmp_path, statement)
    with pytest.raises(NotReproducedError, match=r"(?s)finalist 2, .*epoch 2 was not recorded"):
        rebuilt(changed, tmp_path / "all.npz", finalists=True)


@pytest.mark.parametrize(
    ("overrides", "statements", "why"),
    [
        ((*SHORT, "final.finalists=1"), (), "its study has `finalists = 1` in [final]"),
        ((*SHORT, "final.ensemble=false"), (), "its study has `ensemble = false` in [final]"),
        (
            DIVERGING,
            (f"UPDATE klayer_trials SET state = 'diverged' WHERE id = {finalist(2)}",),
            "all others diverged",
        ),
    ],
)
def test_a_winner_that_nobody_voted_with_is_one_message(
    finished: Search, tmp_path: Path, overrides: Any, statements: Any, why: str
) -> None:
    database = copy_of(finished(*overrides), tmp_path, *statements)
    told: list[tuple[int, int, Report]] = []
    right = f"^digits: --finalists: no other finalist voted with the winner, since {re.escape(why)}"
    with pytest.raises(KlayerError, match=right):
        rebuilt(database, tmp_path / "all.npz", told, finalists=True)
    assert told == []
    assert not (tmp_path / "all.npz").exists()


def test_the_message_names_what_changed_since(finished: Search, tmp_path: Path) -> None:
    then = environment()
    then["packages"] = then["packages"] | {"numpy": "1.0"}
    then["blas"] = []
    changed = copy_of(
        finished(*DECAY),
        tmp_path,
        with_metric(finished(*DECAY), 1, "train_cost", np.nan),
        f"UPDATE klayer_searches SET environment = '{json.dumps(then)}'",
    )
    with pytest.raises(NotReproducedError) as caught:
        rebuilt(changed, tmp_path / "winner.npz")
    message = str(caught.value)
    assert "and was recorded as None" in message
    assert f"packages.numpy: 1.0 recorded, {np.__version__} here" in message
    assert "blas.0.version: none recorded, " in message
    assert "packages.optuna" not in message


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            f"DELETE FROM klayer_reports WHERE step = 3 AND trial_id = {WINNER}",
            "epoch 3 was not recorded",
        ),
        (
            "INSERT INTO klayer_reports SELECT trial_id, 4, score, metrics FROM klayer_reports "
            f"WHERE step = 3 AND trial_id = {WINNER}",
            "ended after 3 epochs, and was recorded with 4",
        ),
    ],
)
def test_a_record_of_another_length_is_another_training(
    finished: Search, tmp_path: Path, statement: str, told: str
) -> None:
    changed = copy_of(finished(*DECAY), tmp_path, statement)
    with pytest.raises(NotReproducedError, match=told):
        rebuilt(changed, tmp_path / "winner.npz")
    assert not (tmp_path / "winner.npz").exists()


def test_a_training_of_the_users_own_has_no_model_of_klayers(tmp_path: Path) -> None:
    study = study_of(
        {
            "name": "mine",
            "objective": {"kind": "command", "command": ["true"]},
            "hyperparameters": {"rate": [1, 2]},
            "metrics": [{"name": "loss", "direction": "minimize"}],
            "stages": [{"trials": 2}],
        }
    )
    with Ledger(f"sqlite:///{tmp_path}/klayer.db", create=True) as ledger:
        ledger.record(study, "", study.objective.card, environment())
        with pytest.raises(KlayerError, match=r"^mine: trains a command .*status mine --json"):
            rebuild(ledger, "mine", None, tmp_path / "winner.npz", lambda *_: None)
    assert not (tmp_path / "winner.npz").exists()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE klayer_searches SET finished_at = NULL", "not finished, so it has no winner yet"),
        (
            "UPDATE klayer_trials SET state = 'diverged', value = NULL, "
            f"reason = 'diverged in epoch 2' WHERE id = {WINNER}",
            "no winner to write: .* diverged in epoch 2",
        ),
        (
            "UPDATE klayer_searches SET data = "
            """'{"source": "digits", "fingerprint": "feedfeedfeedfeed"}'""",
            "other data .*feedfeed",
        ),
    ],
)
def test_without_a_winner_or_its_images_there_is_one_message(
    finished: Search, tmp_path: Path, statement: str, told: str
) -> None:
    changed = copy_of(finished(*DECAY), tmp_path, statement)
    with pytest.raises(KlayerError, match=f"^digits: .*{told}") as caught:
        rebuilt(changed, tmp_path / "winner.npz")
    assert not isinstance(caught.value, NotReproducedError)
    assert not (tmp_path / "winner.npz").exists()


def test_a_place_that_cannot_be_written_is_told_before_the_training(
    finished: Search, tmp_path: Path
) -> None:
    told: list[tuple[int, int, Report]] = []
    for file, why in ((tmp_path, "is a folder"), (tmp_path / "missing" / "w", "does not exist")):
        with pytest.raises(KlayerError, match=f"--output: {file}: .*{why}"):
            rebuilt(finished(*DECAY), file, told)
    assert told == []


def test_a_disk_that_is_full_is_one_message(
    finished: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(KlayerError, match="cannot be written"):
        rebuilt(finished(*DECAY), tmp_path / "winner.npz")
    assert list(tmp_path.iterdir()) == []
