"""A surface fitted to the trials, over the two hyperparameters of the zoom: where it is good."""

import numpy as np
import plotly.graph_objects as go

from search.views.plots import standing
from search.views.plots.axes import Axis, axes
from search.views.plots.colouring import stage_colours, value_axis
from search.views.plots.data import SearchData
from search.views.plots.labels import title_of
from search.views.plots.outlines import outline
from search.views.plots.plot import Plot, Table, drawn, escape, nothing
from search.views.plots.told import tell
from search.views.plots.trial_points import Plane, star
from search.views.plots.values import NUMBER, ValueScale
from search.views.plots.zoom import usual_first

KEY, TITLE = "surface", "A surface fitted to the values"

FEWEST = 8  # trials
_SIDE = 40  # points of the grid along each axis
_FAR = 2.5  # widths of the kernel from the nearest trial, beyond which nothing is drawn


def has_surface(data: SearchData) -> bool:
    """Whether trials enough have a place on two ranges of numbers."""
    found = [axis for axis in axes(data).values() if axis.kind != "category"]
    return len(found) > 1 and len(standing.comparable(data)) >= FEWEST


def surface(data: SearchData) -> Plot:
    """Contours of the values' mean about each place, with the stages' boxes and the best trial.

    The mean is weighted by a Gaussian kernel on the axes' own scales, whose width falls with the
    number of trials (Scott's rule). Where no trial is near, nothing is drawn.
    """
    found = {name: axis for name, axis in axes(data).items() if axis.kind != "category"}
    names = usual_first(data.objective, list(found))[:2]
    trials = [t for t in standing.comparable(data) if all(name in t.parameters for name in names)]
    if len(names) < 2 or len(trials) < FEWEST:
        few = f"It takes {FEWEST} complete trials over two ranges of numbers."
        return nothing(KEY, TITLE, few if trials else standing.absent(data))
    across, up = found[names[0]], found[names[1]]
    scale = ValueScale.of(data.score, [trial.value for trial in trials])
    plane = Plane(across, up, scale)
    x, y = plane.places(trials)
    places = np.stack([_scaled(across, x), _scaled(up, y)], 1)
    values = scale.place(scale.shown([trial.value for trial in trials]))
    grid, means = fitted(places, values)
    figure = go.Figure(
        go.Contour(
            x=_unscaled(across, grid[0]),
            y=_unscaled(up, grid[1]),
            z=means,
            coloraxis="coloraxis",
            contours={"coloring": "heatmap"},
            line={"width": 0.5},
            connectgaps=False,
            customdata=scale.unplace(means),
            hovertemplate=f"{across.label}: %{{x:{NUMBER}}}<br>{up.label}: %{{y:{NUMBER}}}<br>"
            f"mean about here: {scale.hover('customdata')}<extra></extra>",
        )
    )
    for stage in data.searched():
        box = outline(stage, across, up, None, stage_colours(data)[stage.step.name])
        if box is not None:
            figure.add_trace(box.update(hoveron="points"))
    best = standing.best(data)
    if best is not None:
        figure.add_trace(star(best, plane, "winner" if standing.winner(data) else "best so far"))
    figure.update_layout(
        xaxis=across.layout(),
        yaxis=up.layout(),
        hovermode="closest",
        coloraxis=value_axis(scale, means[np.isfinite(means)]),
    )
    one, other = (title_of(data.objective, axis.name) for axis in (across, up))
    caption = (
        f"The mean value about each place of {one} and {other}, fitted to {len(trials):,} trials "
        "that compare, whatever else they differ in; with the boxes of the stages."
    )
    rows = [
        (float(a), float(b), float(mean))
        for b, line in zip(_unscaled(up, grid[1]), means, strict=True)
        for a, mean in zip(_unscaled(across, grid[0]), line, strict=True)
        if np.isfinite(mean)
    ]
    columns = (across.name, up.name, escape(scale.title))
    return drawn(KEY, TITLE, caption, tell(figure, data), Table(columns, rows))


def fitted(places: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The kernel-weighted mean of values over a grid that spans their places.

    Args:
        places: (trials, 2), on scales on which equal distances look equal.
        values: (trials,).

    Returns:
        The grid's places along each axis, (2, side); the means, (side, side) by the second axis and
        then the first, NaN where no trial is near.
    """
    low, high = places.min(0), places.max(0)
    length = np.where(high > low, high - low, 1.0)
    unit = (places - low) / length  # (trials, 2) in [0, 1]
    width = np.maximum(unit.std(0), 0.05) * len(unit) ** (-1 / 6)  # Scott: n^(-1 / (d + 4))
    steps = np.linspace(0, 1, _SIDE)
    points = np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 1, 2)
    means = np.full(len(points), np.nan)
    for place, point in enumerate(points):  # a row at a time: thousands of trials take no memory
        square = (((unit - point) / width) ** 2).sum(1)
        if square.min() <= _FAR**2:
            weights = np.exp(-0.5 * square)
            means[place] = weights @ values / weights.sum()
    grid = low[:, None] + length[:, None] * steps
    return grid, means.reshape(_SIDE, _SIDE)


def _scaled(axis: Axis, places: np.ndarray) -> np.ndarray:
    return np.array([axis.scaled(place) for place in places])


def _unscaled(axis: Axis, places: np.ndarray) -> np.ndarray:
    return np.array([axis.unscaled(place) for place in places])
