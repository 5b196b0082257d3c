"""Official batches are read; every other pickle is refused, and nothing in it runs."""

import builtins
import os
import pickle
import pickletools
import subprocess
import time
import tracemalloc
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.data import pickled
from model.errors import DataFileError

SMALL = np.arange(6, dtype=np.uint8).reshape(2, 3)


def refused(payload: bytes) -> str:
    with pytest.raises(DataFileError) as caught:
        pickled.loads(payload, "batch")
    assert str(caught.value).startswith("batch: is not a pickled batch (")
    return str(caught.value)


def test_reads_what_python_2_wrote(python2: Callable[[object], bytes]) -> None:
    payload = python2({"batch_label": "one", "labels": [1, 300, -5, 70_000], "data": SMALL})
    theirs = pickle.loads(payload, encoding="bytes")  # our own bytes: they are what we think
    ours = pickled.loads(payload, "batch")
    assert ours[b"labels"] == theirs[b"labels"] == [1, 300, -5, 70_000]
    assert ours[b"batch_label"] == theirs[b"batch_label"] == b"one"
    np.testing.assert_array_equal(ours[b"data"], SMALL)
    np.testing.assert_array_equal(theirs[b"data"], SMALL)


@pytest.mark.parametrize("protocol", [3, 4])
@pytest.mark.parametrize("array", [SMALL, np.asfortranarray(SMALL)])
def test_reads_what_python_3_wrote(protocol: int, array: np.ndarray) -> None:
    payload = pickle.dumps({b"data": array, "labels": list(range(3000))}, protocol)
    read = pickled.loads(payload, "batch")
    np.testing.assert_array_equal(read[b"data"], SMALL)
    assert isinstance(read[b"data"], np.ndarray)
    assert read[b"data"].dtype == np.uint8
    assert read[b"labels"] == list(range(3000))


class Runs:
    """Pickles as a call of `function` with `arguments`."""

    def __init__(self, function: Callable[..., Any], *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return self.call


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_runs_nothing(tmp_path: Path, protocol: int) -> None:
    trace = tmp_path / "trace"
    calls = [
        Runs(os.system, f"touch {trace}"),
        Runs(subprocess.call, ["touch", str(trace)]),
        Runs(builtins.eval, f"open({str(trace)!r}, 'w')"),
        Runs(builtins.exec, f"open({str(trace)!r}, 'w')"),
        Runs(open, str(trace), "w"),
        Runs(__import__, "os"),
        Runs(np.fromfile, str(trace)),
        Runs(np.load, str(trace)),
        Runs(np.zeros, (1 << 40,)),
        Runs(np.dtype, "O"),
        Runs(np.ndarray, (1 << 40,)),
        Runs(OrderedDict),
    ]
    for call in calls:
        message = refused(pickle.dumps({"data": call}, protocol))
        assert "it asks for" in message
    assert not trace.exists()


def test_runs_nothing_by_the_older_ways_to_call() -> None:
    for body in (b"(S'true'\nios\nsystem\n.", b"(cos\nsystem\nU\x04trueo.", b"cos\nsystem\n)\x81."):
        refused(b"\x80\x02" + body)
    refused(b"\x80\x02\x82\x01.")  # a registered extension
    refused(b"\x80\x02Pid\n.")  # a persistent object
    refused(b"\x80\x02" + b"cnumpy.core.multiarray\n_reconstruct\n" + b"}b.")


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 3), object),
        np.zeros((2, 3), np.int8),
        np.zeros((2, 3), np.float64),
        np.zeros((2, 3), [("a", "u1")]),
        np.zeros((2, 3), "U1"),
        np.zeros(6, np.uint8),
        np.zeros((1, 2, 3), np.uint8),
    ],
)
def test_refuses_other_arrays(array: np.ndarray) -> None:
    refused(pickle.dumps({"data": array}, 4))


def changed(payload: bytes, old: bytes, new: bytes) -> bytes:
    assert payload.count(old) == 1
    return payload.replace(old, new)


def test_refuses_a_false_shape(python2: Callable[[object], bytes]) -> None:
    payload = python2({"data": SMALL})
    huge = b"J\xff\xff\xff\x7f"
    for rows, columns in ((huge, huge), (b"K\x03", b"K\x03"), (b"J\xfe\xff\xff\xff", b"K\x03")):
        assert "shape" in refused(changed(payload, b"K\x02K\x03\x86", rows + columns + b"\x86"))
    refused(changed(payload, b"K\x02K\x03\x86", b"\x88K\x06\x86"))
    refused(changed(payload, b"U\x02u1", b"U\x02O8"))
    refused(changed(payload, b"b\x89T", b"bNT"))
    refused(changed(payload, b"T\x06\x00\x00\x00", b"T\x06\x00\x00\x7f"))
    refused(changed(payload, b"T\x06\x00\x00\x00", b"T\xff\xff\xff\xff"))


