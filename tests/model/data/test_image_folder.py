"""Which images a folder has: classes and parts by the names of folders, the rest by rules."""

from pathlib import Path

import numpy as np
import pytest

from model.data.image_folder import images_in, listed
from model.errors import DataFileError
from tests.model.data.arrays import write_folder, write_image

GREY = np.zeros((2, 2))


def names(found: tuple[tuple[Path, int], ...], folder: Path) -> list[tuple[str, int]]:
    return [(path.relative_to(folder).as_posix(), label) for path, label in found]


def test_folders_are_classes_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "größe 1", ("zebra", "Ärger", "b c", "B"), each=2)
    found = listed(folder)
    assert found.classes == ("B", "b c", "zebra", "Ärger")
    assert names(found.parts["training"], folder) == [
        (f"{name}/{number}.png", label)
        for label, name in enumerate(found.classes)
        for number in ("00", "01")
    ]
    assert (list(found.parts), found.others) == (["training"], 0)


@pytest.mark.parametrize(
    ("folders", "parts"),
    [
        (("train", "test"), ("training", "test")),
        (("Train", "VAL"), ("training", "validation")),
        (("training", "valid", "test"), ("training", "validation", "test")),
        (("train",), ("training",)),
    ],
)
def test_folders_that_are_called_as_parts_are_parts(
    tmp_path: Path, folders: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    for place, name in enumerate(folders):
        write_folder(tmp_path / name, ("cat", "dog"), each=place + 2)
    found = listed(tmp_path)
    assert found.classes == ("cat", "dog")
    assert {part: len(images) for part, images in found.parts.items()} == {
        part: 2 * (place + 2) for place, part in enumerate(parts)
    }


def test_a_class_may_be_called_as_a_part_is(tmp_path: Path) -> None:
    assert listed(write_folder(tmp_path, ("train", "bus"), each=2)).classes == ("bus", "train")


def test_a_class_has_two_images_where_they_are_split(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", ("cat", "dog"), each=2)
    write_folder(tmp_path / "train", ("emu",), each=1)
    told = r"emu: has a single image, '00.png'; expected 2 or more of each class"
    with pytest.raises(DataFileError, match=told):
        listed(tmp_path / "train")
    write_folder(tmp_path / "test", ("cat",), each=1)
    with pytest.raises(DataFileError, match=told):  # some are held out for validation
        listed(tmp_path)
    write_folder(tmp_path / "val", ("cat",), each=1)
    assert listed(tmp_path).classes == ("cat", "dog", "emu")


def test_a_part_may_lack_a_class_but_not_have_another(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", ("cat", "dog", "emu"), each=2)
    write_folder(tmp_path / "test", ("dog",), each=1)
    assert names(listed(tmp_path).parts["test"], tmp_path) == [("test/dog/00.png", 1)]
    write_folder(tmp_path / "test", ("yak",), each=1)
    with pytest.raises(DataFileError, match=r"test: has the class folder 'yak', which .*train has"):
        listed(tmp_path)


def test_hidden_files_and_files_that_are_no_images_are_passed_over(tmp_path: Path) -> None:
    write_folder(tmp_path, each=2)
    write_image(tmp_path / ".cache" / "a.png", GREY)
    write_image(tmp_path / "cat" / ".a.png", GREY)
    (tmp_path / "cat" / ".thumbs").mkdir()
    for name in ("LICENSE", "cat/labels.csv", "dog/a.png.txt"):
        (tmp_path / name).write_text("x")
    found = listed(tmp_path)
    assert (len(found.parts["training"]), found.others) == (4, 3)


def test_links_are_followed(tmp_path: Path) -> None:
    whole = write_folder(tmp_path / "whole", each=2)
    linked = tmp_path / "linked"
    (linked / "emu").mkdir(parents=True)
    (linked / "dog").symlink_to(whole / "dog")
    for name in ("a.png", "b.png"):
        (linked / "emu" / name).symlink_to(whole / "cat" / "00.png")
    assert names(listed(linked).parts["training"], linked) == [
        ("dog/00.png", 0),
        ("dog/01.png", 0),
        ("emu/a.png", 1),
        ("emu/b.png", 1),
    ]
    (tmp_path / "again").symlink_to(linked)
    assert listed(tmp_path / "again").classes == ("dog", "emu")


def test_other_folders_are_refused(tmp_path: Path) -> None:
    def told(folder: Path) -> str:
        with pytest.raises(DataFileError) as caught:
            listed(folder)
        return str(caught.value)

    assert "none: is missing; expected a folder of class folders" in told(tmp_path / "none")
    (tmp_path / "file").write_text("x")
    assert "file: is no folder; expected one of class folders" in told(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    assert "for each of two classes or more, found none" in told(tmp_path / "empty")
    assert "found one, 'cat'" in told(write_folder(tmp_path / "one", ("cat",)))
    flat = tmp_path / "flat"
    write_image(flat / "a.png", GREY)
    assert "a.png: lies beside the class folders of flat" in told(flat)
    folder = write_folder(tmp_path / "two")
    (folder / "emu").mkdir()
    assert "emu: has no images; expected files that end in .png, .jpg" in told(folder)
    (folder / "emu" / "notes.txt").write_text("x")
    assert "emu: has no images" in told(folder)
    write_image(folder / "emu" / "big" / "a.png", GREY)
    assert "emu/big: is a folder in a class folder; expected images there alone" in told(folder)
    twice = tmp_path / "twice"
    for name in ("train", "val", "validation"):
        write_folder(twice / name, each=1)
    assert "has 'val' and 'validation', which are both for validation" in told(twice)
    odd = write_folder(tmp_path / "odd")
    (odd / "\udce9").mkdir()
    assert "the name '\\udce9' in it is no text; rename it" in told(odd)


def test_images_to_predict_for_lie_flat_or_in_folders_or_are_one(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "new", each=1)
    write_image(folder / "ä.png", GREY)
    write_image(folder / ".hidden.png", GREY)
    (folder / "notes.txt").write_text("x")
    assert [name for name, _ in images_in(folder)] == ["ä.png", "cat/00.png", "dog/00.png"]
    assert images_in(folder / "ä.png") == (("ä.png", folder / "ä.png"),)
    (tmp_path / "none").mkdir()
    with pytest.raises(DataFileError, match=r"has no images; expected files that end in \.png"):
        images_in(tmp_path / "none")
