"""Placeholders in arguments."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.errors import StudyFileError
from search.objectives.command.arguments import filled, placeholders


def test_names_are_found_wherever_they_stand() -> None:
    arguments = ["./train", "--lr={learning_rate}", "{seed}", "{a}-{b} {a}", "{{no}}", "plain"]
    assert placeholders(arguments) == {"learning_rate", "seed", "a", "b"}


def test_values_take_their_places() -> None:
    values = {"rate": 0.1, "layers": 3, "nesterov": True, "optimizer": "adam", "odd name.x": 1}
    arguments = ["--rate={rate}", "{layers}{layers}", "{nesterov}", "{optimizer}", "{odd name.x}"]
    assert filled(arguments, values) == ["--rate=0.1", "33", "true", "adam", "1"]


def test_doubled_braces_are_braces() -> None:
    assert filled(['{{"rate": {rate}}}', "awk {{print}}"], {"rate": 2}) == [
        '{"rate": 2}',
        "awk {print}",
    ]


def test_values_are_not_read_as_templates() -> None:
    assert filled(["{a}"], {"a": "{b} $HOME %s"}) == ["{b} $HOME %s"]


@given(st.floats(allow_nan=False))
def test_numbers_survive_being_written(number: float) -> None:
    (text,) = filled(["{number}"], {"number": number})
    assert float(text) == number
    assert math.copysign(1, float(text)) == math.copysign(1, number)


def test_an_argument_without_its_value_is_left_out() -> None:
    arguments = ["train", "--beta={beta}", "--both={rate}{beta}", "--rate={rate}"]
    assert filled(arguments, {"rate": 1}) == ["train", "--rate=1"]


@pytest.mark.parametrize(
    "argument", ["{", "}", "{rate", "rate}", "{}", "{rate:.3f}", "{rate!r}", "{{rate}"]
)
def test_other_braces_are_refused(argument: str) -> None:
    with pytest.raises(StudyFileError, match="braces that do not hold a name") as caught:
        placeholders(["fine", argument])
    assert f'"{argument}"' in str(caught.value)
