"""A network as an objective: its length, its rungs, what compares, and how far zooms may go."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from search.errors import StudyFileError
from search.objectives.network.data_section import DataSection
from search.objectives.network.objective import NetworkObjective
from search.objectives.network.sections import TrainingSection
from search.study.file import Study, study_of
from search.study.reading import load
from search.study.zoom_rules import Limits
from tests.search.objectives.network.trainings import study_with

CYCLES = {"kind": "cycles", "cycles": 1, "half_cycle_epochs": 1}
CYCLED = {"schedule": CYCLES}
NEAR = {"rule": "decades", "decades": 1}
LOWER = {"low": 1e-3, "high": 1e-1}
RATE = {"learning_rate": {"low": 0.01, "high": 0.1}}


def objective(**tables: Any) -> NetworkObjective:
    """A network on 1,200 images: 12 updates an epoch at the default batch size."""
    data = {"source": "digits", "validation": 300}
    stages = [{"trials": 1, "box": {"momentum": [0.5]}}]
    made = study_of({"name": "x", "data": data, "stages": stages, **tables}).objective
    assert isinstance(made, NetworkObjective)
    return made


def training(**schedule: Any) -> TrainingSection:
    return TrainingSection.model_validate({"schedule": schedule})


def study(*stages: dict[str, Any], **tables: Any) -> Study:
    return study_of({"name": "x", "stages": list(stages), **tables})


def boxed(**ranges: Any) -> dict[str, Any]:
    return {"name": "first", "trials": 4, "box": ranges}


def test_a_length_is_known_in_epochs_and_where_the_rate_cycles_in_cycles() -> None:
    made = objective()
    decay, cycles = training(kind="decay", epochs=7, factor=0.9), training(**CYCLES)
    assert (made.steps(decay), made.steps(cycles)) == (7, 2)
    assert (made.length(decay, "epochs"), made.length(cycles, "cycles")) == (7, 1)
    assert made.length(decay, "cycles") is None


def test_a_winner_or_all_finalists_are_trained_again_on_as_many_images_as_the_file_says() -> None:
    assert objective().evaluates == "finalists"
    assert objective(final={"ensemble": False}).evaluates == "winner"
    assert objective(final={"train_on": "training"}).final_factor == 1
    assert objective(final={"train_on": "training+validation"}).final_factor == 1500 / 1200


def test_trainings_of_equal_length_and_score_compare() -> None:
    made, decay = objective(), training(kind="decay", epochs=7, factor=0.9)
    assert made.compares(decay, decay.model_copy(update={"momentum": 0.1})) == []
    other = decay.model_copy(update={"score": "best_epoch"})
    assert made.compares(decay, other) == ["score"]


def test_what_is_said_of_it_names_the_data_and_the_widths() -> None:
    ((source, text),) = objective(network={"widths": [30, 20]}).about(())
    assert source == "digits"
    assert text == "1,200 training and 300 validation images; 30-20"
    assert "no hidden layer" in objective(network={"widths": []}).about(())[0][1]
    deep = objective(network={"widths": [30, 20]})
    assert deep.about(["width_2"])[0][1].endswith("images; 30-width_2")
    assert deep.about(["layers", "width_2"])[0][1].endswith("images; hidden layers as searched")


def test_members_of_one_stack_agree_in_all_that_is_not_padded_or_their_own() -> None:
    made = objective(network={"widths": [30]})
    section = made.training
    one, other, batches = (
        made.fit(section, point)
        for point in ({"momentum": 0.1, "width_1": 8}, {"momentum": 0.9}, {"batch_size": 50})
    )
    assert one.key == other.key != batches.key
    assert (one.widths, other.widths) == ((8,), (30,))


def test_its_tables_are_written_whole() -> None:
    written = objective(training={"momentum": 0.5}).canonical()
    assert set(written) == {"data", "network", "training"}
    assert written["training"]["momentum"] == 0.5
    assert "learning_rate" in written["training"]


def test_the_files_that_it_reads_are_known() -> None:
    made = objective()
    assert made.reads == []
    table = DataSection(source="a.csv", target=("y",), test="b.csv", validation=0.2)
    own = replace(made, data=table, base="/data")
    assert own.reads == [Path("/data/a.csv"), Path("/data/b.csv")]
    arrays = DataSection(source="x.npy", target=("y.npy",), test="/t.npy", test_target="u.npy")
    own = replace(made, data=arrays, base="/data")
    assert own.reads == [
        Path("/data/x.npy"),
        Path("/t.npy"),
        Path("/data/u.npy"),
        Path("/data/y.npy"),
    ]


def test_rungs_count_epochs_or_whole_cycles() -> None:
    cycles = training(kind="cycles", cycles=8, half_cycle_epochs=3)
    assert [objective().rung(cycles, "epochs", count) for count in (2, 4)] == [2, 4]
    assert [objective().rung(cycles, "cycles", count) for count in (2, 4)] == [12, 24]


def test_a_cycle_that_ends_amid_an_epoch_counts_with_it() -> None:
    steps = training(kind="cycles", cycles=8, half_cycle_steps=7)  # 14 updates a cycle
    assert [objective().rung(steps, "cycles", count) for count in (1, 3, 6)] == [2, 4, 7]


def test_a_searched_floor_is_the_only_floor() -> None:
    """Finalists bring their own floor, so [training]'s, which may be higher, bounds no zoom."""
    both = RATE | {"learning_rate_min": {"low": 1e-6, "high": 1e-4}}
    made = study_of(
        {
            "name": "own",
            "training": {"learning_rate_min": 0.5, "schedule": CYCLES},
            "stages": [
                {"name": "first", "trials": 3, "box": both},
                {"name": "second", "trials": 2, "zoom": NEAR},
            ],
        }
    )
    low = made.natural_limits(made.stages[1])["learning_rate"].low
    assert low == pytest.approx(1e-4)


