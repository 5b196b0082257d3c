"""One trial's curves, at full length."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from search.ledger.records import RecordedTrial
from search.runtime.formatting import brief, plural
from search.views.plots.data import SearchData
from search.views.plots.groups import group_named, part_of
from search.views.plots.labels import named
from search.views.plots.plot import Plot, Table, drawn, escape, nothing
from search.views.plots.theme import COLOURS
from search.views.plots.values import ValueScale


def trial_curves(data: SearchData, trial: RecordedTrial, name: str) -> Plot:
    """The metrics of one group over steps; all but the last part dashed.

    Args:
        data: The search; its `curves` hold the trial's.
        trial: Which trial.
        name: Of the group of metrics.

    Raises:
        KlayerError: There is no such group.
    """
    group, step = group_named(data.objective, name), data.objective.step
    key, title = group.key("trial"), f"{named(trial)}: {group.words}"
    reports = data.curves.get(trial.id, ())
    if not reports:
        caption = f"No {step} of this trial is recorded yet. It fills in as a worker trains it."
        if trial.state in ("diverged", "failed"):
            caption = f"No {step} of this trial is recorded: {brief(trial.reason or trial.state)}."
        return nothing(key, title, caption)
    figure, columns = go.Figure(), []
    for place, (metric, dash) in enumerate(group.dashes()):
        x, y = group.line(reports, metric)
        columns.append(y)
        colour = COLOURS[(len(group.metrics) - 1 - place) % len(COLOURS)]
        part = escape(part_of(metric))
        figure.add_trace(
            go.Scatter(
                x=x,
                y=y,
                mode="lines+markers" if len(x) < 40 else "lines",
                line={"color": colour, "dash": dash, "width": 2},
                name=part,
                showlegend=True,
                hovertemplate=f"{part}, {escape(step)} %{{x}}: "
                f"{ValueScale(metric).hover('y')}<extra></extra>",
            )
        )
    figure.update_layout(**group.layout(step, reports[-1].step))
    rows: list[tuple[Any, ...]] = [
        (int(at), *(float(y) if np.isfinite(y) else None for y in values))
        for at, *values in zip([one.step for one in reports], *columns, strict=True)
    ]
    caption = f"{named(trial)} over {plural(len(reports), step)} ({_state(data, trial)})."
    return drawn(key, title, caption, figure, Table((step, *group.columns()), rows))


def _state(data: SearchData, trial: RecordedTrial) -> str:
    value = data.score.text(trial.value)
    if trial.pruned_after is None:
        return f"{trial.state}, {value}"
    return f"dropped after {plural(trial.pruned_after, data.objective.step)} at {value}"
