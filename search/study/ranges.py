"""How a study file writes ranges, boxes and points, read into values and written back."""

import math
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, PlainValidator, ValidationError

from search.space.space import Box, Choices, Interval, Range, SpaceError, Value
from search.study.faults import Fault, Key, faulty, near, shown
from search.study.searchable import Choice, Number, Searchable, find, names
from search.study.sentences import faults_of
from search.study.table import MOST, Table


class RangeTable(Table):
    """A range of numbers, as the file writes it."""

    low: float = Field(description="the smallest value, included")
    high: float = Field(description="the largest value, included")
    log: bool | None = Field(
        default=None,
        description="whether equal ratios, rather than equal differences, are equally likely; "
        "true for real hyperparameters and false for whole ones, unless said",
    )
    step: int | None = Field(
        default=None,
        ge=1,
        le=MOST,
        description="for whole numbers, the distance of neighbouring values; 1 unless said",
    )
    points: int | None = Field(
        default=None,
        ge=1,
        le=MOST,
        description="for real hyperparameters, how many values a grid takes, evenly spaced on the "
        "range's scale; other samplers don't read it",
    )


def read_box(raw: object) -> Box:
    """The box that `{name = range, …}` writes.

    Raises:
        PydanticCustomError: With every fault: it is no table, or empty, names what can't be
            searched, or has a range that is malformed, empty, inverted or beyond the limits.
    """
    if isinstance(raw, Box):
        return raw
    if not isinstance(raw, dict) or not raw:
        right = "give a table of hyperparameters and their ranges"
        raise faulty([Fault((), f"found {shown(raw)}; {right}")])
    faults: list[Fault] = []
    ranges = {name: _read_named(name, extent, faults) for name, extent in raw.items()}
    if faults:
        raise faulty(faults)
    return Box({name: extent for name, extent in ranges.items() if extent is not None})


def write_box(box: Box) -> dict[str, Any]:
    """`box` as a file writes it, every default written out; the inverse of `read_box`."""
    return {name: _write(extent) for name, extent in box.ranges.items()}


def combinations(box: Box) -> int:
    """How many points a grid over `box` has.

    Raises:
        SpaceError: A continuous range says no number of points.
    """
    return math.prod(len(extent.values()) for extent in box.ranges.values())


def read_point(raw: object) -> dict[str, Value]:
    """The point that `{name = value, …}` writes.

    Raises:
        PydanticCustomError: With every fault: it is no table, or empty, names what can't be
            searched, or has a value of the wrong kind or beyond the limits.
    """
    if not isinstance(raw, dict) or not raw:
        right = "give a table of hyperparameters and their values"
        raise faulty([Fault((), f"found {shown(raw)}; {right}")])
    faults: list[Fault] = []
    point: dict[str, Value] = {}
    for name, value in raw.items():
        searchable = _known(name, faults)
        if searchable is not None:
            point[name] = _checked(searchable, value, (name,), faults)
    if faults:
        raise faulty(faults)
    return point


def _known(name: str, faults: list[Fault]) -> Searchable | None:
    searchable = find(name)
    if searchable is None:
        hint = near(name, names(layers=2))
        faults.append(Fault((name,), f"not a hyperparameter that can be searched; {hint}"))
    return searchable


def _checked(searchable: Searchable, value: object, key: Key, faults: list[Fault]) -> Value:
    try:
        return searchable.check(value)
    except ValueError as error:
        faults.append(Fault(key, str(error)))
        return 0


def _read_named(name: str, raw: object, faults: list[Fault]) -> Range | None:
    searchable = _known(name, faults)
    if searchable is None:
        return None
    before = len(faults)
    try:
        if isinstance(raw, list | tuple):
            options = [_checked(searchable, v, (name, i), faults) for i, v in enumerate(raw)]
            return Choices(tuple(options)) if len(faults) == before else None
        if isinstance(searchable, Choice):
            right = f"give a list of values: {searchable.values()}"
            faults.append(Fault((name,), f"found {shown(raw)}; {right}"))
            return None
        return _read_interval(searchable, raw, faults)
    except SpaceError as error:
        faults.append(Fault((name,), str(error)))
    return None


def _read_interval(number: Number, raw: object, faults: list[Fault]) -> Interval | None:
    name, before = number.name, len(faults)
    if not isinstance(raw, dict):
        right = "give a range as {low = ..., high = ...}, or a list of values"
        faults.append(Fault((name,), f"found {shown(raw)}; {right}"))
        return None
    try:
        table = RangeTable.model_validate(raw)
    except ValidationError as error:
        faults += [fault.under(name) for fault in faults_of(error, RangeTable)]
        return None
    low = _checked(number, raw["low"], (name, "low"), faults)
    high = _checked(number, raw["high"], (name, "high"), faults)
    if number.whole:
        if len(faults) == before:
            faults += [fault.under(name) for fault in _not_whole(table)]
    elif table.step is not None:
        right = "leave it out; only ranges of whole numbers have steps"
        faults.append(Fault((name, "step"), f"found {table.step} for a real number; {right}"))
    if len(faults) > before:
        return None
    if number.whole:
        return Interval(low, high, log=False, step=table.step or 1)  # type: ignore[arg-type]
    log = table.log is not False
    return Interval(low, high, log=log, points=table.points)  # type: ignore[arg-type]


def _not_whole(table: RangeTable) -> list[Fault]:
    """What does not fit a range of whole numbers."""
    faults = []
    if table.log:
        right = "leave it out, or list the values, such as [16, 32, 64]"
        faults.append(Fault(("log",), f"found true for a whole number; {right}"))
    if table.points is not None:
        right = "leave it out and say `step`"
        faults.append(Fault(("points",), f"found {table.points} for a whole number; {right}"))
    step, length = table.step or 1, table.high - table.low
    if length > 0 and length % step:
        below = int(table.high - length % step)
        right = f"give {below} or {below + step}"
        found = f"{table.high:g} is no whole number of steps of {step} above {table.low:g}"
        faults.append(Fault(("high",), f"{found}; {right}"))
    return faults


def _write(extent: Range) -> Any:
    if isinstance(extent, Choices):
        return list(extent.options)
    written: dict[str, Any] = {"low": extent.low, "high": extent.high, "log": extent.log}
    if extent.step is not None:
        written["step"] = extent.step
    if extent.points is not None:
        written["points"] = extent.points
    return written


BoxTable = Annotated[Box, PlainValidator(read_box), PlainSerializer(write_box)]
"""A box, in a pydantic model, as a file writes it."""

PointTable = Annotated[dict[str, Value], PlainValidator(read_point)]
"""A point, in a pydantic model, as a file writes it."""
