"""Each study that ships is valid, explained, and the experiment that its name promises."""

from importlib import resources
from itertools import pairwise

import pytest

from search.space.space import Box, Interval
from search.study.reading import load, shipped

NAMES = [one.name for one in shipped()]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_valid_and_named_after_its_file(name: str) -> None:
    study = load(name)
    assert study.name == name
    assert 20 < len(study.description) <= 100


@pytest.mark.parametrize("name", NAMES)
def test_it_opens_with_what_it_does_and_how_to_run_it(name: str) -> None:
    text = (resources.files("studies") / f"{name}.toml").read_text("utf-8")
    opening = text[: text.index("\n\n")]
    assert all(line.startswith("#") for line in opening.split("\n"))
    assert f"klayer run {name}" in opening
    assert "docs/study-file.md" in opening


@pytest.mark.parametrize("name", NAMES)
def test_each_override_that_its_comments_show_applies(name: str) -> None:
    text = (resources.files("studies") / f"{name}.toml").read_text("utf-8")
    for line in text.split("\n"):
        words = line.lstrip("# ").split()
        if words[:2] == ["klayer", "run"]:
            sets = [word for before, word in pairwise(words) if before == "--set"]
            assert load(words[2], sets).name == name


def test_digits_is_small() -> None:
    study = load("digits")
    assert study.objective.data.source == "digits"
    epochs = sum(
        stage.trials
        * stage.training.schedule.total_epochs(
            study.objective.facts.rows, stage.training.batch_size
        )
        for stage in study.stages
    )
    assert study.objective.facts.rows == 1_200
    assert epochs <= 400
    assert {stage.zoom.rule for stage in study.stages if stage.zoom} == {"quantile", "decades"}


def test_best_mlp_changes_its_images_and_trains_three_that_vote() -> None:
    study = load("best-mlp")
    final, training = study.final, study.final.training
    assert (training.flip, training.shift, training.label_smoothing) == (True, 3, 0.1)
    assert study.objective.network.widths == (1024, 512)
    assert study.objective.facts.inputs == 256
    assert (final.finalists, final.ensemble, final.train_on) == (3, True, "training+validation")
    epochs = [one.training.schedule.total_epochs(45_000, 250) for one in study.stages]
    assert [*epochs, training.schedule.total_epochs(50_000, 250)] == [6, 60]


def test_lambda_coarse_to_fine_is_experiment_c4_and_ends_as_c5() -> None:
    study = load("lambda-coarse-to-fine")
    assert (study.objective.data.source, study.objective.data.validation) == ("cifar10", 5_000)
    network = study.objective.network
    assert network.widths == (50, 50)
    assert (network.activation, network.negative_slope) == ("leaky_relu", 0.02)
    assert (network.batch_norm, network.batch_norm_affine) == ("after", True)
    assert study.stages[0].boxes == (Box({"weight_decay": Interval(1e-6, 1e-1)}),)
    assert [stage.trials for stage in study.stages] == [20, 10, 10]
    training = study.objective.training
    assert (training.learning_rate_min, training.learning_rate) == (1e-5, 1e-1)
    assert {s.training.schedule.total_epochs(45_000, 100) for s in study.stages} == {8}
    assert study.final.training.schedule.total_epochs(45_000, 100) == 20


def test_batch_norm_3_layers_is_experiment_b1() -> None:
    study = load("batch-norm-3-layers")
    assert study.objective.network.activation == "relu"
    points = [dict(point) for point in study.stages[0].points]
    assert points == [{"batch_norm": "none"}, {"batch_norm": "before"}]
    assert study.objective.training.weight_decay == 0.005
    assert study.objective.training.schedule.total_epochs(45_000, 100) == 20
