"""Studies made small: by rules, and so that every one that ships stays valid."""

from pathlib import Path

import pytest

from search.reproduce.published import experiments
from search.reproduce.published_tables import Published
from search.reproduce.quick import EPOCHS, GRID, quick
from search.study.file import Study
from search.study.reading import load, shipped


def study_of(folder: Path, text: str) -> Study:
    (folder / "big.toml").write_text(text)
    return load(str(folder / "big.toml"))


@pytest.mark.parametrize("name", [one.name for one in shipped()])
def test_every_shipped_study_can_be_rehearsed(name: str) -> None:
    study = load(name)
    small = quick(study, experiments(name).published)
    assert small.name == f"{name}-quick"
    assert small.objective.data.source == "digits"
    assert [stage.name for stage in small.stages] == [stage.name for stage in study.stages]
    rows, most = small.objective.facts.rows, len(experiments(name).published)
    for stage, whole in zip(small.stages, study.stages, strict=True):
        assert stage.trials <= max(GRID + most, 2 * len(whole.boxes), len(whole.points))
        cycles = getattr(whole.training.schedule, "cycles", 0)
        longest = 2 * cycles or EPOCHS
        assert stage.training.schedule.total_epochs(rows, stage.training.batch_size) <= longest


GRID_STUDY = """
[data]
source = "cifar10"
[network]
widths = [50, 50]
[training]
schedule = {kind = "decay", epochs = 10, factor = 0.95}
[[stages]]
name = "widths"
sampler = "grid"
halving = {keep = 0.5, at = [2, 5]}
box = {width_1 = {low = 50, high = 100, step = 5}, width_2 = {low = 30, high = 95, step = 5}}
[final]
finalists = 30
seeds = 3
"""


def row(**point: int) -> Published:
    return Published.model_validate(
        {
            "id": "E3",
            "setting": "a",
            "measure": "validation_accuracy",
            "value": 50.0,
            "stage": "widths",
            "point": point,
        }
    )


def test_a_grid_keeps_its_corners_and_the_published_points(tmp_path: Path) -> None:
    study = study_of(tmp_path, GRID_STUDY)
    rows = [row(width_1=85, width_2=35), row(width_1=86, width_2=35), row(width_1=60)]
    small = quick(study, rows)
    points = [(point["width_1"], point["width_2"]) for point in small.stages[0].points]
    assert len(points) == GRID + 1
    assert {(50, 30), (50, 95), (100, 30), (100, 95), (85, 35)} <= set(points)


def test_rungs_and_finalists_fit_what_is_left(tmp_path: Path) -> None:
    small = quick(study_of(tmp_path, GRID_STUDY), [])
    (stage,) = small.stages
    assert stage.halving is not None
    assert stage.halving.at == (1,)
    assert (small.final.finalists, small.final.seeds) == (GRID // 2, 1)


ZOOMED = """
[data]
source = "cifar10"
[training]
schedule = {kind = "cycles", cycles = 3, half_cycle_steps = 900}
[[stages]]
name = "coarse"
sampler = "grid"
box = {weight_decay = {low = 1e-6, high = 1e-1, points = 30}}
[[stages]]
name = "fine"
trials = 50
zoom = {rule = "decades", decades = 1}
"""


def test_cycles_stay_and_are_short_and_drawn_trials_are_few(tmp_path: Path) -> None:
    small = quick(study_of(tmp_path, ZOOMED), [])
    assert small.objective.training.schedule.total_epochs(1200, 100) == 6
    assert [stage.trials for stage in small.stages] == [GRID, 4]


def test_what_is_trained_stays(tmp_path: Path) -> None:
    study = study_of(tmp_path, GRID_STUDY)
    small = quick(study, [])
    assert small.objective.network == study.objective.network
    assert small.seed == study.seed
    assert small.objective.training.learning_rate == study.objective.training.learning_rate
