"""The searches that plots are tested with, and a console whose lines can be read."""

from tests.search.views.plots.conftest import (
    diverged,
    hostile,
    large,
    real,
    small,
    unplanned,
    wide,
)
from tests.search.views.terminal.conftest import printed, study

__all__ = [
    "diverged",
    "hostile",
    "large",
    "printed",
    "real",
    "small",
    "study",
    "unplanned",
    "wide",
]