def test_the_finals_floor_holds_for_stages_that_finalists_come_from_alone() -> None:
    """What is trained otherwise, at rates below that floor, is never trained by the final."""
    low_rates = {"learning_rate": {"low": 1e-6, "high": 1e-1}}
    made = study_of(
        {
            "name": "own",
            "stages": [
                {"name": "first", "trials": 3, "box": low_rates},
                {"name": "second", "trials": 2, "zoom": NEAR},
                {
                    "name": "last",
                    "trials": 2,
                    "box": RATE,
                    "training": {"schedule": {"kind": "constant", "epochs": 2}},
                },
            ],
            "final": {"training": CYCLED},
        }
    )
    assert made.contenders() == ("last",)
    low = made.natural_limits(made.stages[1])["learning_rate"].low
    assert low is None or low < 1e-6


def test_floors_and_peaks_that_are_both_searched_never_cross() -> None:
    first = boxed(learning_rate=LOWER, learning_rate_min={"low": 1e-6, "high": 1e-4})
    zoomed = study(first, {"trials": 2, "zoom": NEAR}, training=CYCLED)
    limits = zoomed.natural_limits(zoomed.stages[1])
    floor, peak = limits["learning_rate_min"].high, limits["learning_rate"].low
    assert floor is not None
    assert peak is not None
    assert 1e-4 <= floor < peak <= 1e-3


def test_limits_of_a_zoom_keep_the_peak_above_the_floor() -> None:
    zoom = {**NEAR, "limits": {"learning_rate": {"low": 1e-6}}}
    with pytest.raises(StudyFileError) as caught:
        study(boxed(learning_rate=LOWER), {"trials": 2, "zoom": zoom}, training=CYCLED)
    assert str(caught.value).split("\n") == [
        "stages.2.zoom.limits.learning_rate.low: found 1e-06; "
        "give 1e-05 or more, which learning_rate may reach"
    ]


def test_natural_limits_keep_the_peak_above_the_floor() -> None:
    made = load("digits")
    limits = made.natural_limits(made.stages[1])
    assert limits == {"weight_decay": Limits(), "learning_rate": Limits()}
    cycles = load("digits", ['training.schedule={kind="cycles", cycles=1, half_cycle_epochs=1}'])
    low = cycles.natural_limits(cycles.stages[1])["learning_rate"].low
    assert low is not None
    assert 1e-5 < low < 1.0001e-5


def test_folds_and_repeats_are_told() -> None:
    objective = study_with("data.folds=5", "data.repeats=2").objective
    ((_, text),) = objective.about(())
    assert text.startswith("1,200 training and 300 validation images in each of 5 folds, 2 seeds a")
    assert objective.measured(objective.training, 10).startswith("mean of 5 folds and 2 seeds, ")
    assert objective.final_factor == pytest.approx(1.25 / 10)
    only = study_with("data.repeats=2").objective
    assert only.measured(only.training, 10).startswith("mean of 2 seeds, after")
