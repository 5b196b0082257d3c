"""A hyperparameter takes the values within its limits, and says of others what would be right."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.space.hyperparameters import Choice, Number, shown

RATE = Number("learning_rate", low=0, low_included=False)
SHARE = Number("drop_rate", low=0, high=1, high_included=False)
UNITS = Number("units", low=1, high=1_000_000, whole=True)
ACTIVATION = Choice("activation", options=("relu", "elu"))


@pytest.mark.parametrize(
    ("number", "values"),
    [
        (RATE, "a number, above 0"),
        (SHARE, "a number, 0 or more and below 1"),
        (UNITS, "a whole number, 1 or more and at most 1,000,000"),
        (Number("shift"), "a number"),
    ],
)
def test_limits_are_told_in_words(number: Number, values: str) -> None:
    assert number.values() == values


@pytest.mark.parametrize(
    ("number", "value", "taken"),
    [(RATE, 1, 1.0), (SHARE, 0, 0.0), (SHARE, 0.999, 0.999), (UNITS, 1_000_000, 1_000_000)],
)
def test_a_value_within_the_limits_has_the_kind_of_the_hyperparameter(
    number: Number, value: float, taken: float
) -> None:
    found = number.check(value)
    assert found == taken
    assert type(found) is (int if number.whole else float)


@pytest.mark.parametrize(
    ("number", "value"),
    [
        (RATE, 0),
        (SHARE, 1),
        (SHARE, -1e-9),
        (UNITS, 0),
        (UNITS, 1_000_001),
        (UNITS, 2.0),
        (RATE, math.nan),
        (RATE, math.inf),
        (RATE, 1e300),
        (RATE, True),
        (RATE, "0.1"),
        (UNITS, None),
    ],
)
def test_all_else_is_refused_with_what_would_be_right(number: Number, value: object) -> None:
    with pytest.raises(ValueError) as caught:
        number.check(value)
    assert str(caught.value) == f"found {shown(value)}; give {number.values()}"


def test_a_choice_takes_its_options_and_tells_true_from_one() -> None:
    assert ACTIVATION.check("elu") == "elu"
    with pytest.raises(ValueError, match='found "tanh"; give one of "relu", "elu"'):
        ACTIVATION.check("tanh")
    switch = Choice("batch_norm", options=(True, False))
    assert switch.check(True) is True
    with pytest.raises(ValueError, match="found 1; give one of true, false"):
        switch.check(1)
    with pytest.raises(ValueError, match="found true"):
        Choice("layers", options=(1, 2)).check(True)


def test_people_read_its_title_or_its_name_with_spaces() -> None:
    assert RATE.words == "learning rate"
    assert Number("lr", title="learning rate").words == "learning rate"
    assert Choice("init_rule").words == "init rule"


@given(st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=4))
def test_what_was_found_is_one_short_line(value: object) -> None:
    text = shown(value)
    assert len(text) <= 80
    assert text.isprintable() or not text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        ("a\nb", '"a\\nb"'),
        ("", '""'),
        ({}, "an empty table"),
        ({"a": 1}, "a table"),
        ([], "an empty list"),
        ([1], "a list"),
        (10**40, "a whole number of more than 30 digits"),
        (1e-6, "1e-06"),
        ("λ", '"λ"'),
    ],
)
def test_values_are_shown_as_a_file_writes_them(value: object, text: str) -> None:
    assert shown(value) == text


def test_long_values_are_cut() -> None:
    assert len(shown("x" * 1_000)) == 80
    assert shown("x" * 1_000).endswith('..."')
