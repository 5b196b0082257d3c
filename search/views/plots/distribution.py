"""How the values of each stage are spread: the share of trials that are at least as good."""

import numpy as np
import plotly.graph_objects as go

from search.views.plots import standing
from search.views.plots.colouring import stage_colours
from search.views.plots.data import SearchData
from search.views.plots.labels import short
from search.views.plots.plot import Plot, Table, drawn, escape, nothing
from search.views.plots.values import SHARE, ValueScale

KEY, TITLE = "distribution", "How many trials are as good"

_MOST = 200  # points of a line


def distribution(data: SearchData) -> Plot:
    """A line of steps a stage, over values: how large a share of its trials is at least as good.

    A stage that lies further to the good side was drawn from a better box.
    """
    trials = standing.complete(standing.searched(data))
    if not trials:
        return nothing(KEY, TITLE, standing.absent(data))
    scale, colours = ValueScale.of(data.score, [t.value for t in trials]), stage_colours(data)
    figure, rows = go.Figure(), []
    for stage in data.searched():
        name = stage.step.name
        mine = data.ranking.ranked([trial for trial in trials if trial.stage == name])
        if not mine:
            continue
        places = np.unique(np.linspace(0, len(mine) - 1, _MOST).round().astype(int))
        x = scale.shown([mine[place].value for place in places])
        y = 100.0 * (places + 1) / len(mine)
        figure.add_trace(
            go.Scatter(
                x=x,
                y=y,
                mode="lines",
                line={"color": colours[name], "width": 2, "shape": "vh"},
                name=short(name),
                showlegend=True,
                hovertemplate=f"<b>{escape(name)}</b><br>%{{y:.1f}} % are at least as good as "
                f"{scale.hover('x')}<extra></extra>",
            )
        )
        rows += [(name, float(one), float(share)) for one, share in zip(x, y, strict=True)]
    figure.update_layout(
        xaxis=scale.axis(),
        yaxis={"title": {"text": "share of the stage's trials (%)"}, "rangemode": "tozero"},
        hovermode="closest",
    )
    caption = (
        f"How large a share of a stage's complete trials, {len(trials):,} in all, reaches a "
        "value; the further a line lies to the good side, the better its box."
    )
    columns = ("stage", scale.metric.heading, f"share at least as good ({SHARE.unit})")
    return drawn(KEY, TITLE, caption, figure, Table(columns, rows))
