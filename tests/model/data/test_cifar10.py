"""CIFAR-10 is read alike from both layouts; anything wrong costs one message naming the file."""

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model.data import cifar10
from model.errors import DataFileError

LAYOUTS = ["cifar-10-batches-bin", "cifar-10-batches-py"]


def batch(linked: Path, kind: str, name: str) -> Path:
    """The place of a batch, its link removed."""
    path = linked / kind / (f"{name}.bin" if kind.endswith("bin") else name)
    path.unlink()
    return path


def wrong(linked: Path, kind: str, expected: str) -> str:
    with pytest.raises(DataFileError, match=expected) as caught:
        cifar10.read_training(cifar10.find(linked / kind))
    return str(caught.value)


@pytest.mark.parametrize("kind", [LAYOUTS[0], pytest.param(LAYOUTS[1], marks=pytest.mark.long)])
def test_reads_all_images_in_order(official, kind: str) -> None:
    layout = cifar10.find(official.folder / kind)
    training, test = cifar10.read_training(layout), cifar10.read_test(layout)
    assert training.x.dtype == test.x.dtype == np.uint8
    np.testing.assert_array_equal(training.x, official.pixels[:50_000])
    np.testing.assert_array_equal(training.y, official.labels[:50_000])
    np.testing.assert_array_equal(test.x, official.pixels[50_000:])
    np.testing.assert_array_equal(test.y, official.labels[50_000:])


def test_finds_either_layout(official, tmp_path: Path) -> None:
    binary = cifar10.find(official.folder)
    assert (binary.folder.name, binary.is_pickled) == (LAYOUTS[0], False)
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / LAYOUTS[1]).symlink_to(official.folder / LAYOUTS[1])
    assert cifar10.find(tmp_path / "only").is_pickled
    (tmp_path / "renamed").symlink_to(official.folder / LAYOUTS[1])
    assert cifar10.find(tmp_path / "renamed") == cifar10.Layout(tmp_path / "renamed", True)


def test_prefers_a_complete_layout(linked: Path) -> None:
    batch(linked, LAYOUTS[0], "test_batch")
    assert cifar10.find(linked).is_pickled
    batch(linked, LAYOUTS[1], "data_batch_2")
    assert not cifar10.find(linked).is_pickled


