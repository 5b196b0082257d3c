"""Conditions in a study file: read, written back, and refused where they cannot hold."""

import json
from typing import Any

import pytest

from search.errors import StudyFileError
from search.space.space import Box, Choices, Condition, Interval
from search.study.file import Study, study_of
from search.study.lineage import reach
from search.study.ranges import recorded_box, write_box

ALPHA = {"low": 0.1, "high": 2.0}
ELU = {"activation": "elu"}
BOX: dict[str, Any] = {
    "elu_alpha": ALPHA | {"when": ELU},
    "activation": ["relu", "elu", "leaky_relu"],
    "momentum": {"values": [0.0, 0.9]},
    "negative_slope": {"values": [0.01, 0.1], "when": {"activation": ["leaky_relu"]}},
    "width_1": {"low": 10, "high": 50, "step": 20},
    "jitter": ALPHA | {"when": {"width_1": [30, 50], "momentum": 0.9}},
}


def study(box: dict[str, Any], **stage: Any) -> Study:
    return study_of({"name": "own", "stages": [{"trials": 4, "box": box} | stage]})


def test_conditions_are_read_with_ranges_and_with_lists() -> None:
    (box,) = study(BOX).stages[0].boxes
    assert box == Box(
        {
            "elu_alpha": Interval(0.1, 2.0),
            "activation": Choices(("relu", "elu", "leaky_relu")),
            "momentum": Choices((0.0, 0.9)),
            "negative_slope": Choices((0.01, 0.1)),
            "width_1": Interval(10, 50, log=False, step=20),
            "jitter": Interval(0.1, 2.0),
        },
        {
            "elu_alpha": Condition({"activation": ("elu",)}),
            "negative_slope": Condition({"activation": ("leaky_relu",)}),
            "jitter": Condition({"width_1": (30, 50), "momentum": (0.9,)}),
        },
    )


def test_a_study_with_conditions_is_written_and_read_back_exactly() -> None:
    whole = study(BOX)
    written = json.loads(json.dumps(whole.canonical()))
    assert study_of(written) == whole
    (box,) = whole.stages[0].boxes
    assert recorded_box(json.loads(json.dumps(write_box(box)))) == box
    assert list(write_box(box)) == list(BOX)
    assert write_box(box)["momentum"] == [0.0, 0.9]


