"""One trial's curves, at full length."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from search.errors import KlayerError
from search.ledger.records import Trial
from search.runtime.words import percent
from search.views.plots.curves import TITLES, UNITS, key_of, layout, line, parts
from search.views.plots.data import SearchData
from search.views.plots.labels import named
from search.views.plots.picture import Picture, Table, drawn, escape, nothing
from search.views.plots.theme import COLOURS


def trial_curves(data: SearchData, trial: Trial, figure: str) -> Picture:
    """Training dashed and validation solid, over epochs.

    Args:
        data: The search; its `curves` hold the trial's.
        trial: Which trial.
        figure: "accuracy", "loss", "cost" or "learning_rate".

    Raises:
        KlayerError: There is no such figure.
    """
    if figure not in TITLES:
        raise KlayerError(f"found {figure!r} as a figure; give one of {', '.join(TITLES)}")
    key, title = key_of(figure, "trial"), f"{named(trial)}: {figure.replace('_', ' ')}"
    epochs = data.curves.get(trial.id, ())
    if not epochs:
        says = "No epoch of this trial is recorded yet. It fills in as a worker trains it."
        if trial.state in ("diverged", "failed"):
            says = f"No epoch of this trial is recorded: {trial.reason or trial.state}."
        return nothing(key, title, says)
    drawing, columns = go.Figure(), []
    for (attribute, part, dash), colour in zip(
        parts(figure), (COLOURS[1], COLOURS[0]), strict=False
    ):
        x, y = line(epochs, attribute)
        columns.append(y)
        drawing.add_trace(
            go.Scatter(
                x=x,
                y=y,
                mode="lines+markers" if len(x) < 40 else "lines",
                line={"color": colour, "dash": dash, "width": 2},
                name=part,
                showlegend=True,
                hovertemplate=f"{escape(part)}, epoch %{{x}}: %{{y:.4g}}<extra></extra>",
            )
        )
    drawing.update_layout(**layout(figure))
    unit = UNITS[figure].removesuffix(" (log)")
    names = ("epoch", *(f"{part}: {unit}" for _, part, _ in parts(figure)))
    rows: list[tuple[Any, ...]] = [
        (int(epoch), *(float(y) if np.isfinite(y) else None for y in values))
        for epoch, *values in zip(x.tolist(), *columns, strict=True)
    ]
    how = {"pruned": f"dropped after {trial.pruned_after} epochs at {percent(trial.value)}"}
    state = how.get(trial.state, f"{trial.state}, {percent(trial.value)}")
    says = f"{named(trial)} over {len(epochs)} epochs ({state})."
    return drawn(key, title, says, drawing, Table(names, rows))
