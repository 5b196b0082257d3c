"""What the page on the quality of searches says of what was found."""

from pathlib import Path

import pytest

from benchmarks.kept import keep, read
from benchmarks.search_contenders import AUTO, BUDGETS
from benchmarks.search_quality import Chosen, mean_and_error, text

OTHER = "klayer: random, finalists"


def found() -> list[Chosen]:
    """Two tables, two seeds: ours ranks 1, 2 and 3, 4; the other one always 2 more, or 1 and 3."""
    return [
        Chosen(name, budget, table, seed, 1.0 + 2 * place + seed + more)
        for place, table in enumerate(("car", "slice_localization"))
        for seed in (0, 1)
        for name, more in ((AUTO, 0.0), (OTHER, 2.0 if seed else 1.0))
        for budget in BUDGETS
    ]


def test_the_error_is_that_of_the_seeds() -> None:
    mean, error = mean_and_error({"a": [1.0, 3.0], "b": [10.0, 10.0]})
    assert mean == 6.0
    assert error == pytest.approx(0.5)


def test_the_page_has_ranks_and_differences_pair_by_pair() -> None:
    said = text(found())
    assert "2 tables, 2 searches of each" in said
    assert f"| {AUTO} | 2.50 ± 0.35 | 2.50 ± 0.35 | 2.50 ± 0.35 | 1.50 | 3.50 |" in said
    assert f"| {OTHER} | **+1.50 ± 0.35** (2 of 2) |" in said


def test_results_are_kept_and_taken_up(tmp_path: Path) -> None:
    file = tmp_path / "found.jsonl"
    assert read(Chosen, file) == []
    keep(file, found()[:3])
    keep(file, found()[3:])
    assert read(Chosen, file) == found()
