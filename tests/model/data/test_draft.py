"""Tables that are read some rows at a time give what they would give if they were read whole."""

import gzip
import tracemalloc
from pathlib import Path

import numpy as np
import polars
import pytest

from model.data import delimited, own_table, parquet_file, standardise, table_file
from model.data.own_table import OwnTable, Parts
from model.data.table_file import read_columns
from model.data.table_options import TableOptions
from model.errors import DataFileError
from tests.model.data.tables import listed


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of some 25 values."""
    monkeypatch.setattr(delimited, "_BLOCK_VALUES", 25)
    monkeypatch.setattr(parquet_file, "_BLOCK_VALUES", 25)


def written(folder: Path, columns: dict[str, list[str]], separator: str = ",") -> Path:
    rows = [columns, *zip(*columns.values(), strict=True)]
    path = folder / "a.csv"
    path.write_text("\n".join(separator.join(row) for row in rows), "utf-8")
    return path


def test_a_text_that_comes_late_makes_a_category_of_all_the_column(tmp_path: Path) -> None:
    late = [f"{i}.0" for i in range(99)] + ["odd"]
    path = written(tmp_path, {"late": late, "a": [str(i) for i in range(100)]})
    found = read_columns(path).by_name
    assert listed(found["late"]) == late
    assert found["late"].first_other() == (100, "odd")
    assert listed(found["a"]) == list(range(100))
    with pytest.raises(DataFileError, match="row 100 of column 'late' holds 'odd'; expected a num"):
        read_columns(path, numbers=("late",))


def test_a_decimal_comma_that_comes_late_holds_for_all_columns(tmp_path: Path) -> None:
    """Thousands at first in one column, whole numbers in the other; two forms are given up."""
    grouped = ["1,234"] * 60
    whole = [*["7"] * 50, "7,25", *["8"] * 9]
    found = read_columns(written(tmp_path, {"a": grouped, "b": whole}, ";")).by_name
    assert listed(found["a"]) == [1.234] * 60
    assert listed(found["b"]) == [*[7.0] * 50, 7.25, *[8.0] * 9]
    text = [*whole[:-1], "x"]
    found = read_columns(written(tmp_path, {"a": grouped, "b": text}, ";")).by_name
    assert (listed(found["a"]), listed(found["b"])) == (grouped, text)


def test_an_excluded_column_is_not_kept_but_shows_decimal_commas(tmp_path: Path) -> None:
    path = written(tmp_path, {"a": ["1,234"] * 60, "b": [*["7"] * 59, "7,25"]}, ";")
    found = read_columns(path, skip=("b",))
    assert listed(found.by_name["a"]) == [1.234] * 60
    assert (list(found.by_name), found.names) == (["a"], ("a", "b"))


def test_parquet_is_read_in_blocks_too(tmp_path: Path) -> None:
    frame = polars.DataFrame(
        {"n": [None if i % 7 == 0 else i for i in range(90)], "t": [f"t{i % 5}" for i in range(90)]}
    )
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=20)
    found = read_columns(tmp_path / "a.parquet").by_name
    assert listed(found["t"]) == frame["t"].to_list()
    np.testing.assert_array_equal(
        found["n"].values, [np.nan if i % 7 == 0 else i for i in range(90)]
    )


@pytest.mark.parametrize("unlimited", [(), ("a",)])
def test_more_different_texts_than_the_memory_should_hold_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unlimited: tuple[str, ...]
) -> None:
    monkeypatch.setattr(table_file, "MOST_TEXTS", 50)
    path = written(tmp_path, {"a": ["1", *(f"t{i}" for i in range(60))], "b": ["1"] * 61})
    if unlimited:
        assert len(read_columns(path, unlimited=unlimited).by_name["a"].texts) == 61
        return
    with pytest.raises(
        DataFileError, match=r"'a' has more than 50 .*, such as 't0' in row 2; excl"
    ):
        read_columns(path)
    with pytest.raises(
        DataFileError, match=r"'a' has more than 50 .*, such as '1' in row 1; exclu"
    ):
        read_columns(path, categories=("a",))
    assert list(read_columns(path, skip=("a",)).by_name) == ["b"]


def test_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, {"a": ["1"] * 60, "b": ["2"] * 60})
    monkeypatch.setattr(delimited, "_encoding", lambda _: ("utf-8", 50))
    with pytest.raises(DataFileError, match=r"a\.csv: changed while it was read; try again"):
        read_columns(path)
    path.write_bytes(path.read_bytes() + b"\xff,1\n")
    with pytest.raises(DataFileError, match=r"a\.csv: changed while it was read; try again"):
        read_columns(path)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, {"a": ["1", "2"]})
    (tmp_path / "scratch").touch()
    with pytest.raises(DataFileError, match=r"scratch: cannot be written .* room for 24 bytes"):
        read_columns(path, scratch=tmp_path / "scratch")
    read_columns(path, scratch=tmp_path / "new")
    assert not list((tmp_path / "new").iterdir())


def test_a_table_is_prepared_in_less_memory_than_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails if the file, its texts, its columns or the encoded rows are in memory whole.

    Of a row only the target, its place and the like may be there.
    """
    monkeypatch.setattr(delimited, "_BLOCK_VALUES", 2**10)
    for module in (delimited, own_table):
        monkeypatch.setattr(module, "_BLOCK_BYTES", 2**14)
    for module in (standardise, own_table):
        monkeypatch.setattr(module, "BLOCK_ROWS", 50)
    rows, columns = 3_000, 60
    values = np.random.default_rng(0).normal(size=(rows, columns)).round(5).astype(str).tolist()
    text = "\n".join(
        [",".join([*(f"c{i}" for i in range(columns)), "y"])]
        + [",".join([*row, "ab"[i % 2]]) for i, row in enumerate(values)]
    ).encode()
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text, 1))
    own = OwnTable(tmp_path / "a.csv.gz", TableOptions(("y",)), Parts(), 1, tmp_path)
    tracemalloc.start()
    try:
        fold = own.fold()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    encoded = fold.raw.x.nbytes
    assert encoded < 8 * rows * columns < len(text)
    assert peak < encoded, f"{peak:,} bytes at once, {encoded:,} of encoded rows"
