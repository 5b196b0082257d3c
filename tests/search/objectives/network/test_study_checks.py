"""What a network's stages must agree on with it; `bad_files.txt` has every message."""

from typing import Any

import pytest

from search.errors import StudyFileError
from search.study.file import Study, study_of

CYCLES = {"kind": "cycles", "cycles": 1, "half_cycle_epochs": 1}
FOUR_CYCLES = {"kind": "cycles", "cycles": 4, "half_cycle_epochs": 2}
FOUR_CYCLES_IN_STEPS = {"kind": "cycles", "cycles": 4, "half_cycle_steps": 24}
NEAR = {"rule": "decades", "decades": 1}
RATES = {"low": 1e-3, "high": 1e-1}


def study(*stages: dict[str, Any], **tables: Any) -> Study:
    return study_of({"name": "x", "stages": list(stages), **tables})


def faults(*stages: dict[str, Any], **tables: Any) -> list[str]:
    with pytest.raises(StudyFileError) as caught:
        study(*stages, **tables)
    return str(caught.value).split("\n")


def boxed(name: str = "first", **ranges: Any) -> dict[str, Any]:
    return {"name": name, "trials": 4, "box": ranges}


def test_a_searched_setting_makes_its_hyperparameter_worth_searching() -> None:
    slopes = {"low": 0.01, "high": 0.1}
    both = boxed(activation=["relu", "leaky_relu"], negative_slope=slopes)
    assert study(both).stages[0].trials == 4
    assert study(boxed(init_sigma=slopes), network={"initialization": "normal"})
    assert len(faults(boxed(activation=["relu", "elu"], negative_slope=slopes))) == 1


def test_a_carried_setting_counts_as_searched() -> None:
    first = boxed(activation=["elu", "relu"])
    second = {"trials": 2, "zoom": NEAR, "box": {"elu_alpha": RATES}}
    assert study(first, second).stages[1].trials == 2


def test_a_floor_is_checked_against_the_lowest_peak_of_each_box() -> None:
    training = {"schedule": CYCLES, "learning_rate_min": 1e-3}
    apart = boxed(learning_rate={"low": 2e-3, "high": 1.0})
    assert study(apart, training=training)
    assert faults(boxed(learning_rate=RATES), training=training) == [
        "stages.first: found learning_rate_min = 0.001 with learning_rate = 0.001; "
        "give a floor below the peak: cycles climb from it"
    ]
    floors = boxed(learning_rate=RATES, learning_rate_min={"low": 1e-6, "high": 2e-3})
    assert "learning_rate_min = 0.002" in faults(floors, training={"schedule": CYCLES})[0]


def test_boxes_and_points_are_checked_one_by_one() -> None:
    low = {"learning_rate": [1e-3], "learning_rate_min": [1e-4]}
    high = {"learning_rate": [1e-1], "learning_rate_min": [1e-2]}
    training = {"schedule": CYCLES}
    assert study({"trials": 2, "boxes": [low, high]}, training=training)
    points = [{name: values[0] for name, values in box.items()} for box in (low, high)]
    assert study({"sampler": "points", "points": points}, training=training)
    turned = [{"learning_rate": 1e-3, "learning_rate_min": 1e-2}]
    assert len(faults({"sampler": "points", "points": turned}, training=training)) == 1


def test_a_floor_does_not_matter_without_cycles() -> None:
    assert study(boxed(learning_rate=RATES), training={"learning_rate_min": 1.0})


def test_one_slip_in_training_is_told_once_for_all_stages() -> None:
    training = {"schedule": CYCLES, "learning_rate_min": 0.5}
    stages = (boxed("a", weight_decay=RATES), boxed("b", weight_decay=RATES))
    assert faults(*stages, training=training) == [
        "training.learning_rate_min: found learning_rate_min = 0.5 with learning_rate = 0.01; "
        "give a floor below the peak: cycles climb from it"
    ]


def test_finalists_of_a_schedule_of_their_own_are_checked() -> None:
    said = faults(
        boxed(learning_rate=RATES), final={"training": {"schedule": CYCLES, "learning_rate_min": 1}}
    )
    assert said[0].startswith("final: found learning_rate_min = 1 with learning_rate = 0.001")


def test_batches_may_differ_where_cycles_are_counted_in_epochs() -> None:
    halving = {"keep": 0.5, "at": [1], "unit": "cycles"}
    batches = boxed(batch_size=[50, 100]) | {"halving": halving}
    assert study(batches, training={"schedule": FOUR_CYCLES})
    with pytest.raises(StudyFileError, match="different points of the η cycle"):
        study(batches, training={"schedule": FOUR_CYCLES_IN_STEPS})


def test_a_batch_size_that_a_zoom_carries_counts_as_searched() -> None:
    fine = {"trials": 2, "zoom": {"rule": "quantile", "quantile": 0.5}}
    halving = {"keep": 0.5, "at": [1], "unit": "cycles"}
    stages = boxed(batch_size=[50, 100]), fine | {"halving": halving}
    with pytest.raises(StudyFileError, match="different points of the η cycle"):
        study(*stages, training={"schedule": FOUR_CYCLES_IN_STEPS})


def test_a_layer_that_the_network_does_not_have_is_named() -> None:
    wide = {"low": 5, "high": 9}
    assert faults(boxed(width_2=wide), network={"widths": [30]}) == [
        "stages.first.box.width_2: found width_2, but the network has 1 hidden layer; give width_1"
    ]
    (none,) = faults(boxed(width_1=wide), network={"widths": []})
    assert "no hidden layer; leave it out" in none


def test_a_batch_size_that_no_trial_uses_is_not_held_against_the_images() -> None:
    few = {"source": "digits", "validation": 1_470}
    searched = {"trials": 2, "box": {"batch_size": {"low": 4, "high": 16}}}
    made = study(searched, data=few).objective
    assert made.facts.rows == 30 < made.training.batch_size
    with pytest.raises(Exception, match="found 100; there are 30 training images: give 30 or"):
        study(boxed(learning_rate=RATES), data=few)
