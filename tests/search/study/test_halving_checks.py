"""What a halving needs of the training beside it; `bad_files.txt` has every message."""

from typing import Any

import pytest

from search.errors import StudyFileError
from search.study.file import study_of

CYCLES = {"kind": "cycles", "cycles": 4, "half_cycle_epochs": 2}
STEPS = {"kind": "cycles", "cycles": 4, "half_cycle_steps": 24}  # 4 epochs a cycle


def asked(schedule: dict[str, Any], box: dict[str, Any], **halving: Any) -> None:
    stage = {"trials": 8, "box": box, "halving": {"keep": 0.5} | halving}
    study_of({"name": "x", "training": {"schedule": schedule}, "stages": [stage]})


@pytest.mark.parametrize("schedule", [CYCLES, STEPS])
@pytest.mark.parametrize(
    ("halving", "right"),
    [
        ({"at": [1, 15]}, True),
        ({"at": [16]}, False),
        ({"at": [1, 3], "unit": "cycles"}, True),
        ({"at": [4], "unit": "cycles"}, False),
    ],
)
def test_rungs_lie_before_the_end(
    schedule: dict[str, Any], halving: dict[str, Any], right: bool
) -> None:
    if right:
        asked(schedule, {"momentum": [0.0, 0.9]}, **halving)
    else:
        with pytest.raises(StudyFileError, match="give rungs before its end"):
            asked(schedule, {"momentum": [0.0, 0.9]}, **halving)
