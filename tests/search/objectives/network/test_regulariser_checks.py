"""Regularisers that do not fit the data; `bad_files.txt` has the messages of those of images."""

from pathlib import Path
from typing import Any

import pytest

from search.errors import StudyFileError
from search.study.file import study_of
from tests.search.objectives.network.own_tables import study_in


def stage(**ranges: Any) -> list[dict[str, Any]]:
    return [{"name": "first", "trials": 2, "box": ranges}]


def test_a_stage_that_has_what_training_says_is_told_of_once() -> None:
    with pytest.raises(StudyFileError) as caught:
        study_of({"name": "x", "stages": stage(dropout=[0.1, 0.2]), "training": {"shift": 9}})
    assert str(caught.value).startswith("training.shift: found 9")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["flip=true", "shift=1", "cutout=2"])
def test_rows_of_a_table_are_no_images(tmp_path: Path, name: str) -> None:
    found = f"training.{name.split('=')[0]}: found, but the rows are no images; leave it out"
    with pytest.raises(StudyFileError, match=found):
        study_in(tmp_path, overrides=(f"training.{name}",))
