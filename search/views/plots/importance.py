"""Which hyperparameters mattered, stage by stage."""

import plotly.graph_objects as go

from search.runtime.formatting import plural
from search.views.plots import standing
from search.views.plots.colouring import stage_colours
from search.views.plots.data import SearchData
from search.views.plots.labels import short, title_of
from search.views.plots.plot import Plot, Table, drawn, escape, nothing
from search.views.plots.values import SHARE

KEY, TITLE = "importance", "Importance of the hyperparameters"

FEW = 40  # trials, of whose best tenth little can be said


def importance(data: SearchData) -> Plot:
    """A bar a hyperparameter and stage: its share in being among the stage's best tenth.

    The shares are PED-ANOVA's (Watanabe, Bansal, Hutter, 2023); a stage's sum up to 100 %.
    """
    stages = [stage.step.name for stage in data.searched() if data.importances.get(stage.step.name)]
    if not stages:
        if standing.complete(standing.searched(data)):
            caption = "It takes four trials of a stage that searches two hyperparameters or more."
            return nothing(KEY, TITLE, caption)
        return nothing(KEY, TITLE, standing.absent(data))
    found = {stage: data.importances[stage] for stage in stages}
    totals: dict[str, float] = {}
    for shares in found.values():
        for name, share in shares.items():
            totals[name] = totals.get(name, 0.0) + share
    names = sorted(totals, key=lambda name: (-totals[name], name))
    colours = stage_colours(data)
    figure = go.Figure(
        [
            go.Bar(
                x=[SHARE.shown(found[stage].get(name, 0.0)) for name in names],
                y=[short(title_of(data.objective, name)) for name in names],
                orientation="h",
                marker={"color": colours[stage]},
                name=short(stage),
                hovertemplate=f"<b>%{{y}}</b><br>{escape(stage)}: %{{x:.1f}} %<extra></extra>",
            )
            for stage in stages
        ]
    )
    figure.update_layout(
        barmode="group",
        xaxis={"title": {"text": "share of importance (%)"}, "rangemode": "tozero"},
        yaxis={"autorange": "reversed", "ticks": ""},
        legend={"traceorder": "normal"},
        showlegend=True,
    )
    last = max(found[stages[-1]], key=lambda name: found[stages[-1]][name])
    caption = (
        f"How much each hyperparameter decided who was among a stage's best tenth (PED-ANOVA); in "
        f"{stages[-1]} it was {title_of(data.objective, last)} the most, with "
        f"{SHARE.shown(found[stages[-1]][last]):.0f} %"
    )
    ended = len(standing.complete(data.of_stage(stages[-1])))
    caption += f"; of {plural(ended, 'trial')} that is a hint at most." if ended < FEW else "."
    rows = [
        (stage, name, SHARE.shown(share))
        for stage in stages
        for name, share in found[stage].items()
    ]
    return drawn(KEY, TITLE, caption, figure, Table(("stage", "hyperparameter", "share (%)"), rows))
