"""Which metric ranks, and how metrics are written."""

from typing import Any

import pytest

from search.objectives.declared.metrics import MetricTable, metric_of, plain, score_of

LOSS = {"name": "loss", "direction": "minimize"}
SPEED = {"name": "speed", "direction": "maximize", "unit": "m/s", "factor": 2.0}


def tables(*rows: dict[str, Any]) -> list[MetricTable]:
    return [MetricTable.model_validate(row) for row in rows]


@pytest.mark.parametrize(
    ("rows", "score"),
    [
        ([LOSS], (0, "last")),
        ([LOSS, SPEED | {"score": True}], (1, "last")),
        ([LOSS | {"score": "best"}, SPEED | {"score": False}], (0, "best")),
    ],
)
def test_one_metric_ranks(rows: list[dict[str, Any]], score: tuple[int, str]) -> None:
    assert score_of(tables(*rows)) == score
    assert score_of(tables(*plain(tables(*rows)))) == score


def test_a_metric_prints_itself_as_the_file_says() -> None:
    (speed,) = tables(SPEED)
    assert metric_of(speed).text(3.5) == "7 m/s"
    assert metric_of(speed).direction == "maximize"
