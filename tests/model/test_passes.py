"""Blocks cover an array, and factors multiply as a column does."""

import numpy as np
import pytest

from model import linear, passes


@pytest.mark.parametrize("shape", [(2, 1, 3), (8, 3072, 50), (1, 7, 40_000), (3, 0, 5)])
def test_blocks_cover_all_rows_once(shape: tuple[int, int, int]) -> None:
    rows = [row for part in passes.blocks(np.empty(shape)) for row in range(shape[1])[part]]
    assert rows == list(range(shape[1]))


def test_blocks_of_a_first_layer_are_of_the_size_that_is_said() -> None:
    parts = [range(3072)[part] for part in passes.blocks(np.empty((8, 3072, 50)))]
    assert {len(part) for part in parts[:-1]} == {passes.BLOCK // 400}


@pytest.mark.parametrize("values", [[0.3, 0.3], [0.3, 0.7], [np.nan, np.nan]])
@pytest.mark.parametrize("first", [True, False])
def test_products_are_those_of_the_column(values: list[float], first: bool) -> None:
    array = linear.first_layer_order(2, 5, 3, np.float32) if first else np.zeros((2, 5, 3), "f4")
    array[...] = np.random.default_rng(1).standard_normal(array.shape)
    column = np.reshape(values, (2, 1, 1)).astype(np.float32)
    product = array * passes.factor(column, array)
    assert product.dtype == np.float32
    np.testing.assert_array_equal(product, array * column)
