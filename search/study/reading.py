"""Study files found, read and checked: by path, or by the name of one that ships with klayer."""

import os
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from search.errors import StudyFileError
from search.study.faults import Fault, Key, near
from search.study.file import FaultyStudyError, Study, study_of
from search.study.keys import written
from search.study.overrides import overridden
from search.study.ranges import write_box
from search.study.sampler_checks import missing_libraries

LARGEST_BYTES = 2**20


@dataclass(frozen=True)
class Shipped:
    """A study file that ships with klayer.

    Attributes:
        name: What `klayer run` calls it.
        description: What it is for, in its own words.
        path: The file, maybe inside an archive.
    """

    name: str
    description: str
    path: Traversable


def shipped() -> list[Shipped]:
    """The study files that ship with klayer, by name."""
    found = []
    for name, path in sorted(_files().items()):
        document = tomllib.loads(path.read_text("utf-8"))
        found.append(Shipped(name, document.get("description", ""), path))
    return found


def _files() -> dict[str, Traversable]:
    """The files that ship with klayer, by the names of their studies."""
    files = resources.files("studies").iterdir()
    return {file.name.removesuffix(".toml"): file for file in files if file.name.endswith(".toml")}


def load(
    reference: str,
    overrides: Sequence[str] = (),
    name: str | None = None,
    data_folder: Path | None = None,
) -> Study:
    """The study that a file asks for.

    Args:
        reference: A path to a .toml file, or the name of a study that ships with klayer.
        overrides: `key=value` as in `training.batch_size=64`, in the order they apply.
        name: Another name for the search, as `--name` gives it.
        data_folder: Where the user keeps data, as `--data` gives it.

    Raises:
        StudyFileError: There is no such file, it can't be read, or it says no valid search.
    """
    where, data = _bytes(reference)
    folder = Path(where).parent
    return _loaded(_document(where, data), where, folder, overrides, name, data_folder)


def changed(
    study: Study,
    where: str,
    overrides: Sequence[str],
    name: str | None = None,
    data_folder: Path | None = None,
) -> Study:
    """A recorded study with changes, which are written as for its file.

    Args:
        study: As it was recorded.
        where: What it is called in messages.
        overrides: As for `load`.
        name: As for `load`.
        data_folder: As for `load`.

    Raises:
        StudyFileError: What comes of it is no valid search.
    """
    form = study.canonical()
    base = form.get("training", {})
    for part in (*form["stages"], form["final"]):  # of which a change of [training] is one, too
        own = part.get("training", {}).items()
        part["training"] = {key: value for key, value in own if value != base.get(key)}
    conditions = study.objective.registry.conditions  # which follow from what is changed, too
    for stage, table in zip(study.stages, form["stages"], strict=True):
        if "boxes" in table:
            boxes = [write_box(one, following=conditions(one.ranges)) for one in stage.boxes]
            del table["boxes"]
            table |= {"box": boxes[0]} if len(boxes) == 1 else {"boxes": boxes}
    folder = Path(study.objective.recorded().get("base", ""))
    return _loaded(form, where, folder, overrides, name, data_folder)


def is_there(reference: str) -> bool:
    """Whether it is written as a path, or names a study that ships with klayer."""
    return _is_path(reference) or reference in _files()


def _loaded(
    document: dict[str, Any],
    where: str,
    folder: Path,
    overrides: Sequence[str],
    name: str | None,
    data_folder: Path | None,
) -> Study:
    """The study of a document, whose relative paths start from a folder."""
    changed, set_keys = overridden(document, overrides)
    named = {"name": Path(where).name.removesuffix(".toml")} | changed
    if name is not None:
        changed, named = changed | {"name": name}, named | {"name": name}
    try:
        return _runnable(named, folder, data_folder)
    except FaultyStudyError as error:
        lines = [
            f"--name: {fault.text}"
            if fault.key == ("name",) and name is not None
            else _line(where, fault, changed, set_keys)
            for fault in error.faults
        ]
        raise StudyFileError("\n".join(lines)) from None


def _runnable(document: dict[str, Any], folder: Path, data_folder: Path | None) -> Study:
    study = study_of(document, folder, data_folder)
    missing = list(missing_libraries(study.stages))
    if missing:
        raise FaultyStudyError(missing, document)
    return study


def document(reference: str) -> dict[str, Any]:
    """The tables of a file as they are written, unchecked.

    Raises:
        StudyFileError: As `load`, for a file that cannot be found or read.
    """
    return _document(*_bytes(reference))


def text(reference: str) -> str:
    """The file as it stands, comments and all, for the record.

    Raises:
        StudyFileError: As `load`, for a file that cannot be found or read.
    """
    return _bytes(reference)[1].decode("utf-8-sig", errors="replace")


def _bytes(reference: str) -> tuple[str, bytes]:
    """What the file is called in messages, and what it holds."""
    if _is_path(reference):
        return reference, _read(Path(reference))
    known = _files()
    if reference not in known:
        right = f"{near(reference, sorted(known))}; or give the path of a .toml file"
        raise StudyFileError(f"{reference}: no study of this name ships with klayer; {right}")
    return reference, known[reference].read_bytes()


def _is_path(reference: str) -> bool:
    return reference.endswith(".toml") or "/" in reference or os.sep in reference


def _read(path: Path) -> bytes:
    right = "give the path of a TOML file, or the name of a study that ships with klayer"
    try:
        if path.is_dir():
            raise StudyFileError(f"{path}: is a directory; {right}")
        if path.exists() and not path.is_file():
            raise StudyFileError(f"{path}: is not a regular file; {right}")
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise StudyFileError(f"{path}: there is no such file; {right}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StudyFileError(f"{path}: cannot be read: {reason}; {right}") from None
    if len(data) > LARGEST_BYTES:
        raise StudyFileError(f"{path}: is larger than 1 MiB; {right}")
    return data


def _document(where: str, data: bytes) -> dict[str, Any]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise StudyFileError(
            f"{where}: line {line}: found a byte that is not UTF-8; save the file as UTF-8 text"
        ) from None
    if not text.strip():
        raise StudyFileError(f"{where}: is empty; a study needs at least one [[stages]] table")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyFileError(f"{where}: {_syntax(str(error), text)}") from None
    except (ValueError, RecursionError) as error:
        raise StudyFileError(f"{where}: cannot be read as TOML: {error}") from None


def _syntax(message: str, text: str) -> str:
    """tomllib's message with the place first."""
    lines = text.split("\n")
    end = f"at line {len(lines)}, column {len(lines[-1]) + 1}"
    message = message.replace("at end of document", end)
    match = re.fullmatch(r"(.*) \(at (.*)\)", message, re.DOTALL)
    what, place = (match[1], match[2]) if match else (message, "TOML")
    return f"{place}: {what[:1].lower()}{what[1:]}; the file is no valid TOML"


def _line(where: str, fault: Fault, document: dict[str, Any], set_keys: list[Key]) -> str:
    """One line of the message: the file (or --set), the key as the user wrote it, what is wrong."""
    from_set = any(fault.key[: len(key)] == key for key in set_keys)
    origin = "--set" if from_set else where
    if fault.key == ("name",) and "name" not in document:
        return f"{origin}: name: missing, and the file's own name does not serve: {fault.text}"
    return f"{origin}: {written(fault.key, document)}: {fault.text}"
