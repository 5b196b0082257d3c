"""A study is written to plain values and read back exactly, whatever it says."""

import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.errors import StudyFileError
from search.objectives.network.schedules import CyclesSchedule
from search.space.space import Box, Choices, Interval
from search.study.file import study_of
from search.study.reading import load, shipped
from search.study.zoom_rules import DecadesZoom

POSITIVE = st.floats(1e-8, 1.0, allow_subnormal=False)
REAL_NAMES = ("weight_decay", "learning_rate", "jitter")


@st.composite
def intervals(draw: st.DrawFn) -> dict[str, Any]:
    low, high = sorted((draw(POSITIVE), draw(POSITIVE)))
    table: dict[str, Any] = {"low": low, "high": high}
    if draw(st.booleans()):
        table["log"] = draw(st.booleans())
    if draw(st.booleans()):
        table["points"] = draw(st.integers(1, 5))
    return table


@st.composite
def widths(draw: st.DrawFn) -> dict[str, Any]:
    low, step = draw(st.integers(1, 60)), draw(st.integers(1, 9))
    return {"low": low, "high": low + step * draw(st.integers(0, 4)), "step": step}


def boxes() -> st.SearchStrategy[dict[str, Any]]:
    listed = st.lists(POSITIVE, min_size=1, max_size=4, unique=True)
    real = st.dictionaries(st.sampled_from(REAL_NAMES), intervals() | listed, min_size=1)
    whole = st.dictionaries(st.sampled_from(("width_1", "width_2")), widths())
    words = st.fixed_dictionaries({}, optional={"loss": st.just(["hinge", "cross_entropy"])})
    return st.builds(lambda one, two, three: {**one, **two, **three}, real, whole, words)


def trainings() -> st.SearchStrategy[dict[str, Any]]:
    epochs = st.integers(1, 50)
    schedules = st.one_of(
        st.fixed_dictionaries({"kind": st.just("constant"), "epochs": epochs}),
        st.fixed_dictionaries({"kind": st.just("decay"), "epochs": epochs, "factor": POSITIVE}),
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "schedule": schedules,
            "batch_size": st.integers(1, 500),
            "momentum": st.floats(0, 0.99),
            "weight_decay": st.integers(0, 1) | POSITIVE,
            "precision": st.sampled_from(["float32", "float64"]),
            "score": st.sampled_from(["last_epoch", "best_epoch"]),
        },
    )


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    sampler = draw(st.sampled_from(["random", "sobol", "points"]))
    first: dict[str, Any] = {"sampler": sampler}
    if sampler == "points":
        point = st.fixed_dictionaries({"learning_rate": POSITIVE, "width_1": st.integers(1, 99)})
        first["points"] = draw(st.lists(point, min_size=1, max_size=4))
    else:
        first |= {"trials": draw(st.integers(1, 99)), "box": draw(boxes())}
    stages = [first | {"training": draw(trainings())}]
    if draw(st.booleans()):
        rule = draw(
            st.sampled_from(
                [{"rule": "decades", "decades": 1}, {"rule": "quantile", "quantile": 0.5}]
            )
        )
        stages.append({"name": "near", "trials": 5, "zoom": rule})
        if draw(st.booleans()):
            stages[-1]["box"] = draw(boxes())
    document: dict[str, Any] = {
        "name": "drawn",
        "description": draw(st.text(max_size=20)),
        "seed": draw(st.integers(0, 2**63 - 1)),
        "data": {"source": draw(st.sampled_from(["digits", "cifar10"]))},
        "training": draw(trainings()),
        "stages": stages,
    }
    if draw(st.booleans()):
        document["final"] = {"ensemble": draw(st.booleans()), "training": draw(trainings())}
    return document


@settings(deadline=None, derandomize=True, max_examples=200)
@given(documents())
def test_the_canonical_form_is_read_back_exactly(document: dict[str, Any]) -> None:
    study = study_of(document)
    through_json = json.loads(json.dumps(study.canonical(), allow_nan=False))
    assert study_of(through_json) == study
    assert study_of(through_json).canonical() == study.canonical() == through_json


@settings(deadline=None, derandomize=True, max_examples=50)
@given(documents())
def test_a_study_survives_pickling_on_its_way_to_workers(document: dict[str, Any]) -> None:
    study = study_of(document)
    assert pickle.loads(pickle.dumps(study)) == study


