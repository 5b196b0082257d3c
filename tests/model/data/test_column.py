"""What counts as missing, as a number and as a date."""

import numpy as np
import pytest

from model.data.column import (
    Column,
    category_column,
    parsed,
    parsed_commas,
    texts_of,
)
from model.errors import ModelError


def test_texts_are_stripped_and_missing_ones_are_none() -> None:
    raw = [" a ", "", "NA", " N/A", "NaN", "null", "None", "?", "-", "na me", "--"]
    assert texts_of(raw) == ["a", *[None] * 8, "na me", "--"]


def test_numbers_are_those_of_a_data_file_and_not_all_of_python() -> None:
    found = parsed(["1", "-2.5", "+.5", "1e3", "007", None, "1E-2", "1."])
    assert found is not None
    np.testing.assert_array_equal(found, [1, -2.5, 0.5, 1000, 7, np.nan, 0.01, 1])
    for text in ("1_000", "٣", "0x10", "1,5", "1 000", "12a", "1.2.3", "true", "--1"):
        assert parsed(["1", text]) is None, text
    infinite = parsed(["inf", "-Infinity", "1e999"])
    assert infinite is not None
    assert np.isinf(infinite).all()


def test_decimal_commas() -> None:
    found = parsed_commas(["1,5", "-2", ",25", None, "1,5e2"])
    assert found is not None
    np.testing.assert_array_equal(found, [1.5, -2, 0.25, np.nan, 150])
    for text in ("1,5,5", "1.5", "1.000,5", "a"):
        assert parsed_commas(["1,5", text]) is None
    assert category_column("a", ["1,5", "1,234"]).holds_decimal_commas()
    assert category_column("a", ["0,500"]).holds_decimal_commas()
    for texts in (["1,234"], ["1,234", "12"], ["1", "2"], ["1,5", "x"], []):
        assert not category_column("a", texts).holds_decimal_commas()


def test_first_other_counts_rows_from_one() -> None:
    assert category_column("a", ["1", None, "x", "y"]).first_other() == (3, "x")
    assert category_column("a", ["1", None]).first_other() is None


def test_dates_and_grouped_numbers_are_recognised() -> None:
    for text in ("2020-01-31", "2020-01-31 12:00", "2020-01-31T12:00:00.5Z", "2020-01-31 12:00+01"):
        assert category_column("a", [text, None]).holds_dates(), text
    for texts in (["2020-01-31", "x"], [None], ["2020-01"]):
        assert not category_column("a", texts).holds_dates()
    assert category_column("a", ["1,234", "12", None, "1,234,567.8"]).holds_grouped_numbers()
    assert not category_column("a", ["1,234", "01"]).holds_grouped_numbers()
    assert not Column("a", "number", np.array([1.0])).holds_dates()


def test_distinct_values_are_sorted_by_their_kind() -> None:
    assert Column("a", "number", np.array([10, 9, np.nan, 9.0])).distinct().tolist() == [9, 10]
    assert category_column("a", ["9", "10", None, "9"]).distinct().tolist() == ["10", "9"]
    assert category_column("a", ["9", None]).is_missing.tolist() == [False, True]


def test_values_of_another_type_are_refused() -> None:
    for values in (np.array([1]), np.array(["x"]), np.array([[1.0]])):
        with pytest.raises(ModelError, match=r"'a': values must be \(n,\) float64, not"):
            Column("a", "number", values)


def test_the_texts_of_some_rows() -> None:
    column = category_column("a", ["x", "y", None, "x", "z"])
    assert column.texts == ("x", "y", "z")
    assert column.places(np.array([4, 2, 0])).tolist() == [2, -1, 0]
    assert column.occurring(np.array([3, 4])) == ["x", "z"]
    assert column.occurring(np.array([2, 1])) == ["y", None]


def test_the_extent_is_that_of_the_values_that_are_there() -> None:
    assert Column("a", "number", np.array([3, np.nan, -1.0])).extent == (-1, 3)
    assert np.isnan(Column("a", "number", np.array([np.nan])).extent).all()


@pytest.mark.parametrize(
    "text",
    ["2024-12-31", "2024-12-31 23:59:01.5+01:00", "2024/1/5", "31.12.2024", "12/31/24 11:05 PM",
     "31-12-2024", "3 Jan 2024", "03-Jan-24", "March 3, 2024", "1. Dec 2024"],
)  # fmt: skip
def test_dates_are_known_in_the_forms_that_people_write(text: str) -> None:
    assert category_column("a", [text, None, text]).holds_dates()
    assert not category_column("a", [text, "soon"]).holds_dates()


@pytest.mark.parametrize("text", ["2024-12", "1.2", "10.0.0.1", "31.12/2024", "12-34", "May", "v1"])
def test_other_texts_are_no_dates(text: str) -> None:
    assert not category_column("a", [text]).holds_dates()


@pytest.mark.parametrize(
    ("form", "is_measured"),
    [("${}.50", True), ("{} kg", True), ("{},5 %", True), ("1 {},5", True), ("1.{},5", True),
     ("\N{MINUS SIGN}{}", True), ("A{}", False), ("{}", True), ("12-{}", False),
     ("10.0.0.{}", False), ("1.2.{}", False)],
)  # fmt: skip
def test_numbers_with_a_unit_are_known_where_there_are_many(form: str, is_measured: bool) -> None:
    texts = [form.format(number) for number in range(100, 121)]
    assert category_column("a", texts).holds_measured_numbers() is is_measured
    assert not category_column("a", texts[:20]).holds_measured_numbers()
    assert not category_column("a", [*texts, "100 other"]).holds_measured_numbers()


def test_a_text_among_many_numbers_is_named_with_its_row() -> None:
    numbers: list[str | None] = [str(number) for number in range(25)]
    commas = [f"{number},5" for number in range(25)]
    assert category_column("a", [*numbers, None, "n.a."]).holds_numbers_and() == (27, "n.a.")
    assert category_column("a", ["?!", *commas]).holds_numbers_and() == (1, "?!")
    assert category_column("a", numbers).holds_numbers_and() is None
    assert category_column("a", [*numbers[:15], "n.a."]).holds_numbers_and() is None
    others = [f"x{number}" for number in range(25)]
    assert category_column("a", [*numbers, *others]).holds_numbers_and() is None
