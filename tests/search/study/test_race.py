"""The rounds of a race, and what `[final]` may ask for."""

from typing import Any

import pytest

from search.study.file import FaultyStudyError, study_of
from search.study.race import Round, rounds


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ((3, 3, 2), [(3, range(2))]),
        ((4, 2, 3), [(4, range(1)), (2, range(1, 3))]),
        ((8, 2, 7), [(8, range(1)), (4, range(1, 3)), (2, range(3, 7))]),
        ((16, 4, 9), [(16, range(1)), (8, range(1, 3)), (4, range(3, 9))]),
        ((9, 2, 4), [(9, range(1)), (5, range(1, 2)), (3, range(2, 3)), (2, range(3, 4))]),
    ],
)
def test_each_round_halves_the_candidates_and_doubles_the_seeds(
    asked: tuple[int, int, int], expected: list[tuple[int, range]]
) -> None:
    made = rounds(*asked)
    assert made == tuple(Round(*one) for one in expected)
    assert made[-1].seeds.stop == asked[-1]


def study(**final: Any) -> Any:
    box = {"learning_rate": {"low": 1e-4, "high": 1.0}}
    return study_of({"name": "own", "stages": [{"trials": 12, "box": box}], "final": final})


@pytest.mark.parametrize(
    ("final", "said"),
    [
        ({"candidates": 4, "finalists": 4, "seeds": 3}, "candidates: found 4; give more than"),
        (
            {"candidates": 9, "finalists": 2, "seeds": 3},
            "final.seeds: found 3, but 9 candidates come down to 2 in 4 rounds of a seed each; "
            "give 4 or more",
        ),
        (
            {"candidates": 13, "finalists": 4, "seeds": 3},
            "final.candidates: found 13, but all stages together have 12 trials",
        ),
    ],
)
def test_a_race_that_cannot_be_run_is_refused(final: dict[str, Any], said: str) -> None:
    with pytest.raises(FaultyStudyError, match=said):
        study(**final)


def test_a_study_without_a_race_is_written_as_before() -> None:
    assert "candidates" not in study(finalists=2, seeds=2).canonical()["final"]
    raced = study(candidates=8, finalists=2, seeds=3)
    assert study_of(raced.canonical()) == raced
