"""Images of a user's own: split, decoded, and their test part left alone until it is asked for."""

import pickle
import shutil
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model.data import image_files, own_images, prepared, splits
from model.data.own_images import OwnImages
from model.errors import DataFileError, ModelError
from tests.model.data.arrays import write_folder, write_image

CLASSES = ("cat", "dog", "emu")
LABELS = np.repeat([0, 1, 2], 10)


def own(path: Path, seed: int = 3, **options: Any) -> OwnImages:
    return OwnImages(path, seed, **options)


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "Tiere é", CLASSES)


def raw(folder: Path) -> np.ndarray:
    """The pixels of all images, in the order of their names."""
    files = sorted(folder.rglob("*.png"))
    return np.stack([np.asarray(Image.open(file)).reshape(-1) for file in files])


def test_images_are_split_and_standardised_by_the_training_images(
    animals: Path, tmp_path: Path
) -> None:
    right = splits.split(30, validation=0.2, test=7, seed=3, labels=LABELS)
    assert right.test is not None
    given, whole = own(animals, test=7, scratch=tmp_path / "cache"), raw(animals)
    fold = given.fold()
    assert fold.raw.x.dtype == np.uint8
    ready = prepared.keep(fold, tmp_path / "cache")
    np.testing.assert_allclose(ready.mean, whole[right.training].mean(axis=0))
    order = np.concatenate([right.training, right.validation])
    np.testing.assert_allclose(ready.both.x * ready.std + ready.mean, whole[order], atol=1e-3)
    np.testing.assert_array_equal(ready.both.y, LABELS[order])
    test = prepared.test_set(ready, given.source(fold.classes))
    (x,) = test.blocks()
    np.testing.assert_allclose(x * ready.std + ready.mean, whole[right.test], atol=1e-3)
    np.testing.assert_array_equal(test.targets, LABELS[right.test])
    assert (ready.shape, ready.classes, ready.name) == ((1, 8, 9), CLASSES, "tiere-e")
    assert [one.name for one in (tmp_path / "cache").iterdir()] == [ready.folder.name]


def test_images_may_be_standardised_by_channel(animals: Path, tmp_path: Path) -> None:
    ready = prepared.keep(own(animals, by_channel=True).fold(), tmp_path / "cache")
    assert len(set(ready.mean)) == len(set(ready.std)) == 1
    assert own(animals, by_channel=True).fingerprint() != own(animals).fingerprint()


def test_parts_that_are_folders_are_taken(tmp_path: Path) -> None:
    for place, part in enumerate(("train", "val", "test")):
        write_folder(tmp_path / part, CLASSES, each=3 - place, seed=place)
    given = own(tmp_path)
    fold = given.fold()
    np.testing.assert_array_equal(fold.raw.x[fold.rows[0]], raw(tmp_path / "train"))
    np.testing.assert_array_equal(fold.raw.x[fold.rows[1]], raw(tmp_path / "val"))
    np.testing.assert_array_equal(given.source(CLASSES).test().x, raw(tmp_path / "test"))
    assert fold.notes == (
        "18 images, as grey ones of 8 x 9 pixels",
        "the validation images have a folder of their own",
        "the test images have a folder of their own",
    )
    with pytest.raises(ModelError, match="has a folder for the validation, and valid"):
        own(tmp_path, validation=0.2).fold()


def test_colours_are_kept_where_any_image_has_some_unless_said(animals: Path) -> None:
    assert own(animals).fold().shape == (1, 8, 9)
    colours = np.random.default_rng(0).integers(0, 256, (8, 9, 3))
    write_image(animals / "emu" / "colours.png", colours)
    assert own(animals).fold().shape == (3, 8, 9)
    assert own(animals, colour="grey").fold().shape == (1, 8, 9)
    fold = own(animals, colour="rgb", test=1, validation=1).fold()
    assert (colours.transpose(2, 0, 1).reshape(-1) == fold.raw.x).all(axis=1).any()


