"""What `[data]` says of a table becomes the model's own values; its sizes are the table's."""

from pathlib import Path

import numpy as np
import pytest

from model.data import prepared
from model.data.own_table import Parts
from model.data.table_options import TableOptions
from model.errors import ModelError
from search.objectives.network.facts import Facts
from search.objectives.network.own_data import facts_of, table_of
from search.objectives.network.sections import DataSection
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
