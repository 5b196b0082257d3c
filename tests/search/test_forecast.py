"""How long a study is expected to take, stage by stage."""

import pytest

from search.forecast import makespan, stage_seconds
from search.plan.plan import steps
from search.study.reading import load


@pytest.mark.parametrize(
    ("seconds", "workers", "expected"),
    [
        ([], 2, 0.0),
        ([3.0], 2, 3.0),
        ([3.0, 2.0, 2.0], 1, 7.0),
        ([3.0, 2.0, 2.0], 2, 4.0),
        ([3.0, 2.0, 2.0], 5, 3.0),
    ],
)
def test_work_is_taken_in_order_by_who_is_free(
    seconds: list[float], workers: int, expected: float
) -> None:
    assert makespan(seconds, workers) == expected


def test_every_stage_takes_its_time() -> None:
    study = load("digits")
    seconds = stage_seconds(study, 1)
    assert len(seconds) == len(steps(study))
    assert all(0 < one < 60 for one in seconds)


def test_ten_times_the_epochs_take_about_ten_times_as_long() -> None:
    few = sum(stage_seconds(load("digits", ["training.schedule.epochs=10"]), 1))
    many = sum(stage_seconds(load("digits", ["training.schedule.epochs=100"]), 1))
    assert 4 < many / few < 25


def test_searched_widths_and_batches_are_counted() -> None:
    box = "{width_1={low=10, high=200}, batch_size=[50, 100]}"
    study = load("digits", [f"stages=[{{name='wide', trials=8, box={box}}}]"])
    assert all(one > 0 for one in stage_seconds(study, 1))
