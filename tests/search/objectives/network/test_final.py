"""The winner is trained beside the finalists, and the test images are read last of all."""

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from model import network_file, schedule, training
from model.data import digits, prepared
from model.data.labelled import Labelled
from model.data.own_table import OwnTable
from model.data.source import Source
from model.members import Architecture, Member
from model.recipe import Recipe
from search.errors import KlayerError
from search.objective.report import Assignment, Report
from search.objectives.network import final, trials
from search.objectives.network.data import Dataset
from search.objectives.network.final import TestReport
from search.objectives.network.portrait import from_bytes
from search.study.file import Study
from tests.model.data.tables import changed, write_table
from tests.search.objectives.network.own_tables import (
    CLASSES,
    ROWS,
    VALUES,
    labels_of,
    parts,
    study_in,
    values_of,
)
from tests.search.objectives.network.trainings import (
    CYCLES,
    DECAY,
    DIVERGING,
    ORDER_SEED,
    TRIALS,
    directly,
    drained,
    evaluated,
    fold_of,
    section_and_data,
    study_with,
)

TABLE_CYCLES = "training.schedule={kind='cycles', cycles=2, half_cycle_epochs=1}"


def final_of(
    study: Study, given: tuple[Assignment, ...] = TRIALS
) -> tuple[list[Mapping[int, Report]], TestReport]:
    """The reports of a final, and what the test images said."""
    reports, evaluation = evaluated(study, given)
    told = dict(evaluation.result)
    report = TestReport(scores=told.pop("accuracies"), **told)
    assert evaluation.values == report.scores
    return reports, report


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that the test images of the digits are read."""
    happened: list[str] = []
    real: Callable[[], Labelled] = digits.test

    def counted() -> Labelled:
        happened.append("test")
        return real()

    monkeypatch.setattr(digits, "test", counted)
    return happened


def test_the_test_images_are_read_once_and_last(readings: list[str]) -> None:
    study = study_with(DECAY)
    section, data = section_and_data(study)
    for _ in trials.train(study.objective, section, TRIALS, ORDER_SEED, data):
        pass
    epochs = final.evaluate(study.objective, section, TRIALS, ORDER_SEED, data)
    for _ in range(3):
        next(epochs)
        assert readings == []
    with pytest.raises(StopIteration):
        next(epochs)
    assert readings == ["test"]


@pytest.mark.parametrize("train_on", ["training", "training+validation"])
def test_the_test_report_follows_from_the_trained_networks(train_on: str) -> None:
    study = study_with(DECAY, f"final.train_on={train_on!r}")
    _, data = section_and_data(study)
    whole = train_on != "training"
    last = directly(study, fold_of(data, whole=whole), schedule.Decay(3, 0.9))[-1]
    x, y = standardised_test_images(data)
    votes = last.network.probabilities(x)
    reports, report = final_of(study)
    assert report.scores == tuple(share(vote, y) for vote in votes)
    assert report.finalist_ensemble == share(votes.mean(axis=0), y)
    assert report.snapshot_ensemble is None
    assert report.snapshot_ensembles == (None, None, None)
    assert report.rows == len(y) == 297
    assert (reports[-1][0].value is None) == whole  # no images are left to choose by
    assert not reports[-1][0].diverged


def test_snapshots_vote_alone_and_with_the_finalists() -> None:
    study = study_with(CYCLES)
    _, data = section_and_data(study)
    fold = fold_of(data, whole=True)
    epochs = directly(study, fold, schedule.Cycles(2, None, 1))
    x, y = standardised_test_images(data)
    shots = [shot.probabilities(x) for epoch in epochs for shot in epoch.snapshots]
    _, report = final_of(study)
    assert report.scores == tuple(share(vote, y) for vote in epochs[-1].network.probabilities(x))
    assert report.snapshot_ensemble == share(np.mean([shot[0] for shot in shots], axis=0), y)
    assert report.snapshot_ensembles == tuple(
        share(np.mean([shot[i] for shot in shots], axis=0), y) for i in range(3)
    )
    everyone = np.mean([shot[i] for i in range(3) for shot in shots], axis=0)
    assert report.finalist_ensemble == share(everyone, y)


def test_without_ensembles_none_is_reported() -> None:
    _, report = final_of(study_with(CYCLES, "final.ensemble=false"), TRIALS[:1])
    assert (report.snapshot_ensemble, report.finalist_ensemble) == (None, None)
    assert report.snapshot_ensembles == (None,)
    assert len(report.scores) == 1


@pytest.mark.parametrize("apart", [{"batch_size": 50}, {"layers": 2}, {"layers": 1}])
def test_finalists_that_are_no_stack_are_trained_one_after_another(apart: dict[str, Any]) -> None:
    study = study_with(DECAY)
    other = Assignment({"learning_rate": 0.05, **apart}, 8)
    mixed = (TRIALS[0], other, TRIALS[1])
    reports, report = final_of(study, mixed)
    assert [list(epoch) for epoch in reports] == [[0, 2]] * 3 + [[1]] * 3
    _, pair = final_of(study, (TRIALS[0], TRIALS[1]))
    _, single = final_of(study, (other,))
    assert report.scores == (pair.scores[0], single.scores[0], pair.scores[1])


@pytest.mark.parametrize("most", [0, 2])
def test_a_stack_that_does_not_fit_into_memory_is_trained_in_smaller_ones(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Of a memory that takes two members, or more for so many epochs."""
    begun = training.train

    def little(architecture: Any, members: Any, *rest: Any) -> Generator[Any, Any, None]:
        whole = begun(architecture, members, *rest)
        if len(members) < 3:
            yield from whole
            return
        for _ in range(most):
            yield next(whole)
        raise MemoryError

    study = study_with(DECAY)
    _, pair = final_of(study, TRIALS[:2])
    _, single = final_of(study, TRIALS[2:])
    monkeypatch.setattr(training, "train", little)
    reports, report = final_of(study)
    assert report.scores == (*pair.scores, *single.scores)
    steps = [[one[place].step for one in reports if place in one] for place in range(3)]
    assert steps == [[1, 2, 3]] * 3  # each is told once
    section, data = section_and_data(study)
    again = final.retrain(study.objective, section, TRIALS, ORDER_SEED, data, finalists=True)
    assert drained(again)[1].finalists == 3


