"""How a study file says when a hyperparameter is searched: `when = {activation = "elu"}`."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import PlainValidator

from search.space.space import Choices, Condition, Range, Value, cycle, in_words, is_discrete, takes
from search.study.faults import Fault, faulty, near, shown

_EXAMPLE = 'give values of others, such as {activation = "elu"}'


def read_when(raw: object) -> dict[str, tuple[Value, ...]]:
    """The values, by hyperparameter, that `{name = value, ...}` writes; each may be a list.

    Raises:
        PydanticCustomError: It is no table, or empty, or has an empty list.
    """
    if not isinstance(raw, dict) or not raw:
        raise faulty([Fault((), f"found {shown(raw)}; {_EXAMPLE}")])
    empty = [name for name, values in raw.items() if isinstance(values, list) and not values]
    if empty:
        raise faulty([Fault((name,), "found an empty list; give a value") for name in empty])
    return {
        name: tuple(values) if isinstance(values, list | tuple) else (values,)
        for name, values in raw.items()
    }


WhenTable = Annotated[dict[str, tuple[Value, ...]], PlainValidator(read_when)]
"""A condition, in a pydantic model, as a file writes it."""


def read_conditions(
    raw: Mapping[str, Any],
    ranges: Mapping[str, Range | None],
    following: Mapping[str, Condition],
    faults: list[Fault],
) -> dict[str, Condition]:
    """The conditions of a box, by name.

    Args:
        raw: The box as the file writes it.
        ranges: What was read of it; None for a range that is wrong.
        following: The conditions that the box has whatever the file says; it may narrow them.
        faults: Takes up what is wrong with the conditions; what lies inside a table of `when` that
            is malformed was found when the ranges were read.
    """
    conditions: dict[str, Condition] = {}
    for name, extent in raw.items():
        when = extent.get("when") if isinstance(extent, dict) else None
        if ranges.get(name) is None:
            continue
        must = dict(following[name].values) if name in following else {}
        said: dict[str, tuple[Value, ...]] = {}
        if isinstance(when, dict) and when:
            found = [*_faults(name, when, ranges)] or [*_never(name, read_when(when), must)]
            faults += [fault.under(name, "when") for fault in found]
            said = {} if found else read_when(when)
        if said or must:
            conditions[name] = Condition(must | said)
    circle = cycle({name: tuple(one.values) for name, one in conditions.items()})
    if circle:
        faults.append(Fault((circle[0], "when"), in_words(circle)))
    return conditions


def _faults(
    name: str, when: Mapping[str, Any], ranges: Mapping[str, Range | None]
) -> Iterator[Fault]:
    others = [other for other in ranges if other != name]
    for parent, values in when.items():
        if parent not in others:
            yield Fault((parent,), f"no other hyperparameter of this box; {near(parent, others)}")
            continue
        extent = ranges[parent]
        if extent is None:
            continue
        if not is_discrete(extent):
            found = f"{parent} is a continuous range, which has a given value only by chance"
            yield Fault((parent,), f"{found}; list its values")
            continue
        listed = isinstance(values, list | tuple)
        for place, value in enumerate(values if listed else [values]):
            if isinstance(value, list | dict) or not takes(extent, value):
                key = (parent, place) if listed else (parent,)
                yield Fault(key, f"found {shown(value)}, which {parent} never is; {_right(extent)}")


def _never(
    name: str, said: Mapping[str, tuple[Value, ...]], must: Mapping[str, tuple[Value, ...]]
) -> Iterator[Fault]:
    """Values with which there is no such hyperparameter, whatever its condition says."""
    for parent, values in must.items():
        odd = [value for value in said.get(parent, ()) if value not in values]
        if odd:
            right = f"give {' or '.join(map(shown, values))}, or leave it out"
            yield Fault((parent,), f"found {shown(odd[0])}, with which there is no {name}; {right}")


def _right(extent: Range) -> str:
    if isinstance(extent, Choices):
        return "give one of " + ", ".join(shown(option) for option in extent.options)
    steps = "" if extent.step == 1 else f" in steps of {extent.step}"
    return f"give a whole number from {extent.low:g} to {extent.high:g}{steps}"
