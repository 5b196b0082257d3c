"""A data set travels as a path; missing images cost one message."""

import json
import pickle

import numpy as np
import pytest

from search.errors import DataError
from search.objective.data_card import DataCard
from search.objectives.network.data import open_data
from search.study.reading import load
from tests.search.objectives.network.trainings import section_and_data, study_with


def test_a_data_set_travels_as_a_path_and_arrives_equal() -> None:
    _, data = section_and_data(study_with())
    sent = pickle.dumps(data)
    assert len(sent) < 2_000
    there = pickle.loads(sent)
    assert there.card == data.card
    assert np.array_equal(there.prepared.training.x, data.prepared.training.x)


def test_missing_images_are_one_message() -> None:
    study = load("lambda-coarse-to-fine")
    with pytest.raises(DataError, match="klayer data fetch cifar10"):
        open_data(study.objective, study.seed, None)


def test_a_card_says_what_is_to_be_known_without_the_images() -> None:
    _, data = section_and_data(study_with())
    card = data.card
    assert (card.source, card.rows, card.held_out) == ("digits", 1_200, 300)
    assert (card.shape, card.inputs, card.task) == ((1, 8, 8), 64, "classification")
    assert card.classes == tuple(map(str, range(10)))
    assert DataCard.of(json.loads(json.dumps(card.plain()))) == card
