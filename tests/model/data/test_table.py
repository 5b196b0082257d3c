"""Tables as users have them, read whole: kinds, targets, and one message for each fault."""

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest

from model.data.table import Table, read
from model.data.table_options import TableOptions
from model.errors import DataFileError, ModelError
from tests.model.data.tables import listed

TEXT = """id,age,colour,member,born,same,size,town,y
1,30,red,true,2001-05-01,7,1.5,A,no
2,,blue,false,2002-05-01,7,2.5,B,yes
3,41,NA,true,2003-05-01,7,3.5,A,no
4,22,red,false,2004-05-01,7,inf,C,yes
"""
EXCLUDED = ("id", "born", "size", "town")


def written(folder: Path, content: bytes | str, name: str = "eine Tabelle, größer.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def check_equal(one: Table, other: Table) -> None:
    for name in ("task", "classes", "target_names", "missing", "left_out", "ignored"):
        assert getattr(one, name) == getattr(other, name), name
    np.testing.assert_array_equal(one.targets, other.targets)
    for a, b in zip((*one.inputs, *one.others), (*other.inputs, *other.others), strict=True):
        assert (a.name, a.kind) == (b.name, b.kind)
        np.testing.assert_array_equal(a.values, b.values)
        assert a.texts == b.texts


def test_a_table_is_inputs_and_a_target(tmp_path: Path) -> None:
    found = read(written(tmp_path, TEXT), TableOptions(("y",), exclude=EXCLUDED))
    assert [(c.name, c.kind) for c in found.inputs] == [
        ("age", "number"),
        ("colour", "category"),
        ("member", "category"),
    ]
    np.testing.assert_array_equal(found.inputs[0].values, [30, np.nan, 41, 22])
    assert listed(found.inputs[1]) == ["red", "blue", None, "red"]
    assert (found.task, found.classes, found.targets.tolist()) == (
        "classification",
        ("no", "yes"),
        [0, 1, 0, 1],
    )
    assert (len(found), found.target_names, found.notes) == (4, ("y",), ())
    assert found.missing == {"age": 1, "colour": 1}
    assert found.left_out == (("same", "is '7' in every row"),)
    assert found.ignored == ("id", "born", "same", "size", "town", "y")


def test_columns_that_split_the_rows_can_be_asked_for(tmp_path: Path) -> None:
    splitting = (("group", "town"), ("time", "id"))
    options = TableOptions(("y",), exclude=("born", "size"), splitting=splitting)
    found = read(written(tmp_path, TEXT), options)
    assert listed(found.column("town")) == ["A", "B", "A", "C"]
    assert listed(found.column("id")) == [1, 2, 3, 4]
    assert found.column("age") is found.inputs[0]
    for name in ("twon", "born"):
        with pytest.raises(ModelError, match=f"the table has no column '{name}'; "):
            found.column(name)


def test_several_numbers_are_a_regression(tmp_path: Path) -> None:
    path = written(tmp_path, "a;u;v\n1,5;0,5;1\n2,5;1,5;0\n2,5;2,5;0\n")
    found = read(path, TableOptions(("v", "u")))
    assert (found.task, found.classes, found.target_names) == ("regression", (), ("v", "u"))
    assert found.targets.tolist() == [[1, 0.5], [0, 1.5], [0, 2.5]]
    one = read(path, TableOptions(("v",), task="regression"))
    assert one.targets.tolist() == [[1], [0], [0]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_one_table_in_many_forms(tmp_path: Path, encoding: str, separator: str) -> None:
    rows = [
        ["größe", "ort", "y"],
        ["1.5", "Köln", "a"],
        ["?", "Zürich", "b"],
        ["3.25", "Köln", "a"],
        ["-4", "", "b"],
    ]
    plain = written(tmp_path, "\n".join(",".join(row) for row in rows), "plain.csv")
    text = "\r\n".join(separator.join(row) for row in rows)
    if separator != ",":
        text = text.replace(".", ",")
    other = written(tmp_path, text.encode(encoding))
    check_equal(read(plain, TableOptions(("y",))), read(other, TableOptions(("y",))))


@pytest.mark.parametrize("options", [{}, {"categories": ("whole",)}, {"exclude": ("text",)}])
def test_text_and_parquet_of_one_table_are_equal(tmp_path: Path, options: dict[str, Any]) -> None:
    random = np.random.default_rng(1)
    n = 500
    frame = polars.DataFrame(
        {
            "float": random.standard_normal(n) * 10.0 ** random.integers(-12, 12, n),
            "holes": [None if i % 7 == 0 else i / 8 for i in range(n)],
            "nan": [float("nan") if i % 5 == 0 else i / 3 for i in range(n)],
            "whole": random.integers(-5, 5, n),
            "boolean": [None if i % 11 == 0 else i % 3 == 0 for i in range(n)],
            "text": [
                ("Köln", 'with "quotes", and commas', "", None, " x ")[i % 5] for i in range(n)
            ],
            "empty": [None] * n,
            "day": [datetime.date(2020, 1, 1 + i % 28) for i in range(n)],
            "y": random.integers(0, 4, n),
        }
    )
    frame.write_csv(tmp_path / "a.csv")
    frame.write_parquet(tmp_path / "a.parquet")
    given = TableOptions(("y",), **{**options, "exclude": ("day", *options.get("exclude", ()))})
    text, parquet = (read(tmp_path / f"a.{end}", given) for end in ("csv", "parquet"))
    check_equal(text, parquet)
    assert text.left_out == (("empty", "has no values"),)
    assert text.classes == ("0", "1", "2", "3")


def test_columns_that_never_vary_are_left_out_unless_some_lack_a_value(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b,c,d,y\n1,x,,5,p\n1,x,?,,q\n1,x,NA,5,p\n1,x,,5,q\n")
    found = read(path, TableOptions(("y",), numbers=("a",)))
    assert [c.name for c in found.inputs] == ["d"]
    assert [name for name, _ in found.left_out] == ["a", "b", "c"]


def refused(path: Path, message: str, *target: str, **options: Any) -> None:
    with pytest.raises(DataFileError, match=message) as raised:
        read(path, TableOptions(target or ("y",), **options))
    assert str(path) in str(raised.value)


def test_options_name_columns_that_exist(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT)
    refused(path, "target names 'membr', which is no column; did you mean 'member'?", "membr")
    refused(path, "exclude names 'idd', which is no column; did you mean 'id'", exclude=("idd",))
    refused(path, "numbers names 'nowhere'", numbers=("nowhere",))
    refused(path, "categories names 'nowhere'; its|which is no column", categories=("nowhere",))


def test_columns_that_are_no_inputs_are_refused_until_options_say_what_they_are(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, TEXT)
    refused(
        path, "'id' counts the rows from 1 to 4, as an id does; exclude it, or name it in numbers"
    )
    numbered: dict[str, Any] = {"numbers": ("id",), "exclude": ("size", "town")}
    refused(path, "column 'born' holds dates; make numbers of them", **numbered)
    refused(path, "row 4 of column 'size' is inf", exclude=("id", "born"))
    refused(path, r"'id' counts [^\n]*\n.*'born' holds dates[^\n]*\n.* 'size' is inf[^\n]*$")
    found = read(path, TableOptions(("y",), categories=("born",), **numbered))
    assert [c.name for c in found.inputs] == ["id", "age", "colour", "member", "born"]
    refused(path, "row 1 of column 'colour' holds 'red'; expected a number", numbers=("colour",))
    refused(path, "no input column beside the target; 'same' is '7' in every row",
            exclude=(*EXCLUDED, "age", "colour", "member"))  # fmt: skip
    grouped = written(tmp_path, 'a,y\n"1,234",p\n"22,000",q\n5,p\n6,q\n', "b.csv")
    refused(grouped, "column 'a' holds numbers with commas, such as '1,234'; write them without")


@pytest.mark.parametrize(
    ("values", "is_refused"),
    [
        (range(60, 0, -1), True),
        ([(7 * row) % 60 + 1_000 for row in range(60)], True),
        (range(0, 600, 10), True),
        ([*range(59), 58], False),
        ([row / 10 for row in range(60)], False),
        ([5, 1, 3, 4, 2, 6], False),  # as six measurements may be
    ],
)
def test_ids_are_refused_in_whatever_order_they_count(
    tmp_path: Path, values: Sequence[float], is_refused: bool
) -> None:
    rows = "".join(f"{one},{row * row % 7},{'pq'[row % 2]}\n" for row, one in enumerate(values))
    path = written(tmp_path, "id,x,y\n" + rows)
    if is_refused:
        refused(path, f"counts the rows from {min(values)} to {max(values)}, as an id does")
    else:
        assert [c.name for c in read(path, TableOptions(("y",))).inputs] == ["id", "x"]


def test_numbers_in_other_forms_are_refused_until_it_is_said_that_they_are_names(
    tmp_path: Path,
) -> None:
    lines = [f"{row % 30},{row % 30} kg,{'pq'[row % 2]}" for row in range(60)]
    path = written(tmp_path, "\n".join(["a,b,y", *lines, "none,1 kg,p"]))
    refused(path, "column 'a' holds numbers, but 'none' in row 61; correct that", exclude=("b",))
    refused(path, "column 'b' holds numbers with a currency, a unit or", exclude=("a",))
    refused(path, "the target 'a' holds numbers, but 'none' in row 61; correct that value, or", "a")
    refused(path, "the target 'b' holds numbers with a currency, a unit or blanks, such", "b")
    found = read(path, TableOptions(("y",), categories=("a", "b")))
    assert [len(column.texts) for column in found.inputs] == [31, 30]
    lines = [f"{row % 30},{row % 30} kg,{row % 3}" for row in range(60)]
    path = written(tmp_path, "\n".join(["a,b,c", *lines]), "c.csv")
    assert len(read(path, TableOptions(("b",), task="classification")).classes) == 30


def test_inputs_that_may_be_ids_are_told_unless_it_is_said_what_they_are(tmp_path: Path) -> None:
    rows = "".join(f"{i * i},n{i},{i % 7},{i / 2},{'pq'[i % 2]}\n" for i in range(30))
    path = written(tmp_path, "customer,name,a,b,y\n" + rows)
    (told,) = read(path, TableOptions(("y",))).notes
    assert told.startswith("2 inputs have another whole number or text in each row, as ids do")
    assert told.endswith("exclude what is one: 'customer', 'name'")
    said = TableOptions(("y",), numbers=("customer",), categories=("name",))
    assert read(path, said).notes == ()


def categories_of(distinct: int, rows: int) -> str:
    return "".join(f"t{i % distinct},{'pq'[i % 2]}\n" for i in range(rows))


@pytest.mark.parametrize(
    ("distinct", "rows", "is_refused"),
    [(100, 100, False), (101, 201, True), (101, 202, False), (1_000, 5_000, False),
     (1_001, 5_005, True)],
)  # fmt: skip
def test_texts_that_hardly_repeat_are_refused(
    tmp_path: Path, distinct: int, rows: int, is_refused: bool
) -> None:
    path = written(tmp_path, "a,y\n" + categories_of(distinct, rows))
    if is_refused:
        refused(
            path, rf"column 'a' has {distinct:,} different texts in {rows:,} rows, such as 't0'"
        )
    else:
        read(path, TableOptions(("y",)))
    assert len(read(path, TableOptions(("y",), categories=("a",))).inputs[0].distinct()) == distinct


def test_the_first_text_among_numbers_is_named(tmp_path: Path) -> None:
    rows = "".join(f"{i / 8},{'pq'[i % 2]}\n" for i in range(200))
    path = written(tmp_path, f"a,y\n{rows}12 cm,p\n")
    refused(path, "holds numbers, but '12 cm' in row 201; correct that value")


@pytest.mark.parametrize(
    ("text", "task", "message"),
    [
        ("a,y\n1,p\n3,q\n", None, "a single row of class 'p', row 1"),
        ("a,y\n1,p\n3,p\n", None, "the target 'y' is 'p' in every row"),
        ("a,y\n1,1\n3,x\n", "regression", "row 2 of the target 'y' holds 'x'; regression expected"),
        ("a,y\n1,1\n3,nan\n", None, "the target 'y' is missing in 1 of 2 rows"),
        ("a,y\n1,0.5\n3,Infinity\n", None, "row 2 of column 'y' is inf"),
        ("a,y\n1,2\n3\n", None, "line 3 has 1 value"),
        ("a,a,y\n1,2,3\n", None, "has two columns 'a'"),
    ],
)
def test_faults_of_a_file_cost_one_message(
    tmp_path: Path, text: str, task: Any, message: str
) -> None:
    refused(written(tmp_path, text), message, task=task)


def test_a_parquet_column_that_no_table_has_must_be_excluded(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    frame = polars.DataFrame({"list": [[1]] * 4, "a": [1, 2, 4, 8], "y": [0, 1, 0, 1]})
    frame.write_parquet(path)
    refused(path, r"column 'list' holds values of type List\(Int64\)")
    refused(path, "column 'list' holds values of type", "list", exclude=("y",))
    found = read(path, TableOptions(("y",), exclude=("list",)))
    assert found.ignored == ("y", "list")


def test_every_prefix_of_a_file_is_a_table_or_one_message(tmp_path: Path) -> None:
    """Cut short anywhere, a file never costs another exception."""
    text = 'a,b,y\n1,"x, ""z""",p\n2.5,"two\nlines",q\n3,x,p\n9,NA,q\n'.encode("utf-16")
    path = tmp_path / "a.csv"
    for length in range(len(text)):
        path.write_bytes(text[:length])
        try:
            found = read(path, TableOptions(("y",)))
        except DataFileError:
            continue
        assert len(found) in (2, 3, 4)
    path.write_bytes(text)
    assert len(read(path, TableOptions(("y",)))) == 4
