"""An array file opens only as the array that was written; NumPy reads it too."""

from pathlib import Path

import numpy as np
import pytest

from model.data import array_file
from model.errors import DataFileError

VALUES = np.arange(12, dtype=np.float32).reshape(4, 3)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    array_file.write(tmp_path / "a.npy", (4, 3), "<f4", [VALUES[:3], VALUES[3:]])
    return tmp_path / "a.npy"


def test_opens_as_a_read_only_map(file: Path) -> None:
    opened = array_file.opened(file, (4, 3), "<f4")
    assert isinstance(opened, np.memmap)
    np.testing.assert_array_equal(opened, VALUES)
    np.testing.assert_array_equal(np.load(file), VALUES)
    with pytest.raises(ValueError, match="read-only"):
        opened[0, 0] = 1


def test_is_never_overwritten(file: Path) -> None:
    with pytest.raises(FileExistsError):
        array_file.write(file, (4, 3), "<f4", [VALUES])


@pytest.mark.parametrize(("shape", "dtype"), [((3, 4), "<f4"), ((4, 3), "<i4"), ((4, 2), "<f4")])
def test_refuses_another_array(file: Path, shape: tuple[int, int], dtype: str) -> None:
    with pytest.raises(DataFileError, match=r"a\.npy: .*expected"):
        array_file.opened(file, shape, dtype)


def test_refuses_other_sizes_and_missing_files(file: Path) -> None:
    content = file.read_bytes()
    for damaged in (content[:-1], content + b"\0", b""):
        file.write_bytes(damaged)
        with pytest.raises(DataFileError, match=f"has {len(damaged)} bytes; expected 176"):
            array_file.opened(file, (4, 3), "<f4")
    file.unlink()
    with pytest.raises(DataFileError, match="is missing"):
        array_file.opened(file, (4, 3), "<f4")


def test_a_temporary_array_leaves_no_file(tmp_path: Path) -> None:
    found = array_file.temporary((4, 3), "<f4", [VALUES[:3], VALUES[3:]], tmp_path / "new")
    np.testing.assert_array_equal(found, VALUES)
    assert not found.flags.writeable
    assert list(tmp_path.rglob("*")) == [tmp_path / "new"]


def test_a_temporary_array_that_cannot_be_written_is_told_with_its_size(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFileError, match=r"file: cannot be written \(.*\); .* for 48 bytes"):
        array_file.temporary((4, 3), "<f4", [VALUES], tmp_path / "file")
