"""The family is the same for all: what the study file says, and what the peers are told."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.equal_time_family import (
    BATCH_SIZE,
    EPOCHS,
    FAMILY,
    LEARNING_RATE_MIN,
    MOMENTUM,
    rate,
    study_text,
)
from model.schedule import Cosine
from search.space.space import Interval
from search.study.file import Study
from search.study.reading import load


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    path = tmp_path_factory.mktemp("study") / "equal-time.toml"
    path.write_text(study_text("digits", 300, 4, 10), "utf-8")
    return load(str(path))


def test_the_study_file_searches_the_ranges_of_the_family(study: Study) -> None:
    ranges = study.stages[0].boxes[0].ranges
    assert set(ranges) == set(FAMILY)
    for name, one in FAMILY.items():
        found = ranges[name]
        assert isinstance(found, Interval)
        assert (found.low, found.high, found.log) == (one.low, one.high, one.log)


def test_the_study_file_trains_as_the_peers_are_told(study: Study) -> None:
    training = study.stages[0].training
    assert (training.batch_size, training.momentum) == (BATCH_SIZE, MOMENTUM)
    assert training.optimizer == "nesterov"
    assert (study.seed, study.hours) == (4, pytest.approx(10 / 60, rel=1e-4))
    assert study.final.training == training


def test_rates_are_those_of_the_schedule_of_the_study_file() -> None:
    low, high = np.array([LEARNING_RATE_MIN]), np.array([0.2])
    for step in (0, 1, 40, 10 * EPOCHS - 1):
        (theirs,) = Cosine(EPOCHS).rate(step, 10, low, high)
        assert rate(0.2, step, 10) == pytest.approx(theirs, rel=1e-12)


def test_a_short_search_has_the_trainings_that_a_strategy_needs(tmp_path: Path) -> None:
    path = tmp_path / "short.toml"
    path.write_text(study_text("digits", 300, 1, 0.1), "utf-8")
    assert load(str(path)).stages
