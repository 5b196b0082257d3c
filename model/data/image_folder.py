"""A folder of class folders of images: which files it has, of which class and for what.

Hidden files and folders, whose names begin with a dot, are passed over, and so are files that are
no images by their names. Links are followed. Names are in the order of their code points.
"""

from dataclasses import dataclass
from pathlib import Path

from model.data.image_files import SUFFIXES, is_image
from model.data.splits import SAID
from model.data.table_target import MOST_CLASSES
from model.errors import DataFileError

PARTS = ("training", "validation", "test")


@dataclass(frozen=True)
class Listed:
    """The images of a folder.

    Attributes:
        classes: The names of the class folders.
        parts: For "training", and for "validation" and "test" where these are folders of their
            own, each file with the place of its class.
        others: How many files were passed over that are no images, hidden ones not counted.
    """

    classes: tuple[str, ...]
    parts: dict[str, tuple[tuple[Path, int], ...]]
    others: int


def listed(folder: Path) -> Listed:
    """The images of the class folders.

    Where all folders are called as parts are (train, validation, test; see `splits.SAID`), and one
    is for training, each holds class folders.

    Raises:
        DataFileError: It is missing or no folder; an image lies outside a class folder, or a folder
            in one; a class folder has no image; there are less than two classes, or more than
            `MOST_CLASSES`; a class has no training image, or a single one; or a name is no text.
    """
    parts = _parts(folder)
    found = {part: _classes(path) for part, path in parts.items()}
    classes = tuple(found["training"][0])
    _check_classes(parts["training"], classes)
    others = sum(count for _, count in found.values())
    if len(parts) > 1:
        others += _beside(folder, _inside(folder))
    images = {}
    for part, (own, _) in found.items():
        is_split = part == "training" and len(found) < len(PARTS)
        for name in own:
            if name not in classes:
                raise DataFileError(
                    f"{parts[part]}: has the class folder {name!r}, which {parts['training']} has "
                    "not; expected classes that can be learned"
                )
            if is_split and len(own[name]) < 2:
                raise DataFileError(
                    f"{parts[part] / name}: has a single image, {own[name][0].name!r}; expected 2 "
                    "or more of each class"
                )
        images[part] = tuple(
            (path, classes.index(name)) for name, paths in own.items() for path in paths
        )
    return Listed(classes, images, others)


def images_in(path: Path) -> tuple[tuple[str, Path], ...]:
    """The images to predict for: of a folder and of its folders, or a single file.

    Returns:
        Each with its name from the folder on, in the order of these.

    Raises:
        DataFileError: There is none.
    """
    if not path.is_dir():
        return ((path.name, path),)
    inside = _inside(path)
    files = [one for one in inside if not one.is_dir()]
    for folder in inside:
        if folder.is_dir():
            files += [one for one in _inside(folder) if not one.is_dir()]
    found = [(one.relative_to(path).as_posix(), one) for one in files if is_image(one.name)]
    if not found:
        raise DataFileError(
            f"{path}: has no images; expected files that end in {', '.join(SUFFIXES)}"
        )
    return tuple(found)


def _parts(folder: Path) -> dict[str, Path]:
    """The folder of each part; where no part has one, the folder itself is for training."""
    folders = [path for path in _inside(folder) if path.is_dir()]
    named = {path: SAID.get(path.name.lower()) for path in folders}
    if None in named.values() or 0 not in named.values():
        return {"training": folder}
    parts: dict[str, Path] = {}
    for path, place in named.items():
        part = PARTS[place or 0]
        if part in parts:
            raise DataFileError(
                f"{folder}: has {parts[part].name!r} and {path.name!r}, which are both for {part}; "
                "expected one of them"
            )
        parts[part] = path
    return parts


def _classes(folder: Path) -> tuple[dict[str, list[Path]], int]:
    """The images of each class folder, and how many other files there are."""
    inside = _inside(folder)
    others = _beside(folder, inside)
    found: dict[str, list[Path]] = {}
    for place in inside:
        if not place.is_dir():
            continue
        files = _inside(place)
        for file in files:
            if file.is_dir():
                raise DataFileError(
                    f"{file}: is a folder in a class folder; expected images there alone"
                )
        found[place.name] = [file for file in files if is_image(file.name)]
        others += len(files) - len(found[place.name])
        if not found[place.name]:
            raise DataFileError(
                f"{place}: has no images; expected files that end in {', '.join(SUFFIXES)}"
            )
    return found, others


def _beside(folder: Path, inside: list[Path]) -> int:
    """How many files lie beside class folders; none may be an image."""
    files = [path for path in inside if not path.is_dir()]
    for file in files:
        if is_image(file.name):
            raise DataFileError(
                f"{file}: lies beside the class folders of {folder.name}; expected it in the "
                "folder of its class"
            )
    return len(files)


def _check_classes(folder: Path, classes: tuple[str, ...]) -> None:
    if len(classes) < 2:
        found = f"one, {classes[0]!r}" if classes else "none"
        raise DataFileError(
            f"{folder}: expected a folder of images for each of two classes or more, found {found}"
        )
    if len(classes) > MOST_CLASSES:
        raise DataFileError(
            f"{folder}: has {len(classes):,} class folders; expected at most {MOST_CLASSES:,}"
        )


def _inside(folder: Path) -> list[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except NotADirectoryError as error:
        raise DataFileError(f"{folder}: is no folder; expected one of class folders") from error
    except FileNotFoundError as error:
        raise DataFileError(f"{folder}: is missing; expected a folder of class folders") from error
    except OSError as error:
        raise DataFileError(f"{folder}: cannot be read ({error.strerror})") from error
    for path in found:
        try:
            path.name.encode()
        except UnicodeEncodeError as error:
            raise DataFileError(
                f"{folder}: the name {path.name!r} in it is no text; rename it"
            ) from error
    return found
