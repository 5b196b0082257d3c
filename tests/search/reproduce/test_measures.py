"""Which figure of a search belongs beside a published one."""

from dataclasses import replace

import pytest

from search.reproduce.measures import measured
from search.views.plots import standing
from search.views.plots.data import SearchData
from tests.search.reproduce.conftest import Rowed
from tests.search.views.plots.made import build, curve

ENSEMBLES = [0.97, 0.98, None]


@pytest.fixture(scope="module")
def data() -> SearchData:
    """A made-up search whose final has three networks, the third of which diverged."""
    made = build()
    result = {**(made.search.result or {}), "snapshot_ensembles": ENSEMBLES}
    finals = made.of_stage("final")
    return replace(
        made,
        search=replace(made.search, result=result),
        curves={finals[0].id: curve(0.9, 10)},
        trials=tuple(
            replace(one, state="diverged", value=None) if one.id == finals[2].id else one
            for one in made.trials
        ),
    )


def test_test_figures_are_the_winners_unless_a_point_is_named(
    data: SearchData, published: Rowed
) -> None:
    assert measured(published(), data).value == pytest.approx(96.63)
    second = dict(data.of_stage("final")[1].parameters)
    assert measured(published(point=second), data).value == pytest.approx(95.96)
    part = {"learning_rate": second["learning_rate"]}
    ensemble = measured(published(measure="snapshot_ensemble", point=part), data)
    assert (ensemble.value, ensemble.epochs) == (pytest.approx(98.0), 10)
    assert measured(published(measure="finalist_ensemble"), data).value == pytest.approx(96.97)


def test_a_network_that_diverged_has_no_figure_and_says_so(
    data: SearchData, published: Rowed
) -> None:
    found = measured(published(point=dict(data.of_stage("final")[2].parameters)), data)
    assert (found.value, found.diverged) == (None, True)


def test_a_point_that_diverged_before_the_final_says_so(data: SearchData, published: Rowed) -> None:
    lost = data.of_stage("coarse")[0]
    point = {"learning_rate": 0.123, "weight_decay": 0.0456}
    without = replace(lost, parameters=point, state="diverged", value=None)
    trials = tuple(without if one.id == lost.id else one for one in data.trials)
    found = measured(published(point=point), replace(data, trials=trials))
    assert (found.value, found.diverged) == (None, True)


def test_a_point_that_no_trial_has_gives_nothing(data: SearchData, published: Rowed) -> None:
    found = measured(published(point={"learning_rate": 0.5}), data)
    assert (found.value, found.epochs, found.diverged) == (None, None, False)


@pytest.mark.parametrize("rank", [1, 2, 8])
def test_ranks_count_the_complete_trials_of_a_stage_best_first(
    data: SearchData, published: Rowed, rank: int
) -> None:
    stage = data.of_stage("finest")
    values = sorted((one.value for one in stage if one.value is not None), reverse=True)
    row = published(measure="validation_accuracy", stage="finest", rank=rank)
    found = measured(row, data)
    if rank <= len(values):
        assert found.value == pytest.approx(100 * values[rank - 1])
    else:
        assert found.value is None


def test_a_trial_that_halving_dropped_is_behind_and_was_trained_for_less(
    data: SearchData, published: Rowed
) -> None:
    coarse = data.of_stage("coarse")
    complete = len(standing.complete(coarse))
    row = published(measure="validation_accuracy", stage="coarse", rank=complete + 1)
    assert measured(row, data).epochs == 3
    assert measured(row.model_copy(update={"rank": 1}), data).epochs == 10


def test_the_finals_validation_accuracy_is_the_value_of_its_search(
    data: SearchData, published: Rowed
) -> None:
    winner = data.of_stage("final")[0]
    found = measured(published(measure="validation_accuracy"), data)
    assert found.value != pytest.approx(100 * (winner.value or 0))
    same = [t for t in standing.comparable(data) if t.parameters == winner.parameters]
    assert found.value == pytest.approx(100 * (same[0].value or 0))


def test_training_accuracy_and_hyperparameters(data: SearchData, published: Rowed) -> None:
    winner = data.of_stage("final")[0]
    last = data.curves[winner.id][-1]
    trained = measured(published(measure="training_accuracy"), data)
    assert trained.value == pytest.approx(100 * last.metrics["train_accuracy"])
    decay = measured(published(measure="weight_decay", value=1e-3), data)
    assert decay.value == winner.parameters["weight_decay"]


def test_older_searches_know_the_winners_snapshots_alone(published: Rowed) -> None:
    older = build()
    row = published(measure="snapshot_ensemble")
    assert measured(row, older).value == pytest.approx(96.30)
    second = row.model_copy(update={"point": dict(older.of_stage("final")[1].parameters)})
    assert measured(second, older).value is None