@pytest.mark.parametrize("name", [one.name for one in shipped()])
def test_shipped_studies_are_read_back_exactly(name: str) -> None:
    study = load(name)
    assert study_of(json.loads(json.dumps(study.canonical()))) == study


def test_a_broken_canonical_form_is_refused() -> None:
    broken = load("digits").canonical() | {"seed": -1}
    with pytest.raises(StudyFileError, match=r"seed: found -1; give 0 or more"):
        study_of(broken)


def test_a_study_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load("digits").seed = 2


def test_stages_are_resolved() -> None:
    study = load("lambda-coarse-to-fine")
    coarse, fine, finest = study.stages
    assert coarse.boxes == (Box({"weight_decay": Interval(1e-6, 1e-1)}),)
    assert coarse.zoom is None
    assert fine.boxes == ()
    assert isinstance(fine.zoom, DecadesZoom)
    assert fine.zoom.sources == ("coarse",)
    assert finest.zoom is not None
    assert finest.zoom.sources == ("coarse", "fine")
    assert [stage.trials for stage in study.stages] == [20, 10, 10]
    assert fine.training == study.objective.training
    assert study.final.training.schedule == CyclesSchedule(cycles=2, half_cycle_epochs=5)
    assert study.final.training.score == "snapshot_ensemble"


def test_a_zoom_without_sources_reads_the_stage_before() -> None:
    zoom = load("digits").stages[1].zoom
    assert zoom is not None
    assert zoom.sources == ("coarse",)


def stage_of(**stage: Any) -> Any:
    return study_of({"name": "x", "stages": [stage]}).stages[0]


def test_grid_and_points_count_their_trials() -> None:
    steps = {"low": 50, "high": 100, "step": 5}
    assert stage_of(sampler="grid", box={"width_1": steps, "momentum": [0.8, 0.9]}).trials == 22
    boxes = [{"momentum": [0.8, 0.9]}, {"momentum": [0.5]}]
    assert stage_of(sampler="grid", boxes=boxes).trials == 3
    points = stage_of(
        sampler="points",
        points=[{"momentum": 0, "width_1": 5}, {"momentum": 0.5, "width_1": 5}],
    )
    assert points.trials == 2
    assert points.boxes == (Box({"momentum": Choices((0.0, 0.5)), "width_1": Choices((5,))}),)
    assert points.points[0] == {"momentum": 0.0, "width_1": 5}


def test_whole_ranges_are_linear_and_stepped_and_real_ones_logarithmic() -> None:
    box = stage_of(
        trials=2,
        box={"width_1": {"low": 5, "high": 7}, "momentum": {"low": 0.1, "high": 0.9}},
    ).boxes[0]
    assert box.ranges["width_1"] == Interval(5, 7, log=False, step=1)
    assert box.ranges["momentum"] == Interval(0.1, 0.9)
    assert isinstance(box.ranges["width_1"].low, int)


def test_a_schedule_of_a_stage_replaces_the_whole_schedule() -> None:
    study = study_of(
        {
            "name": "x",
            "training": {"schedule": {"kind": "decay", "epochs": 5, "factor": 0.9}, "jitter": 0.1},
            "stages": [
                {
                    "trials": 1,
                    "box": {"momentum": [0.5]},
                    "training": {"schedule": {"kind": "constant", "epochs": 2}},
                }
            ],
        }
    )
    assert study.stages[0].training.schedule.epochs == 2  # type: ignore[union-attr]
    assert study.stages[0].training.jitter == 0.1
    assert study.final.training == study.objective.training


def test_a_later_key_is_written_in_all_trainings_or_in_none() -> None:
    stages = [{"trials": 2, "box": {"learning_rate": {"low": 1e-3, "high": 1e-1}}}]
    document = {"name": "one", "stages": stages}
    said = document | {"training": {"dropout": 0.0}}
    assert study_of(said).canonical() == study_of(document).canonical()
    assert "dropout" not in str(study_of(document).canonical())
    without = [stages[0] | {"training": {"dropout": 0.0}}]
    study = study_of({"name": "one", "training": {"dropout": 0.5}, "stages": without})
    written = study.canonical()
    found = [one["training"]["dropout"] for one in (written, written["stages"][0])]
    assert found == [0.5, 0.0]
    assert study_of(written) == study
