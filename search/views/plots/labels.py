"""Words and numbers as labels: names with symbols, shares in per cent, texts in short lines."""

import textwrap

from search.ledger.records import Trial
from search.objectives.network.registry import layer_of
from search.runtime.words import number
from search.space.space import Point
from search.views.plots.picture import escape

ACCURACY = "validation accuracy (%)"

_SYMBOLS = {
    "learning_rate": "learning rate η",
    "learning_rate_min": "least learning rate η",
    "weight_decay": "weight decay λ",
    "init_sigma": "initial σ",
    "batch_norm": "batch normalisation",
}


def words(name: str) -> str:
    """A hyperparameter's name for people, as plain text."""
    layer = layer_of(name)
    if layer is not None:
        return f"width of layer {layer} (units)"
    return _SYMBOLS.get(name, name.replace("_", " "))


def label(name: str) -> str:
    """A hyperparameter's name for people, as a figure's text."""
    return short(words(name))


def short(text: str, width: int = 32) -> str:
    """A name as a figure's text, cut where it would push the figure aside."""
    return escape(text if len(text) <= width else f"{text[: width - 1]}…")


def parameters(point: Point) -> str:
    """Parameters in one line, as plain text."""
    return ", ".join(f"{words(name)} {number(value)}" for name, value in point.items())


def named(trial: Trial) -> str:
    """A trial as people call it, as plain text, such as "coarse #3"."""
    return f"{trial.stage} #{trial.number}"


def lines(text: str, width: int = 56) -> str:
    """A long text as a figure's text, broken into lines; its own line breaks are kept."""
    broken = [
        part
        for line in text.splitlines()
        for part in textwrap.wrap(line, width, break_on_hyphens=False) or [""]
    ]
    return "<br>".join(escape(part) for part in broken)
