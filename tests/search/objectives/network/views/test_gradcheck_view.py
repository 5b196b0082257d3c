"""The table and the rows of a gradient check."""

import json
import math
from typing import Any

from search.objectives.network.measuring import GradientError
from search.objectives.network.views.gradcheck_view import show, to_json

CHECKED = [GradientError(1, "weights", 4.44e-8, 200, 3), GradientError(2, "bias", 1e-11, 10, 0)]


def test_people_see_a_row_a_parameter(study: Any, printed: Any) -> None:
    text = printed(show, study, CHECKED)
    assert text.startswith("digits: 50-50, float64;")
    assert "Right gradients stay below" in text.splitlines()[-1]
    rows = [line.split() for line in text.splitlines()[-4:-2]]
    assert rows == [["1", "weights", "4.44e-08", "200", "3"], ["2", "bias", "1.00e-11", "10", "0"]]


def test_scripts_get_the_same() -> None:
    first, _ = to_json(CHECKED)
    assert first == {
        "layer": 1,
        "parameter": "weights",
        "worst": 4.44e-8,
        "checked": 200,
        "kinked": 3,
    }


def test_where_nothing_could_be_compared_json_has_null() -> None:
    (row,) = to_json([GradientError(1, "bias", math.nan, 0, 10)])
    assert json.loads(json.dumps(row, allow_nan=False))["worst"] is None
