"""What `stop` of a stage may say; `bad_files.txt` has every message."""

from typing import Any

import pytest

from search.study.file import Study, study_of
from search.study.recorded import recorded_form, recorded_study

BOX = {"momentum": {"low": 0.1, "high": 0.9}}


def study_with(**stage: Any) -> Study:
    return study_of({"name": "x", "stages": [{"box": BOX, "trials": 64} | stage]})


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_a_sampler_that_does_not_learn_is_looked_at_as_often_as_the_stage_may_end(
    sampler: str,
) -> None:
    assert study_with(sampler=sampler, stop={"after": 12}).stages[0].generation == 12
    own = study_with(sampler=sampler, stop={"after": 12}, generation=5)
    assert own.stages[0].generation == 5


def test_a_study_reads_back_as_it_is_recorded() -> None:
    study = study_with(sampler="sobol", stop={"after": 12, "min_delta": 0.001})
    assert study_of(study.canonical()) == study
    assert recorded_study(recorded_form(study)) == study
    assert "stop" not in study_with().canonical()["stages"][0]
