"""What is known of named data is what is read of them, and it is recorded as it is."""

import json

import pytest

from model.data import cifar10, digits
from search.objectives.network.facts import NAMED, Facts


def test_what_is_known_of_the_digits_is_what_is_read() -> None:
    known, read = NAMED["digits"], digits.training()
    assert (known.rows, known.classes) == (len(read), len(digits.CLASSES))
    facts = known.facts(held_out=300)
    assert facts == Facts(1_200, 300, read.x.shape[1], 10, shape=(1, 8, 8))
    assert facts.planes == (1, 8, 8)
    assert (facts.sees_pixels, facts.pixels) == (True, 0)
    whitened = known.facts(held_out=300, components=20)
    assert whitened == Facts(1_200, 300, 20, 10, shape=(1, 8, 8))
    assert (whitened.sees_pixels, whitened.pixels) == (False, 64)


def test_what_is_known_of_cifar10_is_how_it_is_laid_out() -> None:
    known = NAMED["cifar10"]
    assert known.classes == len(cifar10.CLASSES)
    assert known.shape == cifar10.PLANES
    assert known.facts(held_out=5_000).inputs == cifar10.PIXELS == 3_072


@pytest.mark.parametrize("shape", [(), (7,), (1, 8, 8), (8, 9), (8, 9, 3), (5, 9, 9), (99, 3)])
def test_facts_are_recorded(shape: tuple[int, ...]) -> None:
    facts = Facts(10, 2, 64, 3, "regression", 2.5, shape)
    assert Facts.of(json.loads(json.dumps(facts.plain()))) == facts
    assert (facts.rows_are == "images") == (shape in [(1, 8, 8), (8, 9), (8, 9, 3)])
