"""`[budget]`: what a search may cost, in trainings, by the clock, or both."""

from pydantic import Field

from search.study.stage_table import MOST_TRIALS
from search.study.table import Table

FEWEST_TRAININGS = 24


class Budget(Table):
    """`[budget]` of the file; a strategy reads `trainings`, and writes stages for it."""

    trainings: int | None = Field(
        default=None,
        ge=FEWEST_TRAININGS,
        le=MOST_TRIALS,
        description="how many trainings, those of the race over fresh seeds included; the winner's "
        'last training comes on top; for strategy = "auto", which needs it',
    )
    hours: float | None = Field(
        default=None,
        gt=0,
        le=100_000,
        description="how long the search may be worked on, by the clock; what does not fit is "
        "never trained, so that the finalists and the winner still are",
    )