def test_an_array_is_filled_once(python2: Callable[[object], bytes]) -> None:
    array = python2(SMALL)
    assert "new uint8 array" in refused(array[:-1] + array[array.rindex(b"(K\x01") : -1] + b".")
    empty = array[: array.rindex(b"(K\x01")]
    assert "without content" in refused(b"\x80\x02}U\x01a" + empty[2:] + b"s.")


def doubled(between: bytes) -> bytes:
    """A dict whose key is a tuple of twice the one before, and so on: hashing never ends."""
    return b"\x80\x02}Nq\x00" + (b"h\x00\x86" + between + b"q\x00") * 30_000 + b"Ns."


BOMBS = {
    "a length beyond the end": b"\x80\x04B\xff\xff\xff\xff.",
    "a long frame": b"\x80\x04\x95" + b"\xff" * 8 + b"N.",
    "a far memo": b"\x80\x02}r\xff\xff\xff\xff.",
    "a long number": b"\x80\x02\x8b\xff\xff\xff\x7f" + b"1" * 100,
    "eight-byte lengths": b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f.",
    "many dicts": b"\x80\x02" + b"}" * 1_000_000 + b".",
    "many marks": b"\x80\x02" + b"(" * 1_000_000 + b".",
    "deep tuples": b"\x80\x02" + b"N" + b"\x85" * 150_000 + b".",
    "a name without an end": b"\x80\x02c" + b"a" * 1_000_000,
    "doubled tuples as a key": doubled(b""),
    "doubled tuples that look like a list": doubled(b"(e"),
    "doubled tuples that look like a dict": doubled(b"(u"),
    "doubled tuples that look like an object": doubled(b"Nb"),
    "doubled tuples in frames": doubled(b"\x95" + bytes(8)),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_stay_small(bomb: str) -> None:
    tracemalloc.start()
    started = time.perf_counter()
    try:
        refused(BOMBS[bomb])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 200_000_000
    assert time.perf_counter() - started < 30


def test_structures_that_hold_themselves() -> None:
    assert list(pickled.loads(b"\x80\x02}q\x00U\x01ah\x00s.", "batch")) == [b"a"]
    looped = pickled.loads(b"\x80\x02}U\x01a]q\x00h\x00as.", "batch")[b"a"]
    assert isinstance(looped, list)
    assert looped[0] is looped


def test_refuses_what_is_broken() -> None:
    whole = pickle.dumps({"a": [1, 2, (3,)]}, 2)
    for length in range(len(whole)):
        refused(whole[:length])
    assert "more after its end" in refused(whole + b"\x00")
    refused(b"\x89PNG\r\n")
    for protocol in (0, 1, 5):
        refused(pickle.dumps({"a": 1}, protocol))
    for body in (b".", b"N.", b"t.", b"NN.", b"]u.", b"Na.", b"(Nu.", b"}(NNu.", b"h\x07.", b"K"):
        refused(b"\x80\x02" + body)


def dict_or_error(payload: bytes) -> bool:
    try:
        return isinstance(pickled.loads(payload, "batch"), dict)
    except DataFileError as error:
        return str(error).startswith("batch: is not a pickled batch (")


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_dict_or_one_error(noise: bytes) -> None:
    assert dict_or_error(b"\x80\x02" + noise)


@given(st.data())
def test_any_changed_byte_ends_in_a_dict_or_one_error(data: st.DataObject) -> None:
    payload = bytearray(pickle.dumps({"data": SMALL, "labels": [1, 2]}, 4))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(payload) - 1))
        payload[place] = data.draw(st.integers(0, 255))
    assert dict_or_error(bytes(payload))


@given(
    st.dictionaries(
        st.binary(max_size=5),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.binary(),
            lambda inner: (
                st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=3), inner)
            ),
            max_leaves=10,
        ),
        max_size=4,
    ),
    st.sampled_from([3, 4]),
)
def test_plain_values_come_back(value: dict[bytes, object], protocol: int) -> None:
    assert pickled.loads(pickle.dumps(value, protocol), "batch") == value
    assert pickled.loads(pickletools.optimize(pickle.dumps(value, protocol)), "batch") == value
