"""Arrays are read from the disk; what is cut short, packed too tightly or pickled is refused."""

import gzip
import io
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.data import array_files
from model.errors import DataFileError
from tests.model.data.arrays import CODES, idx_bytes, write_idx

ROWS = np.random.default_rng(2).integers(0, 100, (6, 4, 5))


def npy(array: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["<f4", ">f8", "<f2", "u1", ">i8", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_npy_file_is_mapped_whatever_its_type_and_order(
    tmp_path: Path, kind: str, order: Any
) -> None:
    right = np.array(ROWS, kind, order=order)
    np.save(tmp_path / "größe x.npy", right)
    found = array_files.array(tmp_path / "größe x.npy", None)
    assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, right)
    assert found.dtype == right.dtype


def test_text_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", np.array(["größe", ""]))
    assert array_files.array(tmp_path / "y.npy", None).tolist() == ["größe", ""]


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_an_idx_file_is_read_whatever_its_type(tmp_path: Path, kind: str, ending: str) -> None:
    path = write_idx(tmp_path / f"a-idx3-ubyte{ending}", ROWS, kind)
    np.testing.assert_array_equal(array_files.array(path, tmp_path), ROWS)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]  # nothing is left beside it


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_of_an_npz_file_are_unpacked_one_by_one(tmp_path: Path, save: Any) -> None:
    save(tmp_path / "a.npz", x=ROWS, turned=np.asfortranarray(ROWS), y=np.arange(6))
    found = array_files.arrays(tmp_path / "a.npz", tmp_path / "made")
    assert list(found) == ["x", "turned", "y"]
    np.testing.assert_array_equal(found["x"].array(), ROWS)
    np.testing.assert_array_equal(found["turned"].array(), ROWS)
    np.testing.assert_array_equal(found["y"].array(), np.arange(6))
    assert not list((tmp_path / "made").iterdir())


OBJECTS = np.array([1, None, "a"], object)
BAD_NPY = {
    "empty": (b"", "has 0 bytes"),
    "nothing but magic": (b"\x93NUMPY", "cut short, damaged, or not a .npy file"),
    "a csv": (b"a,b\n1,2\n", "cut short, damaged, or not a .npy file"),
    "header cut": (npy(ROWS)[:60], "cut short, damaged, or not a .npy file"),
    "rows cut": (npy(ROWS)[:-8], "is cut short: expected 960 bytes for 6 x 4 x 5 numbers, found"),
    "two arrays": (npy(ROWS) * 2, "is longer than its array"),
    "objects": (npy(OBJECTS, allow_pickle=True), "holds Python objects, which are never loaded"),
    "no rows": (npy(ROWS[:0]), r"has the shape \(0, 4, 5\); expected a row or more"),
    "no axis": (npy(np.array(3)), r"has the shape \(\); expected a row or more"),
    "version": (b"\x93NUMPY\x09\x00" + npy(ROWS)[8:], "version 9.0|version"),
    "odd header": (npy(ROWS).replace(b"'shape'", b"'shapf'"), "cut short, damaged, or not"),
    "gzip": (gzip.compress(npy(ROWS)), "cut short, damaged, or not a .npy file"),
}


@pytest.mark.parametrize("case", BAD_NPY)
def test_other_files_are_refused_as_npy(tmp_path: Path, case: str) -> None:
    content, told = BAD_NPY[case]
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(DataFileError, match=told) as caught:
        array_files.array(tmp_path / "x.npy", None)
    assert str(tmp_path / "x.npy") in str(caught.value)


IDX = idx_bytes(ROWS)
BAD_IDX = {
    "empty": (b"", "has 0 bytes|cut short"),
    "magic": (b"\x00\x01" + IDX[2:], "begins with 00 01 08 03; expected 00 00, a type"),
    "type": (b"\x00\x00\x07" + IDX[3:], "begins with 00 00 07 03"),
    "no axes": (b"\x00\x00\x08\x00" + IDX[4:], "begins with 00 00 08 00"),
    "header cut": (IDX[:9], "is cut short amid its header"),
    "rows cut": (IDX[:-1], "is cut short: expected 120 bytes for 6 x 4 x 5 numbers, found 119"),
    "longer": (IDX + b"\0", "is longer than its array"),
    "no rows": (idx_bytes(ROWS[:0]), r"has the shape \(0, 4, 5\)"),
    "huge": (IDX[:4] + struct.pack(">3I", *[2**32 - 1] * 3), "is cut short|unpacked; expected"),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("case", BAD_IDX)
def test_other_files_are_refused_as_idx(tmp_path: Path, case: str, packed: bool) -> None:
    content, told = BAD_IDX[case]
    path = tmp_path / f"a-idx3-ubyte{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(content) if packed else content)
    if packed and case == "empty":
        told = "begins with ; expected"
    with pytest.raises(DataFileError, match=told):
        array_files.array(path, tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda packed: packed[:-9], "cut short, damaged, or not what its name says"),
        (lambda packed: packed[:-12] + b"\0" * 12, "is damaged, or no gzip file"),
        (lambda packed: IDX, "is damaged, or no gzip file"),
    ],
)
def test_a_damaged_gzip_file_is_refused(tmp_path: Path, change: Any, told: str) -> None:
    path = tmp_path / "a-idx3-ubyte.gz"
    path.write_bytes(change(gzip.compress(IDX)))
    with pytest.raises(DataFileError, match=told):
        array_files.array(path, tmp_path)


