"""Learning curves of a few trainings side by side, each named by what sets it apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from search.ledger.records import RecordedTrial
from search.objective.metric import Metric
from search.objectives.network.registry import layer_of
from search.runtime.formatting import number, plural
from search.views.plots.data import SearchData
from search.views.plots.groups import group_named, part_of
from search.views.plots.labels import named, short, title_of
from search.views.plots.plot import Plot, Table, drawn, escape, nothing
from search.views.plots.theme import COLOURS, MARKERS
from search.views.plots.values import ValueScale

MOST = 3 * len(COLOURS)  # that can be told apart


def trainings(data: SearchData, name: str, trials: Sequence[RecordedTrial]) -> Plot:
    """Training dashed and validation solid, a colour a training.

    Args:
        data: The search; its `curves` hold those of the trials.
        name: Of the group of metrics, such as "accuracy".
        trials: Which, `MOST` at most; those beyond are left out.

    Raises:
        KlayerError: There is no such group.
    """
    group, step = group_named(data.objective, name), data.objective.step
    key, title = group.key("trainings"), group.heading(step)
    shown = [trial for trial in trials if data.curves.get(trial.id)][:MOST]
    if not shown:
        return nothing(key, title, "None of these trainings has an epoch that is recorded yet.")
    figure, rows = go.Figure(), []
    for place, (trial, who) in enumerate(zip(shown, apart(data, shown), strict=True)):
        for metric, dash in group.dashes():
            x, y = group.line(data.curves[trial.id], metric)
            if np.isfinite(y).any():
                part = part_of(metric)
                figure.add_trace(_trace(place, who, metric, dash, x, y))
                values = zip(x.tolist(), y.tolist(), strict=True)
                rows += [(who, part, epoch, _known(value)) for epoch, value in values]
    figure.update_layout(
        **group.layout(step, max(data.curves[trial.id][-1].step for trial in shown))
    )
    caption = f"{group.legend()}, of {plural(len(shown), 'training')}."
    return drawn(key, title, caption, figure, Table(("training", "part", step, group.unit), rows))


def apart(data: SearchData, trials: Sequence[RecordedTrial]) -> list[str]:
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
        ", ".join([*([trial.stage] if several else []), *_values(data, trial, differ)])
        for trial in trials
    ]
    unique = len(set(found)) == len(found) and all(found)
    return found if unique else [named(trial) for trial in trials]


_BRIEF = {"learning_rate": "η", "learning_rate_min": "least η", "weight_decay": "λ"}


def _values(data: SearchData, trial: RecordedTrial, names: Sequence[str]) -> list[str]:
    """The trial's values of those names, briefly; its widths together, as 50-30-20."""
    known = [name for name in names if name in trial.parameters]
    widths = [str(value) for name, value in trial.parameters.items() if layer_of(name)]
    told = [f"widths {'-'.join(widths)}"] if any(map(layer_of, known)) else []
    others = [name for name in known if not layer_of(name)]
    return told + [
        f"{_BRIEF.get(name) or title_of(data.objective, name)} {number(trial.parameters[name])}"
        for name in others
    ]


def _trace(
    place: int, name: str, metric: Metric, dash: str, x: np.ndarray, y: np.ndarray
) -> go.Scatter:
    marker = MARKERS[place // len(COLOURS) % len(MARKERS)]
    return go.Scatter(
        x=x,
        y=y,
        mode="lines+markers" if marker or len(x) == 1 else "lines",
        marker={"symbol": marker or "circle", "size": 6},
        line={"color": COLOURS[place % len(COLOURS)], "dash": dash, "width": 2},
        name=short(name, 48),
        legendgroup=str(place),
        showlegend=dash == "solid",
        hovertemplate=f"<b>{escape(name)}</b>, {escape(part_of(metric))}<br>epoch %{{x}}: "
        f"{ValueScale(metric).hover('y')}<extra></extra>",
    )


def _known(value: float) -> Any:
    return value if np.isfinite(value) else None
