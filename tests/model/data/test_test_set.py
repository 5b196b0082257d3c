"""The test images come standardised by the training part, some rows at a time."""

from pathlib import Path

import numpy as np

from model.data import digits, prepared
from model.data.labelled import Labelled
from model.data.standardise import BLOCK_ROWS, Statistics
from model.data.test_set import TestSet


def test_test_images_are_standardised_as_the_training_part(tmp_path: Path) -> None:
    ready = prepared.prepare(digits.source(), tmp_path, validation=300, seed=0)
    test, raw = prepared.test_set(ready, digits.source()), digits.test()
    np.testing.assert_array_equal(test.targets, raw.y)
    for _ in range(2):  # as often as is asked
        x = np.concatenate(list(test.blocks()))
        assert (x.shape, x.dtype) == ((297, 64), np.float32)
        np.testing.assert_array_equal(x, ((raw.x - ready.mean) / ready.std).astype(np.float32))


def test_blocks_are_small_and_hold_every_row_once() -> None:
    rows = 2 * BLOCK_ROWS + 7
    raw = Labelled(np.arange(2 * rows, dtype=np.float32).reshape(rows, 2), np.zeros(rows, int))
    blocks = list(TestSet(raw.y, raw, Statistics(np.ones(2), np.full(2, 2.0))).blocks())
    assert [len(block) for block in blocks] == [BLOCK_ROWS, BLOCK_ROWS, 7]
    np.testing.assert_array_equal(np.concatenate(blocks), (raw.x - 1) / 2)
