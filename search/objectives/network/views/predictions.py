"""What a trained network said of the test rows: classes beside classes, or values beside values."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from search.objectives.network.portrait import Portrait
from search.objectives.network.views.weights import UNKEPT
from search.runtime.formatting import quantity, shortened
from search.views.plots.labels import short
from search.views.plots.plot import Plot, Table, drawn, nothing
from search.views.plots.theme import COLOURS, SCALE
from search.views.plots.values import NUMBER

KEY, TITLE = "predictions", "Predictions of the test rows"
_NAMED = 20  # classes, up to which each cell says its count
_TICKS = 40  # names beside the matrix, at most
_NAME = 14  # letters of a name there, where there are many; else twice as many
_FEW = 10
_TOLD = 8  # targets whose errors are told
_TWO_COLUMNS = 4  # targets, up to which small plots stand in two columns
_TITLE = 20  # letters of a name below a small plot


def predictions_of(portrait: Portrait | None) -> Plot:
    """A confusion matrix of classes; of values predicted against true, and the residuals."""
    if portrait is None:
        return nothing(KEY, TITLE, UNKEPT)
    if portrait.confusion is not None:
        return confusion(portrait.confusion, portrait.classes)
    if portrait.pairs is not None:
        return _values_of(portrait.pairs, portrait)
    return nothing(KEY, TITLE, "Kept where there are at most 100 classes, or values.")


def confusion(counts: np.ndarray, names: tuple[str, ...]) -> Plot:
    """How many test rows of each class were taken for which; the table has each class's scores.

    Args:
        counts: (c, c), by the true class and the one predicted.
        names: Of the classes.
    """
    of_class = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, of_class, out=np.zeros(counts.shape), where=of_class > 0)
    figure = go.Figure(
        go.Heatmap(
            z=100 * shares,
            customdata=_hover(counts, names),
            text=np.where(counts > 0, counts.astype(str), "") if len(names) <= _NAMED else None,
            texttemplate="%{text}" if len(names) <= _NAMED else None,
            colorscale=SCALE,
            zmin=0,
            zmax=100,
            colorbar={"title": {"text": "% of the class"}},
            hovertemplate="true <b>%{customdata[0]}</b>, predicted <b>%{customdata[1]}</b><br>"
            "%{customdata[2]} rows, %{z:.1f} % of the class<extra></extra>",
        )
    )
    figure.update_layout(
        xaxis={"title": {"text": "predicted"}, **_ticks(names)},
        yaxis={
            "title": {"text": "true", "standoff": 16},
            "autorange": "reversed",
            **_ticks(names),
        },
    )
    rows = [
        (name, int(of_class[place, 0]), *_of_class(counts, place))
        for place, name in enumerate(names)
    ]
    right = int(np.trace(counts))
    caption = (
        f"{right:,} of {int(counts.sum()):,} test rows were predicted right; a row of the matrix "
        "is a true class, and its colours say where its rows went."
    )
    columns = ("class", "test rows", "precision", "recall", "F1")
    return replace(drawn(KEY, TITLE, caption, figure, Table(columns, rows)), listed=True)


def _ticks(names: tuple[str, ...]) -> dict[str, Any]:
    """An axis with the classes by place: two names may be the same once they are cut."""
    shown = range(0, len(names), -(-len(names) // _TICKS))
    most = _NAME if len(names) > _FEW else 2 * _NAME
    texts = [short(names[place], most) for place in shown]
    font = {"tickfont": {"size": 9}} if len(names) > _NAMED else {}
    return {
        "tickvals": list(shown),
        "ticktext": texts,
        "showgrid": False,
        "zeroline": False,
        **font,
    }


def _hover(counts: np.ndarray, names: tuple[str, ...]) -> list[list[tuple[str, str, int]]]:
    """Of each cell the true class, the one predicted, and the count."""
    said = [short(name) for name in names]
    return [
        [(said[true], said[predicted], int(count)) for predicted, count in enumerate(row)]
        for true, row in enumerate(counts)
    ]


def _of_class(counts: np.ndarray, place: int) -> tuple[float, float, float]:
    """Precision, recall and F1 of a class; 0 where there is nothing to divide by."""
    hits = int(counts[place, place])
    predicted, true = int(counts[:, place].sum()), int(counts[place].sum())
    precision = hits / predicted if predicted else 0.0
    recall = hits / true if true else 0.0
    both = precision + recall
    return precision, recall, 2 * precision * recall / both if both else 0.0


def _values_of(pairs: np.ndarray, portrait: Portrait) -> Plot:
    """The plot of one target, or of several; what is said of their errors."""
    if len(pairs) == 1:
        more = f" This is the first target of {len(portrait.targets)}."
        said = f"{more}{_errors(portrait)}" if portrait.targets else ""
        return values(pairs[0], portrait.target, said)
    count = len(portrait.targets)
    some = f" The first {len(pairs)} of {count} targets are shown." if count > len(pairs) else ""
    return several(pairs, portrait.targets[: len(pairs)], f"{some}{_errors(portrait)}")


def _errors(portrait: Portrait) -> str:
    """The errors of several targets."""
    if portrait.errors is None:
        return ""
    told = [
        f"{shortened(name)} {quantity(error)}"
        for name, error in zip(portrait.targets, portrait.errors.tolist(), strict=True)
    ]
    more = f" and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
    return f" RMSE, each in its own unit: {', '.join(told[:_TOLD])}{more}."


def _points(x: np.ndarray, y: np.ndarray, what: str) -> go.Scatter:
    hover = f"true %{{x:{NUMBER}}}<br>%{{customdata}} %{{y:{NUMBER}}}<extra></extra>"
    return go.Scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"size": 5, "opacity": 0.6, "color": COLOURS[0]},
        customdata=[what] * len(x),
        hovertemplate=hover,
        showlegend=False,
    )


def _ideal(ends: list[float], at: list[float]) -> go.Scatter:
    """Where predictions are right."""
    return go.Scatter(
        x=ends,
        y=at,
        mode="lines",
        line={"color": COLOURS[3], "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
        showlegend=False,
    )


def several(pairs: np.ndarray, targets: Sequence[str], more: str = "") -> Plot:
    """Predicted against true values, a small plot for each target.

    Args:
        pairs: (k, n, 2), true and predicted, in each target's own unit.
        targets: Their names, k of them.
        more: What else is to be said.
    """
    columns = 2 if len(targets) <= _TWO_COLUMNS else 3
    rows = -(-len(targets) // columns)
    figure = make_subplots(
        rows,
        columns,
        horizontal_spacing=0.22 / columns,
        vertical_spacing=0.2,
    )
    for place, (true, predicted) in enumerate(np.moveaxis(pairs, 2, 1)):
        at = {"row": place // columns + 1, "col": place % columns + 1}
        ends = [float(true.min()), float(true.max())]
        figure.add_trace(_points(true, predicted, "predicted"), **at)
        figure.add_trace(_ideal(ends, ends), **at)
        name = short(targets[place], _TITLE)
        title = {"text": f"true {name}"} if columns == 2 else {"text": name, "font": {"size": 11}}
        figure.update_xaxes(title=title, title_standoff=4, **at)
        if at["col"] == 1:
            figure.update_yaxes(title_text="predicted", **at)
    caption = (
        f"{pairs.shape[1]:,} test rows: on the dashed lines predictions are right; each target has "
        f"its own unit.{more}"
    )
    table = [
        (name, float(true), float(predicted), float(predicted - true))
        for name, those in zip(targets, pairs, strict=True)
        for true, predicted in those
    ]
    told = Table(("target", "true", "predicted", "residual"), table)
    return drawn(KEY, TITLE, caption, figure, told)


def values(pairs: np.ndarray, target: str, more: str = "") -> Plot:
    """Predicted against true values, and below the residuals: predicted minus true.

    Args:
        pairs: (n, 2), true and predicted, in the target's own unit.
        target: Its name.
        more: What else is to be said.
    """
    true, predicted = pairs.T
    residuals = predicted - true
    figure = make_subplots(2, 1, row_heights=[0.65, 0.35], vertical_spacing=0.16)
    for row, (y, what) in enumerate(((predicted, "predicted"), (residuals, "residual")), start=1):
        figure.add_trace(_points(true, y, what), row, 1)
    ends = [float(true.min()), float(true.max())]
    for row, ideal in enumerate((ends, [0.0, 0.0]), start=1):
        figure.add_trace(_ideal(ends, ideal), row, 1)
    name = short(target or "value")
    figure.update_xaxes(title_text=f"true {name}", row=2, col=1)
    figure.update_yaxes(title_text=f"predicted {name}", row=1, col=1)
    figure.update_yaxes(title_text="residual", row=2, col=1)
    caption = (
        f"{len(pairs):,} test rows: on the dashed line predictions are right. The residuals have a "
        f"mean of {quantity(float(residuals.mean()))} and a standard deviation of "
        f"{quantity(float(residuals.std()))}.{more}"
    )
    rows = [(*map(float, pair), float(pair[1] - pair[0])) for pair in pairs]
    return drawn(KEY, TITLE, caption, figure, Table(("true", "predicted", "residual"), rows))
