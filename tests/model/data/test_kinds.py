"""The kind of data follows from the path alone."""

import pytest

from model.data import examples
from model.data.kinds import EXAMPLES, kind_of


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("cars.csv", "table"),
        ("a b/Cars.CSV.gz", "table"),
        ("cars.parquet", "table"),
        ("cars.parquet.gz", None),
        ("x.npy", "arrays"),
        ("größe/X.NPZ", "arrays"),
        ("x.npy.gz", None),
        ("train-images-idx3-ubyte", "arrays"),
        ("train-images-idx3-ubyte.gz", "arrays"),
        ("train-images.idx3-ubyte", "arrays"),
        ("emnist-letters-train-images-idx3-ubyte.gz", "arrays"),
        ("a-idx2-float", "arrays"),
        ("idx3-ubyte", None),
        ("flowers/", "images"),
        ("flowers.csv/", "images"),
        ("/", "images"),
        ("flowers", None),
        ("cifra10", None),
        ("", None),
        (".csv", None),
        ("iris", "example"),
        ("iris.csv", "table"),
        ("iris/", "images"),
        ("Iris", None),
    ],
)
def test_the_kind_follows_from_the_path(path: str, kind: str | None) -> None:
    assert kind_of(path) == kind


def test_every_example_has_a_target() -> None:
    assert tuple(examples.TARGETS) == EXAMPLES
