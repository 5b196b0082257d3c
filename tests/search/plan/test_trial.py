"""What a trial may be."""

import math

import pytest

from search.errors import KlayerError
from search.plan.trial import Trial
from search.space.space import Box, Interval

BOX = Box({"weight_decay": Interval(1e-6, 1e-1)})


def trial(stage: str, number: int, value: float | None, pruned_after: int | None = None) -> Trial:
    return Trial(stage, number, {"weight_decay": 1e-3}, value, BOX, pruned_after)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_cannot_be_ranked_is_refused(value: float) -> None:
    with pytest.raises(KlayerError, match="coarse #3: the value must be a finite number, or None"):
        trial("coarse", 3, value)
