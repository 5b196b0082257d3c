"""What `[data]` says of data of the user's own becomes the model's own values, as do its sizes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.data import examples, prepared
from model.data.own_arrays import OwnArrays, Pair
from model.data.own_images import OwnImages
from model.data.own_table import OwnTable, Parts
from model.data.table_options import TableOptions
from model.errors import ModelError
from search.objectives.network.data_section import DataSection
from search.objectives.network.facts import Facts
from search.objectives.network.own_data import facts_of, own_of, table_of
from search.study.recorded_tables import constructed
from tests.model.data.arrays import rows_and_labels, write_folder
from tests.model.data.tables import column, rows_of, write_table

ROWS = rows_of(60)
ALL = DataSection(
    source="tables/cars.csv",
    target=("label",),
    task="classification",
    exclude=("price",),
    numbers=("size",),
    categories=("weight",),
    scaling="quantile",
    group="patient",
    validation=0.3,
    test=7,
)
SHORT = DataSection(source="cars.csv", target=("price",), exclude=("label", "patient"))


def test_every_key_is_handed_on(tmp_path: Path) -> None:
    table = table_of(ALL, 9, tmp_path, None)
    assert table.path == tmp_path / "tables" / "cars.csv"
    assert table.options == TableOptions(
        ("label",), "classification", ("price",), ("size",), ("weight",), scaling="quantile"
    )
    assert table.parts == Parts(0.3, 7, group="patient")
    assert table.seed == 9
    timed = DataSection(source="a.csv", target=("y",), time="day")
    assert table_of(timed, 0, tmp_path, None).parts == Parts(0.2, 0.2, time="day")
    said = DataSection(source="a.csv", target=("y",), part_column="part")
    assert table_of(said, 0, tmp_path, None).parts == Parts(0.2, 0.2, said="part")


def test_a_file_of_the_data_folder_comes_before_that_of_the_study(tmp_path: Path) -> None:
    beside, folder = tmp_path / "study", tmp_path / "data"
    folder.mkdir()
    section = DataSection(source="tables/cars.csv", target=("y",))
    assert table_of(section, 0, beside, folder).path == beside / "tables" / "cars.csv"
    (folder / "cars.csv").touch()
    assert table_of(section, 0, beside, folder).path == folder / "cars.csv"
    assert table_of(section, 0, beside, None).path == beside / "tables" / "cars.csv"


def test_files_of_their_own_are_found_as_the_source_is(tmp_path: Path) -> None:
    beside, folder = tmp_path / "study", tmp_path / "data"
    folder.mkdir()
    (folder / "test.csv").touch()
    section = DataSection(source="a.csv", target=("y",), validation="more/v.csv", test="t/test.csv")
    found = table_of(section, 0, beside, folder, tmp_path)
    assert found.parts == Parts(beside / "more" / "v.csv", folder / "test.csv")
    assert found.scratch == tmp_path
    assert (
        found.files == f"{beside / 'a.csv'} or {beside / 'more' / 'v.csv'} or {folder / 'test.csv'}"
    )


def test_a_whole_path_is_taken_as_it_stands(tmp_path: Path) -> None:
    section = DataSection(source=str(tmp_path / "cars.csv"), target=("y",))
    assert table_of(section, 0, Path("/elsewhere"), None).path == tmp_path / "cars.csv"


def test_what_contradicts_itself_is_refused(tmp_path: Path) -> None:
    section = DataSection(source="cars.csv", target=("y",), exclude=("y",))
    with pytest.raises(ModelError, match="'y' is named twice, in target and exclude"):
        table_of(section, 0, tmp_path, None)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (("label",), Facts(36, 12, 7, 2)),
        (("price",), Facts(36, 12, 7, 1, "regression")),
        (("price", "weight"), Facts(36, 12, 6, 2, "regression")),
    ],
)
def test_the_sizes_are_the_table_s(
    tmp_path: Path, targets: tuple[str, ...], expected: Facts
) -> None:
    """Colours are three and a missing one, the size has a mark beside it, the weight none."""
    write_table(tmp_path / "cars.csv", ROWS)
    others = {"patient", "label", "price"} - set(targets)
    section = DataSection(source="cars.csv", target=targets, exclude=tuple(sorted(others)))
    ready = prepared.keep(table_of(section, 1, tmp_path, None).fold(), tmp_path / "cache")
    found = facts_of(ready)
    if targets == ("price",):
        prices = np.array(column(ROWS, "price"), float)
        assert ready.targets is not None
        assert found.scale == ready.targets.std[0]
        assert 0.7 * prices.std() < found.scale < 1.3 * prices.std()
        expected = Facts(36, 12, 7, 1, "regression", found.scale)
    assert found == expected
    assert Facts.of(found.plain()) == found
    assert found.rows_are == "rows"


# --- other kinds ----------------------------------------------------------------------------------


def own(folder: Path, data: Path | None = None, **keys: Any) -> Any:
    """What a study file in a folder names."""
    section = DataSection.model_validate(keys)
    return own_of(section, 9, folder, data, folder / "scratch", folder / "kept")


def test_every_key_of_arrays_is_handed_on(tmp_path: Path) -> None:
    found = own(tmp_path, source="a/x.npy", target="y.npy", task="regression", test=7)
    files = Pair(tmp_path / "a" / "x.npy", tmp_path / "y.npy")
    assert found == OwnArrays(files, 9, test=7, task="regression")
    assert found.scratch == tmp_path / "scratch"
    parts = {"validation": "v.npz", "test": "t-idx3-ubyte.gz", "test_target": "l-idx1-ubyte"}
    assert own(tmp_path, source="x.npz", **parts) == OwnArrays(
        Pair(tmp_path / "x.npz"),
        9,
        validation=Pair(tmp_path / "v.npz"),
        test=Pair(tmp_path / "t-idx3-ubyte.gz", tmp_path / "l-idx1-ubyte"),
    )


def test_every_key_of_images_is_handed_on(tmp_path: Path) -> None:
    found = own(tmp_path, source="Tiere é/", size=[4, 6], colour="grey", validation=0.1, test=7)
    path = tmp_path / "Tiere é"
    right = OwnImages(path, 9, validation=0.1, test=7, size=(4, 6), colour="grey")
    assert found == right
    assert own(tmp_path, source="flowers/") == OwnImages(tmp_path / "flowers", 9)


def test_files_of_the_data_folder_come_before_those_of_the_study(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "data" / "flowers").parent
    for name in ("x.npy", "t.npy"):
        (data / name).touch()
    found = own(tmp_path, data, source="a/x.npy", target="y.npy", test="t.npy", test_target="u.npy")
    assert found.training == Pair(data / "x.npy", tmp_path / "y.npy")
    assert found.test == Pair(data / "t.npy", tmp_path / "u.npy")
    assert own(tmp_path, data, source="a/flowers/").path == data / "flowers"


@pytest.mark.parametrize("name", ["./cars.csv", "../study/cars.csv", "link.csv"])
def test_one_file_is_not_for_two_parts_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "cars.csv").touch()
    (folder / "link.csv").symlink_to(folder / "cars.csv")
    with pytest.raises(ModelError, match=r"cars\.csv: is found for source and for test; expected"):
        own(folder, source="cars.csv", target="price", test=name)


def test_the_data_folder_has_files_by_their_paths_first(tmp_path: Path) -> None:
    """Else one x.npy there would be both."""
    data = tmp_path / "data"
    for part in ("train", "test"):
        (data / part).mkdir(parents=True)
        (data / part / "x.npy").touch()
    keys = {
        "source": "train/x.npy",
        "target": "y.npy",
        "test": "test/x.npy",
        "test_target": "t.npy",
    }
    found = own(tmp_path, data, **keys)
    assert (found.training.rows, found.test.rows) == (data / "train/x.npy", data / "test/x.npy")
    (data / "train/x.npy").rename(data / "x.npy")
    (data / "test/x.npy").unlink()
    with pytest.raises(ModelError, match=r"x\.npy: is found for source and for test"):
        own(tmp_path, data, **keys)


def test_an_example_is_a_table_in_the_cache(tmp_path: Path) -> None:
    found = own(tmp_path, source="iris", test=30)
    assert isinstance(found, OwnTable)
    assert found.path == tmp_path / "kept" / "iris.csv"
    assert found.options == TableOptions((examples.TARGETS["iris"],))
    assert found.parts == Parts(0.2, 30)


def test_the_sizes_are_those_of_the_arrays_and_of_the_images(tmp_path: Path) -> None:
    x, y = rows_and_labels(50, (9, 8))
    np.savez(tmp_path / "x.npz", x=x, y=y)
    np.savez(tmp_path / "values.npz", x=x, y=x[:, 0, :2])
    write_folder(tmp_path / "animals", ("cat", "dog", "emu"))
    expected = {
        "x.npz": Facts(30, 10, 72, 3, shape=(9, 8)),
        "values.npz": Facts(30, 10, 72, 2, "regression", shape=(9, 8)),
        "animals/": Facts(18, 6, 72, 3, shape=(1, 8, 9)),
    }
    for source, facts in expected.items():
        fold = own(tmp_path, source=source).fold()
        assert facts_of(prepared.keep(fold, tmp_path / "cache")) == facts


def test_what_is_recorded_of_a_section_is_what_was_said(tmp_path: Path) -> None:
    """A part that came by itself is not asked for a second time by a worker."""
    for keys in ({"source": "x.npz"}, {"source": "flowers/", "size": [8, 8]}, {"source": "iris"}):
        section = DataSection.model_validate(keys)
        again = constructed(DataSection, json.loads(json.dumps(section.canonical())))
        assert again == section
        assert again.validation == (0.2 if keys["source"] == "iris" else None)