def test_a_box_without_conditions_is_written_as_before() -> None:
    plain = Box({"activation": Choices(("relu",)), "jitter": Interval(0.1, 1.0)})
    assert write_box(plain) == {
        "activation": ["relu"],
        "jitter": {"low": 0.1, "high": 1.0, "log": True},
    }


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        (
            {"elu_alpha": ALPHA | {"when": {"acitvation": "elu"}}},
            [
                "elu_alpha.when.acitvation: no other hyperparameter of this box; did you mean "
                "activation?"
            ],
        ),
        (
            {"elu_alpha": ALPHA | {"when": {"elu_alpha": 1.0}}},
            [
                "elu_alpha.when.elu_alpha: no other hyperparameter of this box; known here: "
                "activation, momentum, negative_slope, width_1, jitter"
            ],
        ),
        (
            {"elu_alpha": ALPHA | {"when": {"activation": "gelu"}}},
            [
                'elu_alpha.when.activation: found "gelu", which activation never is; give one of '
                '"relu", "elu", "leaky_relu"'
            ],
        ),
        (
            {"elu_alpha": ALPHA | {"when": {"activation": ["elu", 3]}}},
            [
                "elu_alpha.when.activation.2: found 3, which activation never is; give one of "
                '"relu", "elu", "leaky_relu"'
            ],
        ),
        (
            {"elu_alpha": ALPHA | {"when": {"width_1": [40, True]}}},
            [
                "elu_alpha.when.width_1.1: found 40, which width_1 never is; give a whole number "
                "from 10 to 50 in steps of 20",
                "elu_alpha.when.width_1.2: found true, which width_1 never is; give a whole number "
                "from 10 to 50 in steps of 20",
            ],
        ),
        (
            {"elu_alpha": ALPHA | {"when": {"jitter": 0.5}}},
            [
                "elu_alpha.when.jitter: jitter is a continuous range, which has a given value only "
                "by chance; list its values"
            ],
        ),
        (
            {
                "activation": {"values": ["elu", "relu", "leaky_relu"], "when": {"momentum": 0}},
                "momentum": {"values": [0, 0.9], "when": {"negative_slope": 0.1}},
            },
            [
                "activation.when: activation depends on momentum, which depends on negative_slope, "
                "which depends on activation; leave out one of these conditions"
            ],
        ),
        (
            {"elu_alpha": ALPHA | {"when": 3}},
            ['elu_alpha.when: found 3; give values of others, such as {activation = "elu"}'],
        ),
        (
            {"elu_alpha": ALPHA | {"when": {}}},
            [
                "elu_alpha.when: found an empty table; give values of others, such as "
                '{activation = "elu"}'
            ],
        ),
        (
            {"elu_alpha": ALPHA | {"when": {"activation": []}}},
            ["elu_alpha.when.activation: found an empty list; give a value"],
        ),
        ({"momentum": {"values": 0.5}}, ["momentum.values: found 0.5; give a list of values"]),
        (
            {"momentum": {"values": [0.5, 7, 0.9]}},
            ["momentum.values.2: found 7; give a number, 0 or more and below 1"],
        ),
        (
            {"momentum": {"values": [0.9], "low": 0.1}},
            ["momentum.low: found beside values; give a list of values or a range of numbers"],
        ),
        (
            {"momentum": {"values": [0.9], "wehn": ELU}},
            ["momentum.wehn: unknown key; did you mean when?"],
        ),
        (
            {"width_1": {"when": ELU}, "jitter": ALPHA},
            [
                "width_1.low: missing: the smallest value, included; it has no default",
                "width_1.high: missing: the largest value, included; it has no default",
            ],
        ),
    ],
)
def test_every_fault_of_a_condition_is_one_line_at_its_key(
    changed: dict[str, Any], lines: list[str]
) -> None:
    with pytest.raises(StudyFileError) as caught:
        study(BOX | changed)
    assert str(caught.value).split("\n") == [f"stages.1.box.{line}" for line in lines]


def test_cma_es_refuses_conditions_its_own_or_carried() -> None:
    rates = {"width_1": {"low": 10, "high": 50}, "jitter": ALPHA | {"when": {"width_1": 10}}}
    said = r"sampler: found \"cmaes\", .* with a condition for jitter; give \"tpe\""
    sampler = {"sampler": "cmaes", "trials": 20, "generation": 8}
    with pytest.raises(StudyFileError, match=said):
        study(rates, **sampler)
    zoomed = sampler | {"zoom": {"rule": "decades", "decades": 1}}
    with pytest.raises(StudyFileError, match=said):
        study_of({"name": "own", "stages": [{"trials": 4, "box": rates}, zoomed]})
    assert study(rates, **sampler | {"sampler": "tpe"}).stages[0].sampler == "tpe"


def test_boxes_of_a_stage_need_the_same_conditions() -> None:
    boxes = [
        {"activation": ["relu", "elu"], "elu_alpha": ALPHA | {"when": ELU}},
        {"activation": ["relu", "elu"], "elu_alpha": ALPHA},
    ]
    with pytest.raises(StudyFileError, match="differ in when elu_alpha is active"):
        study_of({"name": "own", "stages": [{"trials": 4, "boxes": boxes}]})


def test_a_grid_counts_each_active_combination_once() -> None:
    box = {
        "activation": ["relu", "elu"],
        "elu_alpha": {"low": 0.1, "high": 1.0, "points": 3, "when": ELU},
    }
    grid = {"stages": [{"sampler": "grid", "box": box}]}
    assert study_of({"name": "own"} | grid).stages[0].trials == 4


def test_own_ranges_beside_a_zoom_leave_out_what_they_rule_out() -> None:
    first = {"name": "first", "trials": 4, "box": BOX}
    second = {
        "name": "second",
        "trials": 4,
        "zoom": {"rule": "decades", "decades": 1},
        "box": {"activation": ["relu", "elu"]},
    }
    whole = study_of({"name": "own", "stages": [first, second]})
    boxes = reach(whole.stages)
    assert set(boxes["first"].ranges) - set(boxes["second"].ranges) == {"negative_slope"}
    assert whole.contenders() == ("second",)
