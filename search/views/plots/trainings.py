"""Learning curves of a few trainings side by side, each named by what sets it apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from search.errors import KlayerError
from search.ledger.records import Trial
from search.objectives.network.registry import layer_of
from search.runtime.words import number
from search.views.plots.curves import TITLES, UNITS, layout, line, parts
from search.views.plots.data import SearchData
from search.views.plots.labels import named, short, words
from search.views.plots.picture import Picture, Table, drawn, escape, nothing
from search.views.plots.theme import COLOURS

MOST = 3 * len(COLOURS)  # that can be told apart
_MARKERS = ("", "circle-open", "x-thin-open")  # of the first, second and third use of a colour


def trainings(data: SearchData, figure: str, trials: Sequence[Trial]) -> Picture:
    """Training dashed and validation solid, a colour a training.

    Args:
        data: The search; its `curves` hold those of the trials.
        figure: "accuracy", "loss", "cost" or "learning_rate".
        trials: Which, `MOST` at most; those beyond are left out.

    Raises:
        KlayerError: There is no such figure.
    """
    if figure not in TITLES:
        raise KlayerError(f"found {figure!r} as a figure; give one of {', '.join(TITLES)}")
    key, title = f"trainings-{figure.replace('_', '-')}", TITLES[figure]
    shown = [trial for trial in trials if data.curves.get(trial.id)][:MOST]
    if not shown:
        return nothing(key, title, "None of these trainings has an epoch that is recorded yet.")
    names = apart(shown)
    drawing, rows = go.Figure(), []
    for place, (trial, name) in enumerate(zip(shown, names, strict=True)):
        for attribute, part, dash in parts(figure):
            x, y = line(data.curves[trial.id], attribute)
            if np.isfinite(y).any():
                drawing.add_trace(_trace(place, name, part, dash, x, y))
                values = zip(x.tolist(), y.tolist(), strict=True)
                rows += [(name, part, epoch, _known(value)) for epoch, value in values]
    drawing.update_layout(**layout(figure))
    what = "η of the last step of each epoch" if figure == "learning_rate" else _EACH
    says = f"{what}, of {len(shown)} training{'s' if len(shown) > 1 else ''}."
    columns = ("training", "part", "epoch", UNITS[figure].removesuffix(" (log)"))
    return drawn(key, title, says, drawing, Table(columns, rows))


_EACH = "Training (dashed) and validation (solid)"


def apart(trials: Sequence[Trial]) -> list[str]:
    """What sets each trial apart from the others, as plain text.

    The values in which they differ, and their stage where they are of several; where that does not
    tell them apart, what people call them.
    """
    together = dict.fromkeys(name for trial in trials for name in trial.parameters)
    differ = [
        name for name in together if len({trial.parameters.get(name) for trial in trials}) > 1
    ]
    several = len({trial.stage for trial in trials}) > 1
    found = [
        ", ".join([*([trial.stage] if several else []), *_values(trial, differ)])
        for trial in trials
    ]
    unique = len(set(found)) == len(found) and all(found)
    return found if unique else [named(trial) for trial in trials]


_BRIEF = {"learning_rate": "η", "learning_rate_min": "least η", "weight_decay": "λ"}


def _values(trial: Trial, names: Sequence[str]) -> list[str]:
    """The trial's values of those names, briefly; its widths together, as 50-30-20."""
    known = [name for name in names if name in trial.parameters]
    widths = [str(value) for name, value in trial.parameters.items() if layer_of(name)]
    told = [f"widths {'-'.join(widths)}"] if any(map(layer_of, known)) else []
    others = [name for name in known if not layer_of(name)]
    return told + [
        f"{_BRIEF.get(name) or words(name)} {number(trial.parameters[name])}" for name in others
    ]


def _trace(place: int, name: str, part: str, dash: str, x: np.ndarray, y: np.ndarray) -> go.Scatter:
    marker = _MARKERS[place // len(COLOURS) % len(_MARKERS)]
    return go.Scatter(
        x=x,
        y=y,
        mode="lines+markers" if marker or len(x) == 1 else "lines",
        marker={"symbol": marker or "circle", "size": 6},
        line={"color": COLOURS[place % len(COLOURS)], "dash": dash, "width": 2},
        name=short(name, 48),
        legendgroup=str(place),
        showlegend=dash == "solid",
        hovertemplate=f"<b>{escape(name)}</b>, {part}<br>epoch %{{x}}: %{{y:.4g}}<extra></extra>",
    )


def _known(value: float) -> Any:
    return value if np.isfinite(value) else None
