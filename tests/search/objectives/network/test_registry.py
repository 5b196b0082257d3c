"""The registry and the sections of the file hold the same limits."""

import math

import pytest
from pydantic import ValidationError

from search.objectives.network.registry import (
    MOST_WIDTHS,
    REGISTRY,
    Choice,
    NetworkRegistry,
    Number,
    find,
    layer_of,
    names,
)
from search.objectives.network.sections import NetworkSection, TrainingSection
from search.space.space import Choices, Condition, Interval, Range
from search.study.table import Table

PROBES = (-1, 0, 0.0, 0.5, 1, 1.0, 1_000_000, 1_000_001, 1e9, math.nan, math.inf, True, "1", "relu")


def section_of(name: str) -> type[Table]:
    """The one section that has a key of this name."""
    (found,) = (one for one in (NetworkSection, TrainingSection) if name in one.model_fields)
    return found


@pytest.mark.parametrize("name", REGISTRY)
@pytest.mark.parametrize("probe", [*PROBES, "before", "normal", "hinge", "after", "xavier"])
def test_a_section_takes_just_what_the_registry_takes(name: str, probe: object) -> None:
    one = REGISTRY[name]
    try:
        taken = one.check(probe)
    except ValueError:
        with pytest.raises(ValidationError):
            section_of(name).model_validate({name: probe})
    else:
        section = section_of(name).model_validate({name: probe})
        assert getattr(section, name) == taken
        assert type(getattr(section, name)) is type(taken)


@pytest.mark.parametrize("name", REGISTRY)
def test_each_hyperparameter_is_a_key_of_its_section_and_its_default_a_value(name: str) -> None:
    one = REGISTRY[name]
    default = section_of(name).model_fields[name].default
    assert default is None or one.check(default) == default  # None is for no limit


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
    assert names(layers=2)[-3:] == ["layers", "width_1", "width_2"]
    assert "width_1" not in names(layers=0)


def test_choices_name_their_options() -> None:
    one = REGISTRY["activation"]
    assert isinstance(one, Choice)
    with pytest.raises(ValueError, match='found "gelu"; give one of "relu", "leaky_relu", "elu"'):
        one.check("gelu")


def test_there_are_as_many_layers_as_widths_and_one() -> None:
    one = find("layers")
    assert isinstance(one, Number)
    assert one.check(MOST_WIDTHS + 1) == MOST_WIDTHS + 1
    for wrong in (0, -1, 2.0, True, MOST_WIDTHS + 2):
        with pytest.raises(ValueError, match="give a whole number, 1 or more and at most 101"):
            one.check(wrong)
    with pytest.raises(ValidationError):
        NetworkSection.model_validate({"widths": [1] * (MOST_WIDTHS + 1)})


WIDTH = Interval(4, 8, log=False, step=1)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (Choices((1, 2, 3)), {"width_1": (2, 3), "width_2": (3,)}),
        (Interval(2, 5, log=False, step=1), {"width_2": (3, 4, 5), "width_3": (4, 5)}),
        (Choices((4, 2)), {"width_2": (4,), "width_3": (4,)}),
        (Choices((4,)), {}),
    ],
)
def test_a_width_is_searched_where_there_is_such_a_layer(
    layers: Range, expected: dict[str, tuple[int, ...]]
) -> None:
    ranges = {f"width_{layer}": WIDTH for layer in (1, 2, 3)} | {"layers": layers}
    found = NetworkRegistry().conditions(ranges)
    assert found == {name: Condition({"layers": those}) for name, those in expected.items()}


def test_dropout_and_skips_are_searched_where_layers_read_them() -> None:
    ranges: dict[str, Range] = {
        "layers": Choices((1, 2, 3)),
        "dropout": Interval(0.1, 0.5),
        "skip": Choices((True, False)),
        "momentum": Interval(0.1, 0.9),
    }
    assert NetworkRegistry().conditions(ranges) == {
        "dropout": Condition({"layers": (2, 3)}),
        "skip": Condition({"layers": (3,)}),
    }


def test_without_layers_no_condition_follows() -> None:
    assert NetworkRegistry().conditions({"width_2": WIDTH}) == {}