def test_refuses_folders_without_images(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder, reason in {
        "absent": "is missing",
        "file": "is not a folder",
        ".": "holds no",
    }.items():
        with pytest.raises(DataFileError, match=f"{reason}.*{LAYOUTS[0]}"):
            cifar10.find(tmp_path / folder)


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_missing_file(linked: Path, kind: str) -> None:
    path = batch(linked, kind, "data_batch_4")
    assert str(path) in wrong(linked, kind, "is missing")


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_device_a_folder_and_a_pipe(linked: Path, kind: str) -> None:
    path = batch(linked, kind, "data_batch_1")
    path.symlink_to("/dev/zero")
    wrong(linked, kind, "is a device")
    path.unlink()
    path.mkdir()
    wrong(linked, kind, "is a folder")
    path.rmdir()
    os.mkfifo(path)
    wrong(linked, kind, "pipe")


@pytest.mark.parametrize("size", [0, 30_729_999, 30_730_001, 10**12])
def test_binary_files_of_another_size(linked: Path, size: int) -> None:
    path = batch(linked, LAYOUTS[0], "data_batch_1")
    with path.open("wb") as file:
        file.truncate(size)  # without using room on the disk
    wrong(linked, LAYOUTS[0], f"has {size:,} bytes; expected 30,730,000 bytes")


def test_a_binary_label_above_9(linked: Path) -> None:
    path = batch(linked, LAYOUTS[0], "data_batch_1")
    with path.open("wb") as file:
        file.truncate(30_730_000)
        file.seek(3073 * 1234)
        file.write(b"\x0a")
    assert str(path) in wrong(linked, LAYOUTS[0], "image 1,234 .* has label 10; expected 0 to 9")


@pytest.mark.parametrize("size", [0, 100, 40_000_001, 10**12])
def test_pickled_files_of_another_size(linked: Path, size: int) -> None:
    path = batch(linked, LAYOUTS[1], "data_batch_1")
    with path.open("wb") as file:
        file.truncate(size)
    wrong(linked, LAYOUTS[1], f"has {size:,} bytes; expected 30,720,000 to 40,000,000")


def test_a_truncated_pickle_and_a_foreign_file(official, linked: Path) -> None:
    path = batch(linked, LAYOUTS[1], "data_batch_1")
    shutil.copyfile(official.folder / LAYOUTS[1] / path.name, path)
    os.truncate(path, path.stat().st_size - 5)
    assert str(path) in wrong(linked, LAYOUTS[1], "is not a pickled batch")
    path.write_bytes(bytes(31_000_000))
    wrong(linked, LAYOUTS[1], "doesn't begin as a pickle")


GOOD_X, GOOD_Y = np.zeros((10_000, 3072), np.uint8), [9] * 10_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"data": GOOD_X, "labels": [*GOOD_Y[1:], 10]}, "image 9,999 .* has label 10"),
        ({"data": GOOD_X, "labels": [-1, *GOOD_Y[1:]]}, "image 0 .* has label -1"),
        ({"data": GOOD_X, "labels": [True, *GOOD_Y[1:]]}, "whole numbers"),
        ({"data": GOOD_X, "labels": ["1", *GOOD_Y[1:]]}, "whole numbers"),
        ({"data": GOOD_X, "labels": GOOD_Y[1:]}, "a list of 9,999; expected a list of 10,000"),
        ({"data": GOOD_X, "labels": tuple(GOOD_Y)}, "no list"),
        ({"data": GOOD_X}, "no list"),
        ({"labels": GOOD_Y, "other": GOOD_X}, "no array"),
        ({"data": GOOD_X.reshape(3072, 10_000), "labels": GOOD_Y}, r"shape \(3072, 10000\)"),
        ({"data": GOOD_X.view(np.int8), "labels": GOOD_Y}, "other than that of a uint8 array"),
        (["data", GOOD_X], "no dict"),
    ],
)
def test_pickles_with_another_content(linked: Path, content: object, message: str) -> None:
    path = batch(linked, LAYOUTS[1], "data_batch_1")
    path.write_bytes(pickle.dumps(content, 4))
    assert str(path) in wrong(linked, LAYOUTS[1], message)


def test_the_largest_label_is_right(linked: Path, python2: Callable[[object], bytes]) -> None:
    path = batch(linked, LAYOUTS[1], "test_batch")
    path.write_bytes(python2({"data": GOOD_X, "labels": GOOD_Y}))
    assert set(cifar10.read_test(cifar10.find(linked / LAYOUTS[1])).y) == {9}


def test_source_reads_when_asked(linked: Path) -> None:
    source = cifar10.source(linked / LAYOUTS[0])
    assert (source.name, len(source.classes)) == ("cifar10", 10)
    path = batch(linked, LAYOUTS[0], "test_batch")
    assert len(source.training()) == 50_000
    with pytest.raises(DataFileError, match=r"test_batch\.bin: is missing"):
        source.test()
    with pytest.raises(DataFileError, match=r"test_batch\.bin: is missing"):  # before anything runs
        cifar10.source(linked / LAYOUTS[0])
    path.write_bytes(b"short")
    with pytest.raises(DataFileError, match=r"test_batch\.bin: has 5 bytes"):
        cifar10.source(linked / LAYOUTS[0])


@pytest.mark.skipif(not os.environ.get("KLAYER_DATA"), reason="KLAYER_DATA names no real images")
def test_real_images() -> None:
    source = cifar10.source(Path(os.environ["KLAYER_DATA"]))
    training, test = source.training(), source.test()
    assert np.bincount(training.y).tolist() == [5_000] * 10
    assert np.bincount(test.y).tolist() == [1_000] * 10
    neighbours = np.corrcoef(training.x[:, 0], training.x[:, 1])[0, 1]
    assert neighbours > 0.9, "neighbouring pixels of photographs are alike"
    assert 110 < training.x.mean() < 130
