"""What a user says of columns is checked before a file is opened."""

from typing import Any

import pytest

from model.data.table_options import TableOptions
from model.errors import ModelError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": ()}, "target must name at least one column"),
        ({"target": ("a", "a")}, "column 'a' is named twice, in target; expected once"),
        (
            {"target": ("a",), "exclude": ("b",), "numbers": ("c", "b")},
            "column 'b' is named twice, in exclude and numbers",
        ),
        ({"target": ("a",), "categories": ("a",)}, "named twice, in target and categories"),
        ({"target": ("a",), "task": "ranking"}, "task must be .* not 'ranking'"),
        (
            {"target": ("a", "b"), "task": "classification"},
            r"classification has one target, not 2: \['a', 'b'\]",
        ),
    ],
)
def test_contradictions_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        TableOptions(**options)
