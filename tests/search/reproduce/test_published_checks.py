"""A row of published figures needs a trial that can fill it."""

from typing import Any

import pytest

from search.reproduce.published import tables_of
from search.reproduce.published_checks import published_faults
from search.study.file import study_of

POINTS = {
    "name": "listed",
    "sampler": "points",
    "points": [
        {"batch_norm": "none", "momentum": 0.5},
        {"batch_norm": "before", "momentum": 0.9},
    ],
}
GRID = {
    "name": "grid",
    "sampler": "grid",
    "box": {"width_1": {"low": 50, "high": 60, "step": 5}},
}
BOXES = {
    "name": "boxes",
    "trials": 4,
    "boxes": [
        {"learning_rate": {"low": 1e-3, "high": 1e-2}, "weight_decay": {"low": 1e-6, "high": 1e-5}},
        {"learning_rate": {"low": 0.1, "high": 0.2}, "weight_decay": {"low": 1e-3, "high": 1e-2}},
    ],
}
MIXED = {
    "name": "mixed",
    "sampler": "grid",
    "boxes": [{"momentum": [0.5], "jitter": [0.1]}, {"momentum": [0.9], "jitter": [0.2]}],
}
DRAWN = {
    "name": "drawn",
    "trials": 4,
    "box": {
        "width_1": {"low": 50, "high": 60, "step": 5},
        "activation": ["relu", "elu"],
        "momentum": {"low": 0.5, "high": 0.9},
        "jitter": {"low": 0.1, "high": 0.1},
    },
}
ZOOMED = {"name": "zoomed", "trials": 2, "zoom": {"rule": "quantile", "quantile": 0.5}}
CYCLES = {"schedule": {"kind": "cycles", "cycles": 1, "half_cycle_epochs": 1}}


def faults(
    row: dict[str, Any], *stages: dict[str, Any], rows: int | None = None, **tables: Any
) -> list[str]:
    """What is wrong with a row of the study with these stages, or with a check of `rows` rows."""
    given = {"name": "own", "stages": list(stages), **tables}
    given["published"] = [
        {"id": "A1", "setting": "x", "measure": "test_accuracy", "value": 1} | row
    ]
    check = {"id": "A1", "setting": "x", "rows": rows or 1, "published": {"weights": 1.0}}
    read = tables_of(given | {"gradient_checks": [check]}, "own.toml")
    found = published_faults(study_of(given), read.published, read.gradient_checks)
    return [f"{'.'.join(map(str, fault.key))}: {fault.text}" for fault in found]


@pytest.mark.parametrize(
    ("point", "stage", "fits"),
    [
        ({"batch_norm": "none"}, POINTS, True),
        ({"batch_norm": "none", "momentum": 0.9}, POINTS, False),
        ({"batch_norm": "after"}, POINTS, False),
        ({"jitter": 0.1}, POINTS, False),
        ({"width_1": 55}, GRID, True),
        ({"width_1": 56}, GRID, False),
        ({"learning_rate": 0.15, "weight_decay": 5e-6}, BOXES, False),
        ({"momentum": 0.5, "jitter": 0.1}, MIXED, True),
        ({"momentum": 0.9, "jitter": 0.1}, MIXED, False),
        ({"width_1": 55}, DRAWN, True),
        ({"width_1": 55, "activation": "elu"}, DRAWN, True),
        ({"width_1": 65}, DRAWN, False),
    ],
)
def test_a_point_must_be_one_that_a_trial_can_have(
    point: dict[str, Any], stage: dict[str, Any], fits: bool
) -> None:
    row = {"measure": "validation_accuracy", "stage": stage["name"], "point": point}
    wrong = "published.0.point: no trial of the study can have these values; give values that a "
    assert faults(row, stage) == ([] if fits else [wrong + f"trial of {stage['name']} can have"])


def test_a_zoomed_stage_may_have_any_value_of_what_it_searches() -> None:
    row = {"measure": "validation_accuracy", "stage": "zoomed", "point": {"width_1": 65}}
    assert faults(row, DRAWN, ZOOMED) == []
    assert len(faults(row | {"point": {"weight_decay": 0.5}}, DRAWN, ZOOMED)) == 1


