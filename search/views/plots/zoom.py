"""The zoom: each stage's boxes over two hyperparameters, with the trials that they were drawn from.

Where one hyperparameter is searched it stands across, and the value upwards.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from search.ledger.records import RecordedTrial
from search.objective.port import Objective
from search.views.plots import pins, standing
from search.views.plots.axes import Axis, axes, known
from search.views.plots.colouring import POOREST, stage_colours, value_axis
from search.views.plots.data import SearchData
from search.views.plots.labels import named, title_of
from search.views.plots.outlines import outline
from search.views.plots.plot import Plot, drawn, nothing
from search.views.plots.told import tell
from search.views.plots.trial_points import (
    BEST,
    MANY,
    Plane,
    binned,
    greyed,
    greyed_cells,
    points,
    star,
)
from search.views.plots.trial_table import trial_table
from search.views.plots.values import ValueScale

KEY, TITLE = "zoom", "The zoom"
VALUE = "value"


def zoom(
    data: SearchData,
    x: str | None = None,
    y: str | None = None,
    scale: ValueScale | None = None,
) -> Plot:
    """Boxes as rectangles in their stage's colour, trials as points coloured by value.

    Hovering a box tells why it is where it is. Trials without a value are grey crosses, those that
    halving dropped grey dots; the winner, or the best so far, is a star. Above 1,500 trials, all
    but the best hundred are gathered in cells, a square each.

    Args:
        data: The search.
        x: The hyperparameter across; the first range in the objective's order unless said.
        y: That upwards, or "value" for the value; the next range unless said.
        scale: That of the values; the one that suits them unless said.

    Raises:
        KlayerError: What is asked for is not searched.
    """
    plane = _plane(data, axes(data), x, y, scale or scale_of(data))
    boxed = [stage for stage in data.searched() if stage.boxes]
    if plane is None or not boxed:
        return nothing(KEY, TITLE, standing.absent(data))
    ended = [trial for trial in standing.searched(data) if trial.state in standing.ENDED]
    if ended and not any(trial.value is not None for trial in ended) and plane.y is None:
        return nothing(KEY, TITLE, standing.absent(data), trial_table(data))
    outlines, trials = _outlines(data, plane, ended), _trials(data, plane, ended)
    # Of two traces under the pointer the later one speaks, if it is nearer: cells come first.
    cells = [trace for trace in trials if isinstance(trace, go.Heatmap)]
    for one in outlines if cells else ():
        one.update(hoveron="points")
    rest = [trace for trace in trials if not isinstance(trace, go.Heatmap)]
    figure = go.Figure([*cells, *outlines, *rest])
    figure.update_layout(**_layout(plane, ended))
    caption = _caption(data, plane, ended) + pins.said(data)
    return drawn(KEY, TITLE, caption, tell(figure, data), trial_table(data))


def scale_of(*datas: SearchData) -> ValueScale:
    """The scale that suits the values of searches with one score."""
    valued = (trial for data in datas for trial in standing.complete(standing.searched(data)))
    return ValueScale.of(datas[0].score, [trial.value for trial in valued])


def usual_first(objective: Objective, names: Sequence[str]) -> list[str]:
    """Hyperparameters in the order in which they are drawn over: across, up, then others."""
    usual = [name for name in objective.usual_order if name in names]
    return [*usual, *(name for name in names if name not in usual)]


def _plane(
    data: SearchData,
    found: Mapping[str, Axis],
    x: str | None,
    y: str | None,
    scale: ValueScale,
) -> Plane | None:
    """What to draw over: what was asked for, filled up with the usual."""
    if not found:
        return None
    ranges = [name for name, axis in found.items() if axis.kind != "category"] or list(found)
    order = usual_first(data.objective, ranges)
    across = known(x, data, found) if x is not None else found[_other(order, y)]
    if y is None:
        rest = [name for name in order if name != across.name]
        up = found[rest[0]] if rest else None
    else:
        up = None if y == VALUE else known(y, data, found)
    return Plane(across, up, scale)


def _other(order: Sequence[str], taken: str | None) -> str:
    return next((name for name in order if name != taken), order[0])


def _outlines(data: SearchData, plane: Plane, ended: Sequence[RecordedTrial]) -> list[go.Scatter]:
    colours, found = stage_colours(data), []
    valued = standing.complete(ended)
    for stage in data.searched():
        name = stage.step.name
        height = _height(plane, [t for t in valued if t.stage == name])
        found.append(outline(stage, plane.x, plane.y, height, colours[name]))
    following = standing.to_come(data)
    if following is not None:
        colour, height = colours[following.step.name], _height(plane, valued)
        found.append(outline(following, plane.x, plane.y, height, colour, "dash"))
    return [one for one in found if one is not None]


def _height(plane: Plane, trials: Sequence[RecordedTrial]) -> tuple[float, float]:
    """From where to where values reach."""
    values = plane.scale.shown([trial.value for trial in trials])
    return (float(values.min()), float(values.max())) if trials else (0.0, 1.0)


def _trials(data: SearchData, plane: Plane, ended: Sequence[RecordedTrial]) -> list[Any]:
    valued = standing.complete(ended)
    many = len(ended) > MANY
    shown = data.ranking.ranked(valued)[:BEST] if many else valued
    colours = stage_colours(data) if plane.y is None else {}
    traces = _cells(data, plane, ended, colours) if many else _greyed(plane, ended)
    for stage in data.searched():
        some = [trial for trial in shown if trial.stage == stage.step.name]
        if some:
            traces.append(points(some, plane, stage.step.name, colours.get(stage.step.name)))
    marked = standing.best(data)
    if marked is not None:
        name = "winner" if standing.winner(data) is not None else "best so far"
        traces.append(star(marked, plane, name))
    lit = pins.pinned(data)
    return [*traces, *pins.rings(lit, *plane.places(lit))]


def _greyed(plane: Plane, ended: Sequence[RecordedTrial]) -> list[Any]:
    dropped = [trial for trial in ended if trial.state == "pruned"]
    broken = [trial for trial in ended if trial.value is None]
    traces = [greyed(dropped, plane, "circle-open", "dropped early")] if dropped else []
    if broken and plane.y is not None:
        traces.append(greyed(broken, plane, "x-thin", "without a value"))
    return traces


def _cells(
    data: SearchData, plane: Plane, ended: Sequence[RecordedTrial], colours: Mapping[str, str]
) -> list[Any]:
    valued = standing.complete(ended)
    known = {id(trial) for trial in valued}
    traces = [greyed_cells([trial for trial in ended if id(trial) not in known], plane)]
    stages = [stage.step.name for stage in data.searched()]
    for name in stages:
        some = [trial for trial in valued if trial.stage == name]
        traces.append(binned(some, plane, name, colours.get(name), len(stages)))
    return [trace for trace in traces if trace is not None]


def _layout(plane: Plane, ended: Sequence[RecordedTrial]) -> dict[str, Any]:
    values = [trial.value for trial in standing.complete(ended)]
    layout: dict[str, Any] = {
        "xaxis": plane.x.layout(),
        "yaxis": plane.scale.axis() if plane.y is None else plane.y.layout(),
        "hovermode": "closest",
    }
    if plane.y is not None and values:
        places = plane.scale.place(plane.scale.shown(values))
        layout["coloraxis"] = value_axis(plane.scale, places)
    return layout


def _caption(data: SearchData, plane: Plane, ended: Sequence[RecordedTrial]) -> str:
    boxed = [stage for stage in data.searched() if stage.boxes]
    upwards = data.score.words if plane.y is None else title_of(data.objective, plane.y.name)
    said = (
        f"The boxes of {len(boxed)} of {len(data.searched())} stages over "
        f"{title_of(data.objective, plane.x.name)} "
        f"and {upwards}, with {len(ended):,} finished trials"
    )
    if len(ended) > MANY:
        said += f", the best {BEST} as points and all in cells, coloured by their median"
    if ended and not any(trial.value is not None for trial in ended):
        said += f". {standing.absent(data).rstrip('.')}"
    if plane.y is not None and standing.complete(ended):
        said += f"; {POOREST}"
    marked = standing.best(data)
    if marked is not None:
        what = "winner" if standing.winner(data) is not None else "best so far"
        said += f"; the {what} is {named(marked)} with {data.score.text(marked.value)}"
    following = standing.to_come(data)
    if following is not None:
        said += f". Dashed is the box that {following.step.name} would have if it were planned now"
    if len(boxed) > 1:
        said += ". Each box tells why it is where it is when it is pointed at"
    return f"{said}."
