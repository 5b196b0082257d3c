"""Studies as tests write them, and what is said of one that is wrong."""

from typing import Any

import pytest

from search.errors import StudyFileError
from search.study.file import Study, study_of

RATES = {"low": 1e-3, "high": 1e-1}
NEAR = {"rule": "decades", "decades": 1}


def study(*stages: dict[str, Any], **tables: Any) -> Study:
    """A study of these stages."""
    return study_of({"name": "x", "stages": list(stages), **tables})


def faults(*stages: dict[str, Any], **tables: Any) -> list[str]:
    """Every message of a study that is refused."""
    with pytest.raises(StudyFileError) as caught:
        study(*stages, **tables)
    return str(caught.value).split("\n")


def boxed(name: str = "first", **ranges: Any) -> dict[str, Any]:
    """A stage over a box."""
    return {"name": name, "trials": 4, "box": ranges}
