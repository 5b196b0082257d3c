"""The searched hyperparameters as axes: on a log scale, on a linear one, or as categories."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from search.errors import KlayerError
from search.runtime.formatting import number
from search.space.space import Value
from search.study.ranges import write_box
from search.views.plots.data import SearchData
from search.views.plots.labels import short, title_of
from search.views.plots.standing import searched
from search.views.plots.values import LOG

# More listed numbers than this stand on a scale, each in its place, and not as categories; on a log
# scale where the largest is this many times the smallest.
_SINGLE, _FAR = 8, 50


@dataclass(frozen=True)
class Axis:
    """How one hyperparameter is drawn.

    Attributes:
        name: The hyperparameter.
        kind: Its scale.
        options: Of categories, all of them, in order; else empty.
        heading: The name for people, as plain text; the name itself unless given.
    """

    name: str
    kind: Literal["log", "linear", "category"]
    options: tuple[Value, ...] = ()
    heading: str = ""

    @property
    def label(self) -> str:
        """For people, as a figure's text."""
        return short(self.heading or self.name)

    @property
    def title(self) -> str:
        """Its label with its scale, where that is to be said."""
        return f"{self.label} (log)" if self.kind == "log" else self.label

    def place(self, value: Value | None) -> float:
        """Where a value stands, in data units; a category by its index. NaN for nowhere."""
        if self.kind == "category":
            return float(self.options.index(value)) if value in self.options else math.nan
        if isinstance(value, str | bool) or value is None:
            return math.nan
        if self.kind == "log" and value <= 0:
            return math.nan
        return float(value)

    def scaled(self, place: float) -> float:
        """A place on the axis's own scale, on which equal distances look equal."""
        return math.log10(place) if self.kind == "log" and place > 0 else place

    def unscaled(self, position: float) -> float:
        """The inverse of `scaled`."""
        return 10.0**position if self.kind == "log" else position

    def span(self, extent: object) -> tuple[float, float] | None:
        """From where to where a range of a box reaches, as a study file writes it."""
        extent = _bare(extent)
        if isinstance(extent, Mapping):
            low, high = self.place(extent.get("low")), self.place(extent.get("high"))
            edge = 0.0
        elif isinstance(extent, list | tuple) and extent:
            places = [self.place(option) for option in extent]
            low, high = min(places), max(places)
            edge = 0.4 if self.kind == "category" else 0.0
        else:
            return None
        return None if math.isnan(low + high) else (low - edge, high + edge)

    def layout(self) -> dict[str, Any]:
        """The axis of a Plotly layout."""
        if self.kind == "category":
            return {
                "title": {"text": self.title},
                "tickvals": list(range(len(self.options))),
                "ticktext": [short(number(option)) for option in self.options],
                "range": [-0.6, len(self.options) - 0.4],
            }
        if self.kind == "log":
            return {"title": {"text": self.title}, **LOG}
        return {"title": {"text": self.title}}


def axes(data: SearchData) -> dict[str, Axis]:
    """All hyperparameters that a search's stages search, by name, in the order of the study."""
    extents: dict[str, list[object]] = {}
    values: dict[str, dict[Value, None]] = {}
    for box in _boxes(data):
        for name, extent in box.items():
            extents.setdefault(name, []).append(extent)
    for trial in searched(data):
        for name, value in trial.parameters.items():
            values.setdefault(name, {})[value] = None
    names = dict.fromkeys([*extents, *values])
    found = {name: _axis(name, extents.get(name, []), values.get(name, {})) for name in names}
    objective = data.objective
    return {name: replace(axis, heading=title_of(objective, name)) for name, axis in found.items()}


def known(axis: str, data: SearchData, axes: Mapping[str, Axis]) -> Axis:
    """The axis of that name.

    Raises:
        KlayerError: Nothing of that name is searched; the message lists what is.
    """
    if axis in axes:
        return axes[axis]
    raise KlayerError(
        f"{data.name}: {axis!r} is not searched; give one of {', '.join(axes) or 'nothing yet'}"
    )


def _boxes(data: SearchData) -> Iterable[Mapping[str, object]]:
    """The boxes of all stages; of one that is not planned yet, what the study file says of them."""
    planned = {state.step.name: state.boxes for state in data.searched()}
    for stage in data.search.study.stages:
        if not planned.get(stage.name):
            yield from (_bared(write_box(box)) for box in stage.boxes)
    for boxes in planned.values():
        yield from map(_bared, boxes)


def _bared(box: Mapping[str, object]) -> dict[str, object]:
    return {name: _bare(extent) for name, extent in box.items()}


def _bare(extent: object) -> object:
    """A list of values without the table that stands round it where it has a condition."""
    return extent["values"] if isinstance(extent, Mapping) and "values" in extent else extent


def _axis(name: str, extents: list[object], values: Iterable[Value]) -> Axis:
    intervals = [extent for extent in extents if isinstance(extent, Mapping)]
    numbers = [value for value in values if not isinstance(value, str | bool)]
    if intervals:
        log = any(extent.get("log") for extent in intervals)
        return Axis(name, "log" if log and all(value > 0 for value in numbers) else "linear")
    lists = [extent for extent in extents if isinstance(extent, list | tuple)]
    listed = [option for options in lists for option in options]
    options = list(dict.fromkeys([*listed, *values]))
    if all(not isinstance(option, str | bool) for option in options):
        options.sort()
        if len(options) > _SINGLE:
            low, high = float(options[0]), float(options[-1])
            return Axis(name, "log" if low > 0 and high / low > _FAR else "linear")
    return Axis(name, "category", tuple(options))
