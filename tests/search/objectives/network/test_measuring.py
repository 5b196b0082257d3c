"""Pace and gradients are measured of any valid study, whatever it searches."""

import math
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from model import training
from model.rows import Data, Folds
from search.errors import KlayerError
from search.objectives.network.data import open_data
from search.objectives.network.measuring import check_gradients, seconds_per_epoch
from search.study.file import Study, study_of
from tests.search.objectives.network.own_tables import study_in

# The floor lies above the learning rate that [training] has: the one that is searched is higher.
FLOOR: dict[str, Any] = {
    "name": "floor",
    "network": {"widths": [8]},
    "training": {
        "learning_rate_min": 0.02,
        "schedule": {"kind": "cycles", "cycles": 1, "half_cycle_epochs": 1},
    },
    "stages": [{"trials": 2, "box": {"learning_rate": {"low": 0.05, "high": 0.5}}}],
}


@pytest.fixture
def study() -> Study:
    return study_of(FLOOR)


def test_an_epoch_takes_some_time(study: Study) -> None:
    points = [{"learning_rate": 0.05}, {"learning_rate": 0.5}]
    seconds = seconds_per_epoch(study.objective, study.stages[0].training, points, 0.1)
    assert 0 < seconds < 60


def test_gradients_are_right(study: Study) -> None:
    data = open_data(study.objective, study.seed, None)
    checked = check_gradients(study.objective, study.seed, data, 10, 20, "central", None)
    assert [(one.layer, one.parameter) for one in checked] == [
        (1, "weights"),
        (1, "bias"),
        (2, "weights"),
        (2, "bias"),
    ]
    assert all(one.checked > 0 and one.worst < 1e-6 for one in checked)


@pytest.mark.parametrize(("rows", "inputs"), [(1_201, None), (10, 65)])
def test_more_than_there_is_is_refused(study: Study, rows: int, inputs: int | None) -> None:
    data = open_data(study.objective, study.seed, None)
    with pytest.raises(KlayerError, match=r"there are 1,200|has 1,200 training images of 64"):
        check_gradients(study.objective, study.seed, data, rows, inputs, "central", None)


def test_a_step_of_its_own_is_taken(study: Study) -> None:
    data = open_data(study.objective, study.seed, None)
    huge = check_gradients(study.objective, study.seed, data, 10, None, "central", 0.5)
    assert any(math.isnan(one.worst) or one.worst > 1e-6 for one in huge)


def test_small_gradients_count_as_little_as_is_said(study: Study) -> None:
    data = open_data(study.objective, study.seed, None)
    usual, lenient = (
        check_gradients(study.objective, study.seed, data, 10, 20, "forward", None, *smallest)
        for smallest in ((), (10.0,))
    )
    assert all(one.worst < other.worst for one, other in zip(lenient, usual, strict=True))


@pytest.mark.parametrize("targets", [("label",), ("price",), ("price", "weight")], ids=str)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_an_epoch_of_a_table_takes_some_time(
    tmp_path: Path, targets: tuple[str, ...], precision: str
) -> None:
    own = study_in(tmp_path, targets, overrides=[f"training.precision='{precision}'"])
    section = own.stages[0].training
    assert 0 < seconds_per_epoch(own.objective, section, [{}, {"learning_rate": 0.1}], 0.01) < 60


@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_gradients_of_values_are_right(tmp_path: Path, loss: str) -> None:
    own = study_in(tmp_path, ("price", "weight"), overrides=[f"network.loss='{loss}'"])
    data = open_data(own.objective, own.seed, None)
    checked = check_gradients(own.objective, own.seed, data, 10, None, "central", None)
    assert len(checked) == 4
    assert all(one.checked > 0 and one.worst < 1e-6 for one in checked)


def test_more_rows_than_a_table_has_are_refused(tmp_path: Path) -> None:
    own = study_in(tmp_path)
    data = open_data(own.objective, own.seed, None)
    rows = data.facts.rows
    with pytest.raises(KlayerError, match=rf"there are {rows} training rows; {rows + 1} were"):
        check_gradients(own.objective, own.seed, data, rows + 1, None, "central", None)
    with pytest.raises(KlayerError, match=rf"cars\.csv has {rows} training rows of 7 inputs"):
        check_gradients(own.objective, own.seed, data, 2, 8, "central", None)


@pytest.mark.parametrize(("batch_size", "stacks"), [(100, 1), (1_000, 4)])
def test_the_pace_of_trials_is_that_of_all_their_folds_and_seeds(
    monkeypatch: pytest.MonkeyPatch, batch_size: int, stacks: int
) -> None:
    """Of one stack with a member for each fold, or of one fold's stack times the folds."""
    seen = []

    def watched(*given: Any) -> Iterator[None]:
        seen.append((len(given[1]), type(given[3])))
        yield from (None, None)

    monkeypatch.setattr(training, "train", watched)
    clock = count(0.0, 1.0)
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    tables = {"data": {"folds": 4, "repeats": 3}, "training": {"batch_size": batch_size}}
    one = study_of({**FLOOR, **tables, "training": {**FLOOR["training"], **tables["training"]}})
    points = [{"learning_rate": 0.05}, {"learning_rate": 0.5}]
    seconds = seconds_per_epoch(one.objective, one.stages[0].training, points, 0.0)
    members = 2 * 3 * (4 if stacks == 1 else 1)
    assert seen == [(members, Folds if stacks == 1 else Data)]
    assert seconds == stacks * 2.0  # the clock goes on by one each time that it is read