def test_a_file_that_unpacks_to_more_than_it_says_is_not_unpacked_further(tmp_path: Path) -> None:
    path = tmp_path / "a-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(idx_bytes(np.zeros(10)) + bytes(50_000_000)))
    with pytest.raises(DataFileError, match="is longer than its array"):
        array_files.array(path, tmp_path)


def test_a_file_that_would_unpack_to_very_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_files, "MOST_UNPACKED", 900)
    np.savez_compressed(tmp_path / "a.npz", x=ROWS)
    entry = array_files.arrays(tmp_path / "a.npz", tmp_path)["x"]
    with pytest.raises(DataFileError, match="'x': has 960 bytes unpacked; expected at most 900"):
        entry.array()


@pytest.mark.parametrize("name", ["x.npz", "x-idx1-ubyte.gz"])
def test_a_file_that_unpacks_a_thousandfold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    zeros, path = np.zeros(10**6, np.uint8), tmp_path / name
    if name == "x.npz":
        np.savez_compressed(path, x=zeros)
    else:
        path.write_bytes(gzip.compress(idx_bytes(zeros)))

    def read() -> object:
        if name == "x.npz":
            return array_files.arrays(path, tmp_path)["x"].array()
        return array_files.array(path, tmp_path)

    assert read() is not None  # as it fills no disk
    monkeypatch.setattr("model.data.regular.LEAST_EXPANDED", 1000)
    with pytest.raises(DataFileError, match=r"unpacks to more than 500 times its [\d,]+ bytes"):
        read()


def test_damaged_npz_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=ROWS, o=OBJECTS)
    whole = path.read_bytes()
    with pytest.raises(DataFileError, match="'o': holds Python objects, which are never loaded"):
        array_files.arrays(path, tmp_path)["o"].array()
    for content in (b"", whole[:100], whole[:-30], b"PK" + b"x" * 100):
        path.write_bytes(content)
        with pytest.raises(DataFileError, match=r"a\.npz: "):
            array_files.arrays(path, tmp_path)
    place = whole.index(ROWS.astype("<i8").tobytes())
    path.write_bytes(whole[: place + 5] + b"\x09" + whole[place + 6 :])
    with pytest.raises(DataFileError, match=r"a\.npz: is cut short, damaged.*CRC"):
        array_files.arrays(path, tmp_path)["x"].array()


def test_headers_that_nothing_would_read_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    whole = npy(ROWS)
    end = whole.index(b"\n")
    long = b"\x93NUMPY\x02\x00" + (1 << 30).to_bytes(4, "little") + b" " * 100
    for content, told in (
        (whole[: end - 2] + b"[" + whole[end - 1 :], ""),
        (long, "1,073,741,824"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataFileError, match=rf"a\.npy: is cut short, damaged.*{told}"):
            array_files.array(path, tmp_path)


def test_a_damaged_entry_that_is_packed_otherwise_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x.npy", npy(np.random.default_rng(1).random(1_000)))
    content = bytearray(path.read_bytes())
    content[60:80] = bytes(20)
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=r"a\.npz: is cut short, damaged"):
        array_files.arrays(path, tmp_path)["x"].array()


def test_an_entry_that_is_not_as_long_as_it_says_is_refused(tmp_path: Path) -> None:
    for content, told in ((npy(ROWS)[:-1], "'x': is cut short"), (npy(ROWS) + b"1", "is longer")):
        with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
            archive.writestr("x.npy", content)
            archive.writestr("notes.txt", "no array")
        found = array_files.arrays(tmp_path / "a.npz", tmp_path)
        assert list(found) == ["x"]
        with pytest.raises(DataFileError, match=told):
            found["x"].array()


def test_missing_files_folders_and_pipes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.npy").mkdir()
    os.mkfifo(tmp_path / "pipe.npz")
    for name, told in (("none.npy", "is missing"), ("folder.npy", "is a folder")):
        with pytest.raises(DataFileError, match=told):
            array_files.array(tmp_path / name, None)
    with pytest.raises(DataFileError, match="is a device, pipe or socket"):
        array_files.arrays(tmp_path / "pipe.npz", None)
