"""How many trials come before a sampler learns; `bad_files.txt` has every message."""

from typing import Any

import pytest

from search.errors import StudyFileError
from search.study.file import Study, study_of
from search.study.learning import LEARNING, start_points

BOX = {"momentum": {"low": 0.1, "high": 0.9}}


def study_with(**stage: Any) -> Study:
    boxes = {} if "boxes" in stage else {"box": BOX}
    return study_of({"name": "x", "stages": [boxes | stage]})


@pytest.mark.parametrize(
    ("sampler", "generation", "boxes", "expected"),
    [
        ("gp", 8, 1, 56),
        ("gp", 30, 2, 60),
        ("gp", 8, 8, 64),
        ("tpe", 1, 1, 8),
        ("tpe", 5, 1, 10),
        ("tpe", 8, 1, 8),
        ("tpe", 8, 2, 16),
        ("tpe", 8, 3, 24),
        ("tpe", 100, 3, 100),
        ("cmaes", 4, 1, 4),
        ("cmaes", 12, 3, 12),
    ],
)
def test_whole_generations_come_before_it_learns(
    sampler: str, generation: int, boxes: int, expected: int
) -> None:
    assert start_points(sampler, 101, generation, boxes) == expected


@pytest.mark.parametrize("sampler", LEARNING)
def test_one_trial_more_than_the_start_points_is_enough(sampler: str) -> None:
    assert study_with(sampler=sampler, trials=9, generation=8).stages[0].generation == 8
    with pytest.raises(StudyFileError, match="found 8, but the first 8 are start points"):
        study_with(sampler=sampler, trials=8, generation=8)


@pytest.mark.parametrize("generation", [8, 10, 12])
def test_boxes_of_cma_es_share_a_generation_evenly(generation: int) -> None:
    asked = {"sampler": "cmaes", "trials": 40, "boxes": [BOX, BOX], "generation": generation}
    assert study_with(**asked).stages[0].generation == generation
    with pytest.raises(StudyFileError, match="give a multiple of 2"):
        study_with(**asked | {"generation": generation + 1})


@pytest.mark.parametrize("sampler", LEARNING)
def test_the_canonical_form_keeps_the_generation(sampler: str) -> None:
    study = study_with(sampler=sampler, trials=20, generation=6)
    assert study.canonical()["stages"][0]["generation"] == 6
    assert study_of(study.canonical()) == study
    plain = study_with(trials=20)
    assert "generation" not in plain.canonical()["stages"][0]


@pytest.mark.parametrize("sampler", LEARNING)
def test_halving_compares_within_cohorts_only(sampler: str) -> None:
    halving = {"keep": 0.5, "at": [2], "among": "cohort"}
    study = study_with(sampler=sampler, trials=20, generation=6, halving=halving)
    assert study.stages[0].halving is not None
