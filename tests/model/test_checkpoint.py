"""A checkpoint comes back from its bytes as it was; other bytes are refused."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from model.checkpoint import Checkpoint
from model.errors import ModelError

ONE = Checkpoint(
    3,
    {
        "layer_1.weights": np.arange(6.0).reshape(1, 2, 3),
        "layer_1.bias": np.array([[[-0.0, np.inf, np.nan]]], np.float32),
    },
)
WRITTEN = ONE.to_bytes()
SHAPES = st.tuples(st.just(1), st.integers(1, 4), st.integers(1, 4))
ARRAYS = st.one_of(
    arrays.arrays(np.float64, SHAPES, elements=st.floats(width=64)),
    arrays.arrays(np.float32, SHAPES, elements=st.floats(width=32)),
)
NAMES = st.builds(
    lambda what, number, name: f"{what}_{number}.{name}",
    st.sampled_from(["layer", "velocity"]),
    st.integers(1, 99),
    st.sampled_from(["weights", "bias", "gamma", "beta", "mean", "variance"]),
)


def archive(**entries: object) -> bytes:
    file = io.BytesIO()
    np.savez(file, **entries)
    return file.getvalue()


@given(st.integers(0, 10**9), st.dictionaries(NAMES, ARRAYS, max_size=6))
@settings(derandomize=True, deadline=None)
def test_what_was_written_is_read_bit_for_bit(epochs: int, kept: dict[str, np.ndarray]) -> None:
    read = Checkpoint.from_bytes(Checkpoint(epochs, kept).to_bytes())
    assert read.epochs == epochs
    assert type(read.epochs) is int
    assert read.arrays.keys() == kept.keys()
    for name, array in kept.items():
        assert (read.arrays[name].dtype, read.arrays[name].shape) == (array.dtype, array.shape)
        assert read.arrays[name].tobytes() == array.tobytes()  # NaN and -0.0 too


def test_the_same_checkpoint_gives_the_same_bytes_at_any_time() -> None:
    copies = {name: array.copy() for name, array in ONE.arrays.items()}
    assert Checkpoint(3, copies).to_bytes() == WRITTEN
    with zipfile.ZipFile(io.BytesIO(WRITTEN)) as entries:
        assert {entry.date_time for entry in entries.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_what_was_read_can_be_changed_without_touching_the_bytes() -> None:
    Checkpoint.from_bytes(WRITTEN).arrays["layer_1.weights"][...] = 9
    np.testing.assert_array_equal(
        Checkpoint.from_bytes(WRITTEN).arrays["layer_1.weights"], ONE.arrays["layer_1.weights"]
    )


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"no archive",
        b"\x93NUMPY",
        b"PK\x05\x06" + bytes(18),  # an archive of nothing
        WRITTEN[:-1],
        WRITTEN[: len(WRITTEN) // 2],
        npy(np.zeros(3)),
        archive(weights=np.zeros((1, 2, 2))),
        archive(epochs=np.zeros(2)),
        archive(epochs=np.array("three")),
        archive(epochs=np.array(np.nan)),
        archive(epochs=np.array([None])),  # pickled, and pickles are never loaded
    ],
)
def test_what_is_no_checkpoint_is_refused(written: bytes) -> None:
    with pytest.raises(ModelError, match="this is no checkpoint of a training: "):
        Checkpoint.from_bytes(written)


@given(st.binary(max_size=200))
@settings(derandomize=True, deadline=None)
def test_garbage_is_refused(written: bytes) -> None:
    with pytest.raises(ModelError, match="no checkpoint"):
        Checkpoint.from_bytes(written)


@given(
    st.lists(
        st.tuples(st.integers(0, len(WRITTEN) - 1), st.integers(0, 255)), min_size=1, max_size=3
    )
)
@settings(derandomize=True, deadline=None, max_examples=500)
def test_damage_is_refused_or_does_not_matter(damage: list[tuple[int, int]]) -> None:
    """The archive's own sums guard the numbers; what is unguarded (dates) is not used."""
    damaged = bytearray(WRITTEN)
    for place, value in damage:
        damaged[place] = value
    try:
        read = Checkpoint.from_bytes(bytes(damaged))
    except ModelError:
        return
    for name, array in read.arrays.items():
        if name in ONE.arrays:
            assert array.tobytes() == ONE.arrays[name].tobytes()


@pytest.mark.parametrize("flag", [0x01, 0x20])
def test_an_archive_that_says_it_is_encrypted_or_patched_is_refused(flag: int) -> None:
    damaged = bytearray(WRITTEN)
    damaged[WRITTEN.index(b"PK\x01\x02") + 8] |= flag  # the first entry's, in the directory
    with pytest.raises(ModelError, match="no checkpoint"):
        Checkpoint.from_bytes(bytes(damaged))