def test_one_that_diverges_in_a_smaller_stack_alone_is_told_though_its_steps_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else it ends as complete, with its value on the validation rows in the place of its score."""
    begun = training.train

    def little(architecture: Any, members: Any, *rest: Any) -> Generator[Any, Any, None]:
        if len(members) < 3:
            yield from begun(architecture, members, *rest)
            return
        sound = begun(architecture, [members[0]] * 3, *rest)
        for _ in range(2):
            yield next(sound)
        raise MemoryError

    monkeypatch.setattr(training, "train", little)
    study = study_with(DECAY, "network.batch_norm='none'")
    reports, report = final_of(study, (*TRIALS[:2], DIVERGING))
    last = [one[2] for one in reports if 2 in one][-1]
    assert (last.step, last.diverged) == (1, True)
    assert report.scores[2] is None


def test_a_network_that_does_not_fit_into_memory_alone_is_named(
    monkeypatch: pytest.MonkeyPatch, readings: list[str]
) -> None:
    def none(*_: Any) -> Generator[Any, Any, None]:
        raise MemoryError
        yield

    monkeypatch.setattr(training, "train", none)
    with pytest.raises(KlayerError) as caught:
        final_of(study_with(DECAY))
    assert str(caught.value) == (
        "the final: not enough memory for a network of widths 50-50 (1 MB); let a host with more "
        "memory work on the search. What is trained is kept"
    )
    assert readings == []


def test_a_finalist_that_diverged_has_no_accuracy_and_no_vote() -> None:
    study = study_with(DECAY, "network.batch_norm='none'")
    _, report = final_of(study, (TRIALS[0], DIVERGING))
    assert report.scores[0] is not None
    assert report.scores[1] is None
    assert report.finalist_ensemble is None  # the winner is alone
    _, cycled = final_of(study_with(CYCLES, "network.batch_norm='none'"), (TRIALS[0], DIVERGING))
    assert [one is None for one in cycled.snapshot_ensembles] == [False, True]
    _, nobody = final_of(study, (DIVERGING,))
    assert nobody.scores == (None,)


def standardised_test_images(data: Dataset) -> tuple[Any, Any]:
    raw = digits.test()
    x = (raw.x - data.prepared.mean) / data.prepared.std
    return x.astype(np.float32), raw.y


def share(probabilities: Any, labels: Any) -> float:
    return float((probabilities.argmax(axis=-1) == labels).mean())


# --- tables ---------------------------------------------------------------------------------------


def test_the_test_rows_of_a_table_are_read_once_and_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    real = OwnTable.source

    def watched(self: OwnTable, classes: tuple[str, ...]) -> Source:
        happened.append("test")
        return real(self, classes)

    monkeypatch.setattr(OwnTable, "source", watched)
    study = study_in(tmp_path)
    section, data = section_and_data(study)
    given = (Assignment({"learning_rate": 0.05}, 3),)
    for _ in trials.train(study.objective, section, given, ORDER_SEED, data):
        pass
    epochs = final.evaluate(study.objective, section, given, ORDER_SEED, data)
    for _ in range(4):
        next(epochs)
        assert happened == []
    with pytest.raises(StopIteration):
        next(epochs)
    assert happened == ["test"]


@pytest.mark.parametrize("train_on", ["training", "training+validation"])
@pytest.mark.parametrize(
    ("targets", "score"),
    [
        (("label",), "accuracy"),
        (("label",), "log_loss"),
        (("price",), "rmse"),
        (("price",), "mae"),
        (("price",), "r2"),
        (("price", "weight"), "r2"),
    ],
)
def test_networks_and_votes_have_scikit_learn_s_scores_of_the_test_rows(
    tmp_path: Path, targets: tuple[str, ...], score: str, train_on: str
) -> None:
    """The networks are trained by the model itself, and what they say is taken to the units."""
    study = study_in(tmp_path, targets, score, [TABLE_CYCLES, f"final.train_on='{train_on}'"])
    _, data = section_and_data(study)
    given = tuple(Assignment({"learning_rate": rate}, 3) for rate in (0.05, 0.01))
    fold = fold_of(data, whole=train_on != "training")
    loss: Any = "cross_entropy" if targets == ("label",) else "squared_error"
    outputs = 2 if targets == ("label",) else len(targets)
    members = [Member((6,), 3, rate, learning_rate_min=1e-5, momentum=0.9) for rate in (0.05, 0.01)]
    recipe = Recipe(16, schedule.Cycles(2, None, 1), ORDER_SEED)
    architecture = Architecture(fold.x.shape[1], outputs, loss=loss)
    test, rows = parts(targets).test, data.prepared
    (x,) = prepared.test_set(rows, data.source()).blocks()
    says = (lambda one: one.probabilities(x)) if outputs == 2 and rows.classes else (
        lambda one: one.predictions(x)
    )  # fmt: skip
    shots = []
    for epoch in training.train(architecture, members, recipe, fold):
        last = says(epoch.network)
        shots += [says(shot) for shot in epoch.snapshots]
    assert len(shots) == 2

    def expected(votes: list[Any]) -> Any:
        said = np.mean(votes, axis=0)
        if rows.targets is None:
            found = CLASSES[score](labels_of(test), said)
        else:
            own = said.astype(float) * rows.targets.std + rows.targets.mean
            found = VALUES[score](values_of(targets, test), own)
        return pytest.approx(found, rel=1e-5)

    reports, evaluation = evaluated(study, given)
    told = evaluation.result
    name = "accuracies" if score == "accuracy" else "scores"
    assert told[name] == tuple(expected([last[place]]) for place in (0, 1))
    assert evaluation.values == told[name]
    one, other = told["snapshot_ensembles"]
    assert one == told["snapshot_ensemble"] == expected([shot[0] for shot in shots])
    assert other == expected([shot[1] for shot in shots])
    assert told["finalist_ensemble"] == expected([shot[i] for shot in shots for i in (0, 1)])
    assert told["rows"] == len(test)
    kept = from_bytes(evaluation.attachments[0])
    errors, pairs = kept.errors, kept.pairs
    if len(targets) == 1:
        assert errors is None
    else:
        own = last[0].astype(float) * rows.targets.std + rows.targets.mean
        assert pairs is not None
        np.testing.assert_array_equal(pairs[..., 0].T, values_of(targets, test))
        np.testing.assert_allclose(pairs[..., 1].T, own, rtol=1e-5)
        right = metrics.root_mean_squared_error(
            values_of(targets, test), own, multioutput="raw_values"
        )
        assert errors == pytest.approx(right, rel=1e-5)
    assert (reports[-1][0].value is None) == (train_on != "training")


@pytest.mark.parametrize("schedule_", ["{kind='constant', epochs=3}", TABLE_CYCLES[18:]])
@pytest.mark.parametrize(
    ("targets", "score", "oracle"),
    [(("label",), "log_loss", CLASSES), (("price", "weight"), "r2", VALUES)],
)
def test_the_finalists_trained_again_vote_as_those_that_were_tested(
    tmp_path: Path, targets: tuple[str, ...], score: str, oracle: Any, schedule_: str
) -> None:
    """In float64, where networks say the same to the last digits in a stack and alone.

    They differ in width, and are no one stack; one of them diverges, and is left out.
    """
    changes = [f"training.schedule={schedule_}", "training.precision='float64'"]
    study = study_in(tmp_path, targets, score, changes)
    section, data = section_and_data(study)
    given = (
        Assignment({"learning_rate": 0.05, "width_1": 6}, 3),
        Assignment({"learning_rate": 0.01, "width_1": 4, "batch_size": 20}, 4),
        Assignment({"learning_rate": 1e200, "width_1": 6}, 5),
        Assignment({"learning_rate": 0.02, "width_1": 9}, 6),
    )
    first, evaluation = evaluated(study, given)
    again = final.retrain(study.objective, section, given, ORDER_SEED, data, finalists=True)
    reports, winner = drained(again)
    assert [list(epoch) for epoch in reports] == [list(epoch) for epoch in first]
    assert "diverged" in str(reports[0][2].reason)
    kept = 2 if "cycles" in schedule_ else 0
    assert (winner.finalists, winner.snapshots, winner.voters) == (3, kept, 3 * max(1, kept))
    winner.save(tmp_path / "all.npz")
    loaded = network_file.load(tmp_path / "all.npz")
    assert [one.members[0].seed for one in loaded.voters[:: max(1, kept)]] == [3, 6, 4]
    test = parts(targets).test
    assert test is not None
    rows = write_table(tmp_path / "test.csv", [ROWS[row] for row in test])
    true = labels_of(test) if targets == ("label",) else values_of(targets, test)
    for vote, told in (
        (None, evaluation.result["finalist_ensemble"]),
        (True, evaluation.result["finalist_ensemble"]),
        (False, evaluation.result["scores"][0]),
    ):
        said = loaded.predict(rows, vote=vote).values
        assert oracle[score](true, said) == pytest.approx(told, rel=1e-11)
    assert evaluation.result["finalist_ensemble"] != pytest.approx(
        evaluation.result["scores"][0], rel=1e-4
    )


def test_the_fingerprint_of_the_test_rows_follows_from_their_values(tmp_path: Path) -> None:
    given = (Assignment({"learning_rate": 0.05}, 3),)
    test = parts(("price",)).test
    told = []
    for name, rows in (
        ("one", ROWS),
        ("two", ROWS),
        ("three", changed(ROWS, "price", [int(test[0])], lambda _: "1")),
    ):
        study = study_in(tmp_path / name, ("price",))
        write_table(tmp_path / name / "cars.csv", rows)
        told.append(evaluated(study, given)[1].result["fingerprint"])
    assert told[0] == told[1] != told[2]


@pytest.mark.parametrize("also", [(), ("training.shift=1",)])
def test_a_winner_of_components_is_kept_as_one_of_plain_inputs(
    also: tuple[str, ...], tmp_path: Path
) -> None:
    study = study_with(DECAY, "data.components=20", *also)
    assert (study.objective.facts.inputs, study.objective.facts.shape) == (20, (1, 8, 8))
    assert not study.objective.facts.sees_pixels
    section, data = section_and_data(study)
    assert (data.card.inputs, data.card.shape) == (20, (1, 8, 8))
    assert data.card.explained == data.prepared.explained
    _, evaluation = evaluated(study, TRIALS[:1])
    _, winner = drained(final.retrain(study.objective, section, TRIALS[:1], ORDER_SEED, data))
    winner.save(tmp_path / "winner.npz")
    test = digits.test()
    said = network_file.load(tmp_path / "winner.npz").probabilities(test.x).argmax(axis=1)
    (told,) = evaluation.result["accuracies"]
    assert (said == test.y).mean() == pytest.approx(told, abs=1.5 / 297)  # one may be a tie
    assert told > 0.6


def test_a_table_s_rows_become_components_too(tmp_path: Path) -> None:
    study = study_in(tmp_path, overrides=("data.components=3", "data.folds=3"))
    _, data = section_and_data(study)
    assert study.objective.facts.inputs == 3
    assert [one.both.x.shape[1] for one in data.searched_on] == [3, 3, 3]
    assert data.folds[0].encoding is not None
