"""How a study file writes ranges, boxes and points, read into values and written back."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, PlainValidator, ValidationError, ValidationInfo

from search.space.hyperparameters import Choice, Hyperparameter, Number, Registry
from search.space.space import (
    Box,
    Choices,
    Condition,
    Interval,
    Range,
    SpaceError,
    Value,
    order_faults,
)
from search.study.conditions import WhenTable, read_conditions
from search.study.faults import Fault, Key, faulty, near, shown
from search.study.messages import faults_of
from search.study.table import MOST, Table


def _list(raw: object) -> tuple[Value, ...]:
    if not isinstance(raw, list | tuple):
        raise faulty([Fault((), f"found {shown(raw)}; give a list of values")])
    return tuple(raw)


class RangeTable(Table):
    """A range of numbers or a list of values, as the file writes it."""

    low: float | None = Field(
        default=None, description="the smallest value, included; needed without `values`"
    )
    high: float | None = Field(
        default=None, description="the largest value, included; needed without `values`"
    )
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
    values: Annotated[tuple[Value, ...], PlainValidator(_list)] | None = Field(
        default=None,
        description="in place of all the keys above, a list of values, each as likely as another",
    )
    when: WhenTable | None = Field(
        default=None,
        description="for other hyperparameters of the box, a value or a list of values; where one "
        "of them has another value, a trial lacks this hyperparameter",
    )
    at_most: str | None = Field(
        default=None,
        description="another hyperparameter of the box, a number, which this one never exceeds",
    )


def read_box(raw: object, registry: Registry) -> Box:
    """The box that `{name = range, …}` writes, of hyperparameters of the registry.

    Raises:
        PydanticCustomError: With every fault: it is no table, or empty, names what can't be
            searched, has a range that is malformed, empty, inverted or beyond the limits, or a
            condition that cannot hold.
    """
    if isinstance(raw, Box):
        return raw
    if not isinstance(raw, dict) or not raw:
        right = "give a table of hyperparameters and their ranges"
        raise faulty([Fault((), f"found {shown(raw)}; {right}")])
    faults: list[Fault] = []
    ranges = {name: _read_named(registry, name, extent, faults) for name, extent in raw.items()}
    there = {name: extent for name, extent in ranges.items() if extent is not None}
    conditions = read_conditions(raw, ranges, registry.conditions(there), faults)
    at_most = _read_order(raw, there, faults)
    if faults:
        raise faulty(faults)
    return Box(there, conditions, at_most)


def _read_order(
    raw: Mapping[str, Any], ranges: Mapping[str, Range], faults: list[Fault]
) -> dict[str, str]:
    """What is at most another hyperparameter, by name; the faults of it are taken up."""
    said = {name: raw[name].get("at_most") for name in ranges if isinstance(raw[name], dict)}
    at_most: dict[str, str] = {}
    for name, other in said.items():
        if not isinstance(other, str):
            continue
        if other in ranges and other != name:
            at_most[name] = other
        elif other not in raw or other == name:
            hint = near(other, [one for one in raw if one != name])
            text = f"no other hyperparameter of this box; {hint}"
            faults.append(Fault((name, "at_most"), text))
    faults += [Fault((name, "at_most"), text) for name, text in order_faults(at_most, ranges)]
    return at_most


def write_box(box: Box, *, following: Mapping[str, Condition] | None = None) -> dict[str, Any]:
    """`box` as a file writes it, every default written out; the inverse of `read_box`.

    Args:
        box: What is written.
        following: Conditions that are left out, as they follow whatever the file says, by name.
    """
    written = {name: _write(extent) for name, extent in box.ranges.items()}
    for name, condition in box.conditions.items():
        must = following[name].values if following and name in following else {}
        when = {
            parent: list(values)
            for parent, values in condition.values.items()
            if must.get(parent) != values
        }
        if when:
            extent = written[name]
            table = extent if isinstance(extent, dict) else {"values": extent}
            written[name] = table | {"when": when}
    for name, other in box.at_most.items():
        extent = written[name]
        table = extent if isinstance(extent, dict) else {"values": extent}
        written[name] = table | {"at_most": other}
    return written


def recorded_box(written: Mapping[str, Any]) -> Box:
    """The box that `write_box` wrote, whatever rules for boxes have come since."""
    ranges: dict[str, Range] = {}
    conditions: dict[str, Condition] = {}
    at_most: dict[str, str] = {}
    for name, one in written.items():
        table: dict[str, Any] = {"values": one} if isinstance(one, list | tuple) else dict(one)
        if "at_most" in table:
            at_most[name] = table.pop("at_most")
        when = table.pop("when", None)
        if when is not None:
            conditions[name] = Condition({parent: tuple(those) for parent, those in when.items()})
        listed = "values" in table
        ranges[name] = Choices(tuple(table["values"])) if listed else Interval(**table)
    return Box(ranges, conditions, at_most)


def read_point(raw: object, registry: Registry) -> dict[str, Value]:
    """The point that `{name = value, …}` writes, of hyperparameters of the registry.

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
        searchable = _known(registry, name, faults)
        if searchable is not None:
            point[name] = _checked(searchable, value, (name,), faults)
    if faults:
        raise faulty(faults)
    return point


