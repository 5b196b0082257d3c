"""Texts of plots: names of hyperparameters and trials, cut and broken to fit, escaped."""

import textwrap
from functools import lru_cache
from urllib.parse import quote

from search.ledger.records import RecordedTrial
from search.objective.port import Objective
from search.runtime.formatting import number
from search.space.space import Point
from search.views.plots.plot import escape


def title_of(objective: Objective, name: str) -> str:
    """A hyperparameter's name for people, as plain text; with spaces where nothing is known."""
    known = objective.registry.find(name)
    return name.replace("_", " ") if known is None else known.words


def short(text: str, width: int = 32) -> str:
    """A name as a figure's text, cut where it would push the figure aside."""
    return escape(text if len(text) <= width else f"{text[: width - 1]}…")


def parameters(objective: Objective, point: Point) -> str:
    """Parameters in one line, as plain text."""
    return ", ".join(
        f"{title_of(objective, name)} {number(value)}" for name, value in point.items()
    )


def named(trial: RecordedTrial) -> str:
    """A trial as people call it, as plain text, such as "coarse #3"."""
    return f"{trial.stage} #{trial.number}"


def link(trial: RecordedTrial) -> str:
    """What a page opens when a point of a trial is clicked on; see `assets/klayer.js`."""
    return f"{_quoted(trial.stage)}/{trial.number}"


@lru_cache
def _quoted(stage: str) -> str:
    return quote(stage, safe="")


def lines(text: str, width: int = 56) -> str:
    """A long text as a figure's text, broken into lines; its own line breaks are kept."""
    broken = [
        part
        for line in text.splitlines()
        for part in textwrap.wrap(line, width, break_on_hyphens=False) or [""]
    ]
    return "<br>".join(escape(part) for part in broken)
