"""What a figure tells of a trial that is pointed at: its value, how it ended, all its parameters.

A trial may be many points of a figure. Its text stands in the figure's `meta` once; points carry
the trial's link as their id. `spoken`, and `klayerSpoken` in the pages' assets/picture.js, hand
each point its text.
"""

from collections.abc import Mapping

import plotly.graph_objects as go

from search.ledger.records import RecordedTrial
from search.runtime.formatting import brief, number, plural
from search.views.plots.data import SearchData
from search.views.plots.labels import link, named, short, title_of
from search.views.plots.plot import escape


def text(data: SearchData, trial: RecordedTrial) -> str:
    """A trial in a hover text, a line a parameter."""
    lines = [f"<b>{escape(named(trial))}</b>", escape(_end(data, trial))]
    lines += [
        f"{short(title_of(data.objective, name))}: {short(number(value))}"
        for name, value in trial.parameters.items()
    ]
    return "<br>".join(lines)


def tell(figure: go.Figure, data: SearchData) -> go.Figure:
    """Lay the texts of all trials that a figure shows into it; gives the figure."""
    shown = {one for trace in figure.data for one in trace.ids or ()}
    told = {link(trial): trial for trial in data.trials} if shown else {}
    # JSON of a figure writes a line end in two letters, and a tag in a dozen.
    texts = {
        one: text(data, told[one]).replace("<br>", "\n") for one in sorted(shown) if one in told
    }
    return figure.update_layout(meta={"trials": texts})


def spoken(figure: go.Figure) -> go.Figure:
    """A copy in which each point has its text, for who shows figures without klayer's script."""
    told: Mapping[str, str] = (figure.layout.meta or {}).get("trials", {})
    copied = go.Figure(figure).update_layout(meta=None)
    for trace in copied.data:
        if trace.ids is not None and trace.hovertext is None:
            trace.hovertext = [told.get(one, "").replace("\n", "<br>") for one in trace.ids]
    return copied


def _end(data: SearchData, trial: RecordedTrial) -> str:
    if trial.state == "pruned":
        after = plural(trial.pruned_after or 0, data.objective.step)
        return f"dropped after {after}, at {data.score.text(trial.value)}"
    if trial.value is not None:
        return f"{data.score.words}: {data.score.text(trial.value)}"
    return brief(trial.reason) if trial.reason else trial.state