def test_images_of_several_sizes_need_one_that_is_said(animals: Path) -> None:
    write_image(animals / "emu" / "large.png", np.zeros((16, 20)))
    with pytest.raises(DataFileError, match=r"large\.png: has 16 x 20 pixels, and others"):
        own(animals).fold()
    with pytest.raises(DataFileError, match=r"large\.png: has 16 x 20 pixels, and .*size = \[32"):
        own(animals, colour="grey").fold()
    fold = own(animals, size=(4, 6)).fold()
    assert (fold.shape, fold.raw.x.shape[1]) == ((1, 4, 6), 24)
    with pytest.raises(DataFileError, match="has 3,000,000 numbers; expected at most 1,000,000"):
        own(animals, size=(1_000, 1_000), colour="rgb").fold()


def test_a_damaged_test_image_is_told_when_the_folder_is_opened(animals: Path) -> None:
    given = own(animals)
    right = splits.split(30, validation=0.2, test=0.2, seed=3, labels=LABELS)
    assert right.test is not None
    file = sorted(animals.rglob("*.png"))[right.test[-1]]
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(DataFileError, match=rf"{file.name}: is damaged"):
        given.fold()


def test_the_fingerprint_is_of_names_bytes_and_what_is_said(animals: Path, tmp_path: Path) -> None:
    first = own(animals).fingerprint()
    shutil.copytree(animals, tmp_path / "copy")
    (tmp_path / "copy" / "notes.txt").write_text("x")
    (tmp_path / "copy" / "cat" / ".hidden").write_text("x")
    assert own(tmp_path / "copy").fingerprint() == first
    assert own(animals, seed=9, scratch=tmp_path).fingerprint() == first
    seen = {first}
    for options in ({"size": (4, 4)}, {"colour": "rgb"}, {"test": 3}, {"validation": 0.1}):
        seen.add(own(animals, **options).fingerprint())
    image = animals / "cat" / "00.png"
    image.rename(animals / "cat" / "0.png")
    seen.add(own(animals).fingerprint())
    (animals / "cat" / "0.png").rename(animals / "dog" / "0.png")
    seen.add(own(animals).fingerprint())
    (animals / "dog" / "0.png").write_bytes(b"other")
    seen.add(own(animals).fingerprint())
    (animals / "dog" / "0.png").unlink()
    seen.add(own(animals).fingerprint())
    assert len(seen) == 9


def test_a_folder_that_changes_while_it_is_read_is_refused(
    animals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = image_files.pixels

    def slow(path: Path, *arguments: Any, **options: Any) -> Any:
        write_image(animals / "cat" / "03.png", np.zeros((8, 9)))
        return real(path, *arguments, **options)

    monkeypatch.setattr(own_images.image_files, "pixels", slow)
    with pytest.raises(DataFileError, match="changed while it was read; try again"):
        own(animals).fold()


def test_files_that_are_passed_over_are_told(animals: Path) -> None:
    (animals / "notes.txt").write_text("x")
    assert own(animals).fold().notes == (
        "30 images, as grey ones of 8 x 9 pixels",
        "files that are no images were passed over: 1",
    )


def test_a_class_with_too_few_images_is_told_with_the_folder(animals: Path) -> None:
    with pytest.raises(ModelError, match="Tiere é: validation 14 and test 14 of 30 rows leave too"):
        own(animals, validation=14, test=14).fold()


def test_images_that_are_not_read_yet_travel_as_a_path(animals: Path) -> None:
    given = own(animals, size=(4, 4))
    assert pickle.loads(pickle.dumps(given)) == given == replace(given, scratch=animals)


def test_images_are_never_in_memory_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.data.standardise.BLOCK_ROWS", 5)
    write_folder(tmp_path / "animals", each=60)
    given = own(tmp_path / "animals", size=(150, 150), scratch=tmp_path)
    tracemalloc.start()
    try:
        fold = given.fold()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    whole = fold.raw.x.nbytes
    assert peak < whole / 2, f"{peak:,} bytes at once of {whole:,}"
