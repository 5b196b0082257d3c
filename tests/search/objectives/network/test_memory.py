"""The memory that is told of a cohort is about what its training takes."""

import tracemalloc

import pytest

from search.objective.report import Assignment
from search.objectives.network.memory import cohort_bytes
from search.study.reading import load


@pytest.mark.parametrize(
    ("widths", "trials", "changes"),
    [
        ([8000], 3, ["network.batch_norm='none'", "training.momentum=0.0"]),
        (
            [8000],
            2,
            ["network.batch_norm='none'", "training.optimizer='adam'", "training.momentum=0"],
        ),
        ([3000], 1, ["network.batch_norm='before'", "training.ema_decay=0.9"]),
        ([3000, 2000], 1, ["network.batch_norm='before'", "training.batch_size=600"]),
        # Rows of their own, of one stack; and five stacks, side by side.
        ([20], 4, ["network.batch_norm='none'", "data.folds=5"]),
        ([20], 4, ["network.batch_norm='none'", "data.folds=5", "training.figures='full'"]),
        ([20], 4, ["data.folds=5", "training.ema_decay=0.9"]),
        (
            [500, 500],
            1,
            [
                "data.folds=5",
                "training.batch_size=400",
                "training.optimizer='adam'",
                "training.momentum=0",
            ],
        ),
    ],
)
def test_a_cohort_takes_about_as_much_as_is_told(
    widths: list[int], trials: int, changes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.buffers._LARGEST", 0)  # which is asked for, but never used
    schedule = "training.schedule={kind='constant', epochs=1}"
    objective = load("digits", [f"network.widths={widths}", schedule, *changes]).objective
    points = [{"learning_rate": 1e-3}] * trials
    trainer = objective.open(1, None)
    given = [Assignment(point, seed) for seed, point in enumerate(points)]
    for _ in trainer.train(objective.training, given, 1):
        pass  # now the data are at hand
    tracemalloc.start()
    for _ in trainer.train(objective.training, given, 1):
        _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    told = cohort_bytes(objective, objective.training, points)
    assert told == pytest.approx(peak, rel=0.35)
    assert objective.cohort_bytes(objective.training, points) == told


def test_all_trials_are_as_wide_as_the_widest_and_folds_count() -> None:
    def told(points: list[dict[str, object]], *changes: str) -> int:
        objective = load("digits", changes).objective
        return cohort_bytes(objective, objective.training, points)

    narrow, wide = {"width_1": 100}, {"width_1": 10_000}
    assert told([narrow, wide]) == told([wide, wide]) > 10 * told([narrow, narrow])
    assert told([wide], "data.folds=5") > 4 * told([wide])