@pytest.mark.parametrize("sampler", ["random", "sobol", "tpe"])
def test_a_real_number_that_is_drawn_is_never_the_one_that_was_published(sampler: str) -> None:
    asked = {"generation": 2, "trials": 20} if sampler == "tpe" else {}
    stage = BOXES | {"sampler": sampler} | asked
    row = {"measure": "validation_accuracy", "point": {"learning_rate": 0.15}}
    drawn = "draws its real numbers from ranges, and never just these; "
    right = drawn + 'give a rank, or a stage of sampler "points" or "grid"'
    assert faults(row | {"stage": "boxes"}, stage) == [f"published.0.point: boxes {right}"]
    assert faults(row | {"stage": "zoomed"}, stage, ZOOMED) == [
        f"published.0.point: zoomed {right}"
    ]
    (said,) = faults(row, stage, final={"finalists": 4})
    assert drawn in said


def test_a_range_of_one_value_draws_it() -> None:
    row = {"measure": "validation_accuracy", "stage": "drawn", "point": {"jitter": 0.1}}
    assert faults(row, DRAWN) == []
    assert len(faults(row | {"point": {"jitter": 0.1, "momentum": 0.6}}, DRAWN)) == 1


def test_a_point_of_the_final_must_not_be_dropped_on_the_way() -> None:
    stage = POINTS | {"halving": {"keep": 0.5, "at": [2]}}
    row = {"measure": "validation_accuracy", "point": {"batch_norm": "none"}}
    drops = "listed drops trials on the way; give a stage, or leave out the point or the halving"
    assert faults(row, stage) == [f"published.0.point: the final may lack it: {drops}"]
    assert faults(row | {"stage": "listed"}, stage) == []
    assert faults({}, stage) == []


def test_a_point_in_the_final_must_be_trained_there() -> None:
    row = {"point": {"batch_norm": "none"}}
    assert faults(row, POINTS, final={"finalists": 2}) == []
    alone = "it trains 1 of 2 trials; give a stage, or as many finalists, which need ensemble"
    assert faults(row, POINTS) == [f"published.0.point: the final may lack it: {alone}"]
    assert len(faults(row, POINTS, final={"finalists": 2, "ensemble": False})) == 1
    assert faults({}, POINTS) == []


def test_a_stage_must_be_there_and_have_so_many_trials() -> None:
    row = {"measure": "validation_accuracy", "stage": "liste"}
    hint = 'found "liste", which is no stage of the file; did you mean listed?'
    assert faults(row, POINTS) == [f"published.0.stage: {hint}"]
    third = row | {"stage": "listed", "rank": 3}
    assert faults(third, POINTS) == [
        "published.0.rank: found 3, but listed has 2 trials; give that or less"
    ]
    assert faults(third | {"rank": 2}, POINTS) == []


@pytest.mark.parametrize(
    ("measure", "tables", "fits"),
    [
        ("snapshot_ensemble", {"training": CYCLES}, True),
        ("snapshot_ensemble", {"training": CYCLES, "final": {"ensemble": False}}, False),
        ("snapshot_ensemble", {}, False),
        ("finalist_ensemble", {"final": {"finalists": 2}}, True),
        ("finalist_ensemble", {}, False),
        ("momentum", {}, True),
        ("jitter", {}, False),
        ("validation_accuracy", {}, True),
        ("validation_accuracy", {"final": {"train_on": "training+validation"}}, False),
        ("training_accuracy", {"final": {"train_on": "training+validation"}}, True),
    ],
)
def test_a_measure_must_be_one_that_the_final_has(
    measure: str, tables: dict[str, Any], fits: bool
) -> None:
    found = faults({"measure": measure}, POINTS, **tables)
    assert [one.partition(": ")[0] for one in found] == ([] if fits else ["published.0.measure"])


def test_a_check_of_more_images_than_there_are() -> None:
    assert faults({}, POINTS, rows=1200) == []
    assert faults({}, POINTS, rows=1201) == [
        "gradient_checks.0.rows: found 1,201; there are 1,200 training images: give that many or "
        "fewer"
    ]
