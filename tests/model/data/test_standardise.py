"""The split follows from the seed, and the statistics from the chosen rows alone."""

import numpy as np
import pytest

from model.data.standardise import (
    BLOCK_NUMBERS,
    BLOCK_ROWS,
    block_rows,
    channel_statistics,
    split,
    standardised,
    statistics,
)
from model.errors import ModelError


def test_split_is_a_partition_and_follows_from_the_seed() -> None:
    training, validation = split(100, validation=30, seed=5)
    assert (len(training), len(validation)) == (70, 30)
    assert sorted([*training, *validation]) == list(range(100))
    again = split(100, validation=30, seed=5)
    np.testing.assert_array_equal(again[0], training)
    np.testing.assert_array_equal(again[1], validation)
    assert not np.array_equal(split(100, validation=30, seed=6)[1], validation)


@pytest.mark.parametrize("validation", [-1, 0, 100, 101])
def test_split_refuses_an_empty_part(validation: int) -> None:
    with pytest.raises(ModelError, match=rf"validation must be 1 to 99 .* not {validation}"):
        split(100, validation=validation, seed=0)


def test_split_refuses_a_negative_seed() -> None:
    with pytest.raises(ModelError, match="seed must be 0 or more, not -1"):
        split(100, validation=1, seed=-1)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_statistics_agree_with_numpy(dtype: type) -> None:
    random = np.random.default_rng(3)
    x = random.integers(0, 256, (3 * BLOCK_ROWS + 17, 5)).astype(dtype)
    x[:, 2] = 7
    rows = random.permutation(len(x))[: 2 * BLOCK_ROWS + 9]
    found = statistics(x, rows)
    exact = x[rows].astype(np.float64)
    np.testing.assert_allclose(found.mean, exact.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(np.delete(found.std, 2), np.delete(exact.std(axis=0), 2), rtol=1e-13)
    assert (found.mean[2], found.std[2]) == (7, 1)


def test_a_small_spread_beside_a_large_mean_is_kept() -> None:
    x = np.array([[16_777_214], [16_777_215]], np.float32)
    found = statistics(x, np.arange(2))
    assert (found.mean[0], found.std[0]) == (16_777_214.5, 0.5)


def test_standardised_rows_come_in_order_and_leave_the_images_alone() -> None:
    x = np.random.default_rng(4).integers(0, 256, (2 * BLOCK_ROWS + 5, 3)).astype(np.float32)
    before, rows = x.copy(), np.arange(len(x))[::-1]
    given = statistics(x, rows)
    blocks = list(standardised(x, rows, given))
    assert [len(block) for block in blocks] == [BLOCK_ROWS, BLOCK_ROWS, 5]
    assert blocks[0].dtype == np.float32
    np.testing.assert_allclose(
        np.concatenate(blocks), (x[::-1] - given.mean) / given.std, rtol=1e-6, atol=1e-7
    )
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("value", [0.1, 1e-300, 1e30])
def test_a_constant_input_is_found_by_its_values(value: float) -> None:
    """Their mean is another number, so that other rows would be astronomically far from it."""
    x = np.full((1_001, 2), value)
    x[:, 1] = np.arange(1_001)
    found = statistics(x, np.arange(1_000))
    assert (found.mean[0], found.std[0]) == (value, 1)


def test_missing_numbers_do_not_count_and_become_the_mean() -> None:
    x = np.random.default_rng(5).normal(size=(2 * BLOCK_ROWS + 9, 4))
    x[np.random.default_rng(6).random(x.shape) < 0.3] = np.nan
    x[:, 2] = np.nan
    x[:, 3] = np.where(np.isnan(x[:, 3]), np.nan, 0.1)
    rows = np.arange(5, len(x))
    found = statistics(x, rows)
    np.testing.assert_allclose(found.mean[:2], np.nanmean(x[rows, :2], axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.std[:2], np.nanstd(x[rows, :2], axis=0), rtol=1e-12)
    assert (found.mean[2:].tolist(), found.std[2:].tolist()) == ([0, 0.1], [1, 1])
    blocks = np.concatenate(list(standardised(x, rows, found)))
    np.testing.assert_array_equal(blocks[np.isnan(x[rows])], 0)


def test_of_wide_rows_fewer_are_taken_at_a_time() -> None:
    assert block_rows(3_072) == BLOCK_ROWS
    assert block_rows(BLOCK_NUMBERS // 10) == 10
    assert block_rows(10 * BLOCK_NUMBERS) == 1


@pytest.mark.parametrize("shape", [(3, 4, 5), (4, 5, 3), (8, 9)])
def test_channels_are_standardised_as_numpy_has_all_their_pixels(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(3).integers(0, 256, (40, *shape), np.uint8)
    x[:, ..., 0, 0] = 7  # pixels that are constant, in some layouts with other colours
    rows = np.arange(5, 35)
    found = channel_statistics(x.reshape(40, -1), rows, shape)
    axes = {(3, 4, 5): (0, 2, 3), (4, 5, 3): (0, 1, 2), (8, 9): (0, 1, 2)}[shape]
    for array, name in ((found.mean, "mean"), (found.std, "std")):
        expected = getattr(x[rows].astype(float), name)(axis=axes, keepdims=True)
        np.testing.assert_allclose(array.reshape(shape), np.broadcast_to(expected[0], shape))


def test_a_channel_that_is_constant_is_divided_by_1_and_rows_that_are_no_images_refused() -> None:
    x = np.full((9, 3 * 4 * 5), 2.0)
    assert (channel_statistics(x, np.arange(9), (3, 4, 5)).std == 1).all()
    with pytest.raises(ModelError, match="are no images, and have no channels"):
        channel_statistics(x, np.arange(9), (60,))
