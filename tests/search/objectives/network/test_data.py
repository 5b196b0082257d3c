"""A data set travels as a path; missing images cost one message."""

import pickle

import numpy as np
import pytest

from search.errors import DataError
from search.objectives import network as objective
from search.study.reading import load
from tests.search.objectives.network.trainings import section_and_data, study_with


def test_a_data_set_travels_as_a_path_and_arrives_equal() -> None:
    _, data = section_and_data(study_with())
    sent = pickle.dumps(data)
    assert len(sent) < 2_000
    there = pickle.loads(sent)
    assert there.fingerprint == data.fingerprint
    assert np.array_equal(there.prepared.training.x, data.prepared.training.x)


def test_missing_images_are_one_message() -> None:
    study = load("lambda-coarse-to-fine")
    with pytest.raises(DataError, match="klayer data fetch cifar10"):
        objective.open_data(study, None)
