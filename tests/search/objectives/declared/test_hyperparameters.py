"""`[hyperparameters]`, read, written and put back."""

import pytest

from search.objectives.declared.hyperparameters import Declared, read, registry, stage_box
from search.space.hyperparameters import Choice, Number
from search.space.space import Choices, Interval

RAW = {
    "rate": {"low": 1e-4, "high": 1, "meaning": "how fast"},
    "share": {"low": 0.0, "high": 1.0, "log": False, "points": 3},
    "layers": {"low": 1, "high": 5, "step": 2},
    "units": [16, 32, 64],
    "optimizer": {"values": ["sgd", "adam"], "meaning": "which"},
    "momentum": {"low": 0.5, "high": 0.9, "when": {"optimizer": "sgd"}},
}


def test_each_entry_is_a_range_and_a_limit() -> None:
    declared = read(RAW)
    assert declared.registry.known == (
        Number("rate", "how fast", 1e-4, 1.0),
        Number("share", "", 0.0, 1.0),
        Number("layers", "", 1, 5, whole=True),
        Choice("units", "", (16, 32, 64)),
        Choice("optimizer", "which", ("sgd", "adam")),
        Number("momentum", "", 0.5, 0.9),
    )
    assert declared.box.ranges["share"] == Interval(0.0, 1.0, log=False, points=3)
    assert declared.box.ranges["layers"] == Interval(1, 5, log=False, step=2)
    assert declared.box.ranges["units"] == Choices((16, 32, 64))
    assert list(declared.box.conditions) == ["momentum"]


def test_it_is_what_it_writes() -> None:
    declared = read(RAW)
    assert read(declared.plain()) == declared
    assert read(declared.plain()).plain() == declared.plain()
    assert Declared.of_recorded(declared.recorded()) == declared


@pytest.mark.parametrize(
    ("own", "meant"),
    [
        ({"share": {"low": 0.2, "high": 0.4}}, {"log": False, "points": 3}),
        ({"share": {"low": 0.2, "high": 0.4, "log": True}}, {"log": True, "points": 3}),
        ({"layers": {"low": 1, "high": 3}}, {"step": 2}),
    ],
)
def test_a_box_takes_over_what_it_does_not_say(
    own: dict[str, dict[str, float]], meant: dict[str, object]
) -> None:
    ((name, extent),) = own.items()
    assert stage_box(RAW, own) == {name: meant | extent}


def test_a_box_takes_over_a_condition_with_what_it_reads() -> None:
    when = {"when": {"optimizer": "sgd"}}
    own = {"optimizer": ["sgd", "adam"], "momentum": [0.5, 0.9]}
    assert stage_box(RAW, own) == {
        "optimizer": ["sgd", "adam"],
        "momentum": {"values": [0.5, 0.9]} | when,
    }
    assert stage_box(RAW, {"momentum": [0.5]}) == {"momentum": [0.5]}
    raw = {"units": {"low": 1, "high": 9}, "heads": {"low": 1, "high": 9, "at_most": "units"}}
    assert stage_box(raw, {"units": [4, 5], "heads": [3, 4]}) == {
        "units": [4, 5],
        "heads": {"values": [3, 4], "at_most": "units"},
    }
    assert stage_box(raw, {"heads": [3, 4]}) == {"heads": [3, 4]}


def test_a_box_that_is_none_stays_for_others_to_refuse() -> None:
    assert stage_box(RAW, 3) == 3
    assert stage_box(RAW, {"rate": 3, "new": {"low": 1}}) == {"rate": 3, "new": {"low": 1}}


def test_a_faulty_table_has_no_hyperparameters() -> None:
    assert registry(None).names() == registry({"rate": 3}).names() == []
    assert registry(RAW).find("units") is not None
    assert registry(RAW).find("unit") is None
