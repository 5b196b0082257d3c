"""Trials have one key where they can be one stack."""

from typing import Any

import pytest

from search.errors import KlayerError
from search.objective.report import Assignment
from search.objectives.network.settings import stacks_of, values_of
from tests.search.objectives.network.trainings import study_with, trained


@pytest.mark.parametrize(
    ("point", "together"),
    [
        ({"learning_rate": 1.0, "weight_decay": 0.1, "momentum": 0.5, "width_1": 20}, True),
        ({"initialization": "normal", "init_sigma": 0.1, "jitter": 0.1}, True),
        ({"batch_size": 50}, False),
        ({"activation": "elu"}, False),
        ({"batch_norm": "after"}, False),
        ({"loss": "hinge"}, False),
        ({"shuffle": False}, False),
        ({"dropout": 0.5, "input_dropout": 0.1, "label_smoothing": 0.1, "clip_norm": 1.0}, True),
        ({"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-4, "ema_decay": 0.9}, True),
        ({"optimizer": "adamw"}, False),
        ({"mixup": 0.2}, False),
        ({"flip": True}, False),
        ({"shift": 1}, False),
        ({"cutout": 2}, False),
        ({"layers": 3, "width_1": 20}, True),
        ({"skip": True}, True),
    ],
)
def test_trials_have_one_key_where_they_can_be_trained_as_one_stack(
    point: dict[str, Any], together: bool
) -> None:
    study = study_with("training.schedule.epochs=1")
    plain = {"learning_rate": 0.01}
    one, other = (study.objective.fit(study.objective.training, given) for given in (plain, point))
    assert (one.key == other.key) == together
    assert other.widths == (point.get("width_1", 50), 50)
    trials = (Assignment(plain, 1), Assignment(point, 2))
    if together:
        assert [list(epoch) for epoch in trained(study, trials)] == [[0, 1]]
    else:
        with pytest.raises(KlayerError):
            trained(study, trials)


@pytest.mark.parametrize(
    ("overrides", "members"),
    [
        ((), 1),
        (("data.repeats=3",), 3),
        (("data.repeats=2", "stages.coarse.training.repeats=3"), 3),
        (("data.repeats=2", "stages.coarse.training.repeats=1"), 1),
        (("data.folds=4",), 4),
        (("data.folds=4", "data.repeats=3"), 12),
        (("data.folds=4", "data.repeats=3", "training.batch_size=1000"), 3),
    ],
)
def test_a_trial_is_as_wide_as_its_members_in_one_stack(
    overrides: tuple[str, ...], members: int
) -> None:
    """So a cohort is as large as a stack may be; folds of long batches are stacks in step."""
    study = study_with(*overrides)
    fit = study.objective.fit(study.stages[0].training, {"width_2": 20})
    assert fit.widths == (50 * members, 20 * members)


@pytest.mark.parametrize(
    ("point", "widths"),
    [
        ({}, (50, 50)),
        ({"layers": 1}, ()),
        ({"layers": 2, "width_1": 7}, (7,)),
        ({"layers": 3, "width_2": 8}, (50, 8)),
        ({"layers": 4, "width_2": 8, "width_3": 9}, (50, 8, 9)),
    ],
)
def test_trials_of_one_depth_are_a_stack(point: dict[str, Any], widths: tuple[int, ...]) -> None:
    study = study_with("training.schedule.epochs=1")
    section = study.objective.training
    assert values_of(study.objective, section, point)["widths"] == widths
    plain: dict[str, Any] = {"learning_rate": 0.01}
    places = [(0, 1)] if len(widths) == 2 else [(0,), (1,)]
    assert stacks_of(study.objective, section, [plain, point]) == places
    if places == [(0,), (1,)]:
        with pytest.raises(KlayerError, match="same number of layers"):
            trained(study, (Assignment(plain, 1), Assignment(point, 2)))
