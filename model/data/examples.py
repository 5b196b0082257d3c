"""Data sets that scikit-learn carries, written as tables of CSV, so that examples need no download.

A copy lies in a folder of the user's, never in klayer: the columns have the names that scikit-learn
gives them, and the target one that says what it is.
"""

import csv
import tempfile
from pathlib import Path

from model.errors import DataFileError

TARGETS = {
    "iris": "species",
    "wine": "cultivar",
    "breast_cancer": "diagnosis",
    "diabetes": "progression",
}
"""What is to be learned of each of `kinds.EXAMPLES`."""


def table(name: str, folder: Path) -> Path:
    """The table of a data set, which is written where it is not there yet.

    Args:
        name: One of `TARGETS`.
        folder: Where tables of this kind are kept; made if need be.

    Raises:
        DataFileError: It cannot be written.
    """
    path = folder / f"{name}.csv"
    if path.is_file():
        return path
    header, rows = _read(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".") as place:
            draft = Path(place) / path.name
            with draft.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([header, *rows])
            draft.replace(path)  # complete or absent, also where two processes write it
    except OSError as error:
        raise DataFileError(f"{path}: cannot be written ({error.strerror or error})") from error
    return path


def _read(name: str) -> tuple[list[str], list[list[object]]]:
    from sklearn import datasets  # over a second, needed only where there is no table yet

    more = {"scaled": False} if name == "diabetes" else {}
    found = getattr(datasets, f"load_{name}")(**more)
    names = found.get("target_names")
    target = found.target.tolist()
    if names is not None and len(names):
        target = [str(names[place]) for place in target]
    header = [*map(str, found.feature_names), TARGETS[name]]
    rows = [[*x, y] for x, y in zip(found.data.tolist(), target, strict=True)]
    return header, rows
