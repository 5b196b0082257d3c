"""The registry and the sections of the file hold the same limits."""

import math

import pytest
from pydantic import ValidationError

from search.objectives.network.registry import REGISTRY, Choice, Number, find, layer_of, names
from search.objectives.network.sections import NetworkSection, TrainingSection
from search.study.faults import near, shown
from search.study.table import Table

SECTIONS: dict[str, type[Table]] = {"network": NetworkSection, "training": TrainingSection}
PROBES = (-1, 0, 0.0, 0.5, 1, 1.0, 1_000_000, 1_000_001, 1e9, math.nan, math.inf, True, "1", "relu")


@pytest.mark.parametrize("name", REGISTRY)
@pytest.mark.parametrize("probe", [*PROBES, "before", "normal", "hinge", "after", "xavier"])
def test_a_section_takes_just_what_the_registry_takes(name: str, probe: object) -> None:
    one = REGISTRY[name]
    try:
        taken = one.check(probe)
    except ValueError:
        with pytest.raises(ValidationError):
            SECTIONS[one.home].model_validate({name: probe})
    else:
        section = SECTIONS[one.home].model_validate({name: probe})
        assert getattr(section, name) == taken
        assert type(getattr(section, name)) is type(taken)


@pytest.mark.parametrize("name", REGISTRY)
def test_each_hyperparameter_is_a_key_of_its_section_and_its_default_a_value(name: str) -> None:
    one = REGISTRY[name]
    default = SECTIONS[one.home].model_fields[name].default
    assert one.check(default) == default


@pytest.mark.parametrize("width", [0, -1, 2.0, True, "5", 1_000_001])
def test_widths_are_whole_numbers_from_one(width: object) -> None:
    one = find("width_3")
    assert isinstance(one, Number)
    with pytest.raises(ValueError, match="give a whole number, 1 or more"):
        one.check(width)
    with pytest.raises(ValidationError):
        NetworkSection.model_validate({"widths": [width]})


def test_widths_are_found_by_layer() -> None:
    assert layer_of("width_12") == 12
    assert find("width_12") is not None
    for wrong in ("width_0", "width_01", "width_", "width", "width_1x", "widths", "seed"):
        assert find(wrong) is None
    assert names(layers=2)[-2:] == ["width_1", "width_2"]
    assert "width_1" not in names(layers=0)


def test_choices_name_their_options() -> None:
    one = REGISTRY["activation"]
    assert isinstance(one, Choice)
    with pytest.raises(ValueError, match='found "gelu"; give one of "relu", "leaky_relu", "elu"'):
        one.check("gelu")


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


def test_hints_name_near_matches_or_all() -> None:
    assert near("momentun", REGISTRY) == "did you mean momentum?"
    assert near("q", ["a", "b"]) == "known here: a, b"
    assert near("q", []) == "nothing is known here"
