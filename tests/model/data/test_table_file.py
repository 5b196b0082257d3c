"""A file's name says its form; kinds follow from values; names are checked."""

import gzip
from pathlib import Path

import numpy as np
import polars
import pytest

from model.data.table_file import near, read_columns
from model.errors import DataFileError
from tests.model.data.tables import listed


def written(folder: Path, content: bytes | str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_every_ending_is_read_alike(tmp_path: Path) -> None:
    text = b"a,b\n1,x\nNA,y\n"
    polars.DataFrame({"a": [1, None], "b": ["x", "y"]}).write_parquet(tmp_path / "a.Parquet")
    written(tmp_path, gzip.compress(text), "a.b.tsv.GZ")
    for name in ("a.csv", "a.TSV", "a.b.txt"):
        written(tmp_path, text, name)
    for path in tmp_path.iterdir():
        found = read_columns(path).by_name
        assert [(c.name, c.kind) for c in found.values()] == [("a", "number"), ("b", "category")]
        np.testing.assert_array_equal(found["a"].values, [1, np.nan])
        assert listed(found["b"]) == ["x", "y"]


@pytest.mark.parametrize("end", ["csv", "csv.gz", "parquet"])
def test_a_name_may_have_blanks_letters_of_any_script_and_what_patterns_have(
    tmp_path: Path, end: str
) -> None:
    folder = tmp_path / "車 und größe"
    folder.mkdir()
    for name, number in (("a[1] *? %20 {b}", 1), ("a1", 2)):  # the first as a pattern is the second
        frame = polars.DataFrame({"n": [number, number + 5]})
        path = folder / f"{name}.{end}"
        if end == "parquet":
            frame.write_parquet(path)
        else:
            text = frame.write_csv().encode()
            path.write_bytes(gzip.compress(text) if end == "csv.gz" else text)
        assert listed(read_columns(path).by_name["n"]) == [number, number + 5]


@pytest.mark.parametrize("name", ["a.xlsx", "a", "a.gz", "a.parquet.gz", ".csv"])
def test_other_endings_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataFileError, match=r"expected a file named \.csv, \.tsv or \.txt"):
        read_columns(written(tmp_path, "a\n1\n", name))


def test_decimal_commas_are_read_where_one_is_beyond_doubt(tmp_path: Path) -> None:
    found = read_columns(written(tmp_path, "a;b;c;d\n1,5;1,234;1.5;x\n2;2,345;2.5;1,5\n")).by_name
    assert found["a"].values.tolist() == [1.5, 2]
    assert listed(found["b"]) == [1.234, 2.345]
    assert found["c"].values.tolist() == [1.5, 2.5]
    assert found["d"].kind == "category"


def test_thousands_are_no_decimals(tmp_path: Path) -> None:
    found = read_columns(written(tmp_path, "a\tb\n1,234\t1.5\n2,345\t2.5\n")).by_name
    assert listed(found["a"]) == ["1,234", "2,345"]
    assert found["a"].holds_grouped_numbers()


def test_a_decimal_comma_needs_another_separator(tmp_path: Path) -> None:
    assert read_columns(written(tmp_path, 'a,b\n"1,5",2\n')).by_name["a"].kind == "category"


def test_kinds_can_be_said(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n01,1\n02,x\n")
    assert listed(read_columns(path, categories={"a", "z"}).by_name["a"]) == ["01", "02"]
    with pytest.raises(DataFileError, match=r"a\.csv: row 2 of column 'b' holds 'x'; expected a n"):
        read_columns(path, numbers=("z", "a", "b"))


def test_the_fallback_encoding_is_told_of(tmp_path: Path) -> None:
    assert read_columns(written(tmp_path, "a\nü\n")).notes == ()
    found = read_columns(written(tmp_path, "a\nü\n".encode("latin-1"), "b.csv"))
    assert found.notes == ("it is not UTF-8, and was read as Windows-1252",)
    assert listed(found.by_name["a"]) == ["ü"]


def test_names_must_be_there_and_differ(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="column 2 has no name"):
        read_columns(written(tmp_path, "a, \n1,2\n"))
    with pytest.raises(DataFileError, match="has two columns 'a'; expected each name once"):
        read_columns(written(tmp_path, "a,b,a \n1,2,3\n"))
    polars.DataFrame({" ": [1]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataFileError, match="column 1 has no name"):
        read_columns(tmp_path / "a.parquet")


def test_near_names_are_listed() -> None:
    assert near("prize", ["price", "age"]) == "did you mean 'price'?"
    assert near("xyz", ["price", "age"]) == "its columns are 'price', 'age'"
    assert near("b", ["a b"]).startswith("its only column is 'a b': values are separated by com")
    assert near("b", ["a"]) == "its columns are 'a'"
    assert near("xyz", [f"a{i}" for i in range(9)]).endswith("'a7' …")
