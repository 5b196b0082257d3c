"""What kind of data of a user's own a path names, told without looking at the disk."""

import re
from pathlib import PurePath
from typing import Literal

Kind = Literal["table", "arrays", "images", "example"]

TEXT_TABLES = (".csv", ".tsv", ".txt")
TABLES = (*TEXT_TABLES, ".parquet")
DEFAULT_PART = 0.2  # of all rows, for validation or the test, where nothing is said
ARRAYS = (".npy", ".npz")
EXAMPLES = ("iris", "wine", "breast_cancer", "diabetes")  # which scikit-learn carries
_IDX = re.compile(r"[.-]idx\d+-[a-z]+(\.gz)?$")


def kind_of(path: str) -> Kind | None:
    """The kind of data that a path is of; None where it is of none.

    A folder of images has a slash behind its name.
    """
    if path in EXAMPLES:
        return "example"
    name = path.lower()
    if name.endswith(("/", "\\")):
        return "images"
    if PurePath(name).suffix in ARRAYS or is_idx(name):
        return "arrays"
    packed = name.endswith(".gz") and not name.endswith(".parquet.gz")
    return (
        "table" if PurePath(name.removesuffix(".gz") if packed else name).suffix in TABLES else None
    )


def is_idx(path: str) -> bool:
    """Whether a file's name ends as those of the MNIST family do, such as `-idx3-ubyte.gz`."""
    return _IDX.search(path.lower()) is not None
