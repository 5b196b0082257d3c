"""One generator for each seed, purpose and index."""

import itertools

from model.seeding import PURPOSES, generator


def test_the_same_key_draws_the_same() -> None:
    once, again = generator(7, "weights", 2), generator(7, "weights", 2)
    assert once.integers(2**62, size=4).tolist() == again.integers(2**62, size=4).tolist()


def test_seed_purpose_and_index_each_make_another_generator() -> None:
    keys = itertools.product([0, 1, 2**40, 2**63 - 1], PURPOSES, [0, 1, 2])
    drawn = [int(generator(*key).integers(2**62)) for key in keys]
    assert len(set(drawn)) == len(drawn)


def test_numbers_of_purposes_never_change() -> None:
    # They are part of every result that was ever recorded.
    assert PURPOSES == {
        "weights": 1,
        "order": 2,
        "jitter": 3,
        "split": 4,
        "gradient check": 5,
        "portrait": 6,
        "folds": 7,
        "dropout": 8,
        "input dropout": 9,
        "mixup": 10,
        "images": 11,
    }
