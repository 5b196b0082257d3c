"""The boxes of stages as outlined rectangles, with the sentences that say why they are there."""

import plotly.graph_objects as go

from search.ledger.records import StageState
from search.views.plots.axes import Axis
from search.views.plots.labels import lines, short
from search.views.plots.plot import escape

Span = tuple[float, float]

# Points along each side: where cells lie in a box, only its outline can be hovered.
_ALONG = 12


def outline(
    stage: StageState,
    x: Axis,
    y: Axis | None,
    values: Span | None,
    colour: str,
    dash: str = "solid",
) -> go.Scatter | None:
    """One stage's boxes; None where it has none, or none with these hyperparameters.

    Args:
        stage: The stage.
        x: The hyperparameter across.
        y: That upwards; None where values stand there.
        values: For that, from where to where the rectangles reach.
        colour: Of the outline.
        dash: Of the outline: that of a stage which is not planned yet is dashed.
    """
    across: list[float | None] = []
    upwards: list[float | None] = []
    for box in stage.boxes:
        wide = x.span(box.get(x.name))
        high = values if y is None else y.span(box.get(y.name))
        if wide is None or high is None:
            continue
        right, up = _way(x, *wide), _way(y, *high)
        left, down = right[::-1], up[::-1]
        across += [*right, *([wide[1]] * len(up)), *left, *([wide[0]] * len(down)), None]
        upwards += [*([high[0]] * len(right)), *up, *([high[1]] * len(left)), *down, None]
    if not across:
        return None
    name = f"{stage.step.number} {stage.step.name}{'' if dash == 'solid' else ', if planned now'}"
    return go.Scatter(
        x=across[:-1],
        y=upwards[:-1],
        mode="lines",
        line={"color": colour, "width": 2, "dash": dash},
        fill="toself",
        fillcolor="rgba(0,0,0,0)",
        hoveron="fills+points",
        name=short(name),
        text=f"<b>{escape(name)}</b><br>{lines(stage.explanation)}",
        hoverinfo="text",
        legendgroup=escape(name),
    )


def _way(axis: Axis | None, start: float, stop: float) -> list[float]:
    """Places from `start` to `stop` at equal distances on the axis's own scale."""
    if axis is None:
        return [start + (stop - start) * i / _ALONG for i in range(_ALONG)] + [stop]
    first, last = axis.scaled(start), axis.scaled(stop)
    inner = [axis.unscaled(first + (last - first) * i / _ALONG) for i in range(1, _ALONG)]
    return [start, *inner, stop]
