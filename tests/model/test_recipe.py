"""A recipe is valid from construction on."""

from typing import Any

import pytest

from model.errors import ModelError
from model.recipe import Recipe
from model.schedule import Constant


@pytest.mark.parametrize(
    "wrong", [{"batch_size": 0}, {"seed": -1}, {"mixup": -0.1}, {"mixup": float("inf")}]
)
def test_impossible_recipes_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="must be"):
        Recipe(**{"batch_size": 10, "schedule": Constant(4), "seed": 5} | wrong)