def _known(registry: Registry, name: str, faults: list[Fault]) -> Hyperparameter | None:
    searchable = registry.find(name)
    if searchable is None:
        hint = near(name, registry.names())
        faults.append(Fault((name,), f"not a hyperparameter that can be searched; {hint}"))
    return searchable


def _checked(searchable: Hyperparameter, value: object, key: Key, faults: list[Fault]) -> Value:
    try:
        return searchable.check(value)
    except ValueError as error:
        faults.append(Fault(key, str(error)))
        return 0


def _read_named(registry: Registry, name: str, raw: object, faults: list[Fault]) -> Range | None:
    searchable = _known(registry, name, faults)
    if searchable is None:
        return None
    try:
        if isinstance(raw, list | tuple):
            return _read_choices(searchable, raw, (name,), faults)
        if isinstance(raw, dict) and raw.get("values") is not None:
            return _read_list(searchable, raw, faults)
        if isinstance(searchable, Choice):
            right = f"give a list of values: {searchable.values()}"
            faults.append(Fault((name,), f"found {shown(raw)}; {right}"))
            return None
        return _read_interval(searchable, raw, faults)
    except SpaceError as error:
        faults.append(Fault((name,), str(error)))
    return None


def _read_choices(
    searchable: Hyperparameter, raw: Sequence[object], key: Key, faults: list[Fault]
) -> Choices | None:
    before = len(faults)
    options = [_checked(searchable, one, (*key, place), faults) for place, one in enumerate(raw)]
    return Choices(tuple(options)) if len(faults) == before else None


def _read_list(
    searchable: Hyperparameter, raw: dict[str, Any], faults: list[Fault]
) -> Choices | None:
    """The choices that `{values = [...]}` writes, maybe with `when` and `at_most`."""
    name = searchable.name
    table = _table(name, raw, faults)
    if table is None or table.values is None:
        return None
    beside = [key for key in raw if key not in ("values", "when", "at_most")]
    if beside:
        right = "give a list of values or a range of numbers"
        faults.append(Fault((name, beside[0]), f"found beside values; {right}"))
    return _read_choices(searchable, table.values, (name, "values"), faults)


def _table(name: str, raw: dict[str, Any], faults: list[Fault]) -> RangeTable | None:
    try:
        return RangeTable.model_validate(raw)
    except ValidationError as error:
        faults += [fault.under(name) for fault in faults_of(error, RangeTable)]
        return None


def _read_interval(number: Number, raw: object, faults: list[Fault]) -> Interval | None:
    name, before = number.name, len(faults)
    if not isinstance(raw, dict):
        right = "give a range as {low = ..., high = ...}, or a list of values"
        faults.append(Fault((name,), f"found {shown(raw)}; {right}"))
        return None
    for key in (key for key in ("low", "high") if raw.get(key) is None):
        meaning = (RangeTable.model_fields[key].description or "").partition(";")[0]
        faults.append(Fault((name, key), f"missing: {meaning}; it has no default"))
    table = _table(name, raw, faults)
    if table is None or table.low is None or table.high is None:
        return None
    low = _checked(number, raw["low"], (name, "low"), faults)
    high = _checked(number, raw["high"], (name, "high"), faults)
    if number.whole:
        if len(faults) == before:
            faults += [fault.under(name) for fault in _not_whole(table, table.low, table.high)]
    elif table.step is not None:
        right = "leave it out; only ranges of whole numbers have steps"
        faults.append(Fault((name, "step"), f"found {table.step} for a real number; {right}"))
    if len(faults) > before:
        return None
    if number.whole:
        return Interval(low, high, log=False, step=table.step or 1)  # type: ignore[arg-type]
    log = table.log is not False
    return Interval(low, high, log=log, points=table.points)  # type: ignore[arg-type]


def _not_whole(table: RangeTable, low: float, high: float) -> list[Fault]:
    """What does not fit a range of whole numbers."""
    faults = []
    if table.log:
        right = "leave it out, or list the values, such as [16, 32, 64]"
        faults.append(Fault(("log",), f"found true for a whole number; {right}"))
    if table.points is not None:
        right = "leave it out and say `step`"
        faults.append(Fault(("points",), f"found {table.points} for a whole number; {right}"))
    step, length = table.step or 1, high - low
    if length > 0 and length % step:
        below = int(high - length % step)
        right = f"give {below} or {below + step}"
        found = f"{high:g} is no whole number of steps of {step} above {low:g}"
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


REGISTRY = "registry"
"""The key of the registry in the context of a validation, by which boxes and points are read."""


def _box(raw: object, info: ValidationInfo) -> Box:
    return raw if isinstance(raw, Box) else read_box(raw, (info.context or {})[REGISTRY])


def _point(raw: object, info: ValidationInfo) -> dict[str, Value]:
    return read_point(raw, info.context[REGISTRY]) if info.context else dict(raw)  # type: ignore[call-overload]


BoxTable = Annotated[Box, PlainValidator(_box), PlainSerializer(write_box)]
"""A box, in a pydantic model, as a file writes it."""

PointTable = Annotated[dict[str, Value], PlainValidator(_point)]
"""A point, in a pydantic model, as a file writes it."""
