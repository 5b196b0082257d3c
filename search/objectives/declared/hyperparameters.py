"""`[hyperparameters]` of a study file: which there are, within which limits, on which conditions.

They are the registry of the study, the bounds that no zoom passes, and the box of each stage that
says nothing of its own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field
from pydantic_core import PydanticCustomError

from search.space.hyperparameters import Choice, Hyperparameter, Number
from search.space.space import Box, Condition, Interval, Range
from search.study.faults import Fault, faulty, shown
from search.study.ranges import RangeTable, read_box, recorded_box, write_box

RESERVED = ("seed", "parameters", "checkpoints")
"""Names that stand for something else where a command has them in braces."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
NAME_RULE = "give a letter, then letters, digits, _ and -, 64 characters at most"

_INHERITED = ("log", "step", "points")
_EXAMPLE = "such as learning_rate = {low = 1e-4, high = 1e-1}"


class HyperparameterTable(RangeTable):
    """One entry of `[hyperparameters]`: a range of numbers, or a list of values.

    Two whole numbers as bounds make a whole number of it; otherwise it is a real number.
    """

    meaning: str = Field(default="", max_length=1_000, description="what it is, for people")


@dataclass(frozen=True)
class Registry:
    """The hyperparameters of one study file.

    Attributes:
        known: All of them, in the order of the file.
    """

    known: tuple[Hyperparameter, ...]

    def find(self, name: str) -> Hyperparameter | None:
        """The hyperparameter of this name; None if there is none."""
        return next((one for one in self.known if one.name == name), None)

    def names(self) -> list[str]:
        """The names of all."""
        return [one.name for one in self.known]

    def conditions(self, _: Mapping[str, Range]) -> Mapping[str, Condition]:
        """None: a file says all."""
        return {}


@dataclass(frozen=True)
class Declared:
    """What `[hyperparameters]` says.

    Attributes:
        box: The range of each, with its condition.
        registry: The same as limits, with their meanings.
    """

    box: Box
    registry: Registry

    def plain(self) -> dict[str, Any]:
        """As a study file would write it, with every default."""
        written = write_box(self.box)
        for one in self.registry.known:
            extent = written[one.name]
            if one.meaning:
                table = extent if isinstance(extent, dict) else {"values": extent}
                written[one.name] = table | {"meaning": one.meaning}
        return written

    def recorded(self) -> dict[str, Any]:
        """As a database keeps it."""
        return {
            "box": write_box(self.box),
            "whole": [o.name for o in self.registry.known if isinstance(o, Number) and o.whole],
            "meanings": {one.name: one.meaning for one in self.registry.known},
        }

    @classmethod
    def of_recorded(cls, form: Mapping[str, Any]) -> "Declared":
        """What `recorded` wrote."""
        box, whole = recorded_box(form["box"]), form["whole"]
        known = (
            _limited(box, name, form["meanings"][name], name in whole) for name in form["meanings"]
        )
        return cls(box, Registry(tuple(known)))


def read(raw: object) -> Declared:
    """What a `[hyperparameters]` table declares.

    Raises:
        PydanticCustomError: With every fault of it.
    """
    if not isinstance(raw, Mapping) or not raw:
        right = f"give a table of hyperparameters, {_EXAMPLE}"
        raise faulty([Fault((), f"found {shown(raw)}; {right}")])
    faults = [fault for name, entry in raw.items() for fault in _entry_faults(name, entry)]
    bad = {fault.key[0] for fault in faults}
    right_ones = {name: entry for name, entry in raw.items() if name not in bad}
    known = Registry(tuple(_unlimited(name, entry) for name, entry in right_ones.items()))
    ranges = {name: _without_meaning(entry) for name, entry in right_ones.items()}
    box = None
    try:
        box = read_box(ranges, known) if ranges else None
    except PydanticCustomError as error:
        faults += (error.context or {})["faults"]
    if faults or box is None:
        raise faulty(faults)
    limited = (
        _limited(box, one.name, one.meaning, isinstance(one, Number) and one.whole)
        for one in known.known
    )
    return Declared(box, Registry(tuple(limited)))


def registry(raw: object) -> Registry:
    """The hyperparameters of a table; none where it is faulty."""
    try:
        return read(raw).registry
    except PydanticCustomError:
        return Registry(())


def stage_box(raw: Mapping[str, Any], own: object) -> object:
    """A box of a stage as it is meant: what it does not say of a range is as declared.

    Args:
        raw: The table of hyperparameters as written.
        own: The box as written.
    """
    if not isinstance(own, Mapping):
        return own
    return {name: _inherited(raw.get(name), entry, own) for name, entry in own.items()}


def whole_box(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The box of a stage that says nothing of its own."""
    return {name: _without_meaning(entry) for name, entry in raw.items()}


def _inherited(declared: object, entry: object, box: Mapping[str, Any]) -> object:
    if not isinstance(declared, Mapping):
        return entry
    when = declared.get("when")
    conditional = isinstance(when, Mapping) and all(parent in box for parent in when)
    inherited = {"when": when} if conditional else {}
    if declared.get("at_most") in box:
        inherited["at_most"] = declared["at_most"]
    if isinstance(entry, list | tuple):
        return {"values": list(entry)} | inherited if inherited else entry
    if not isinstance(entry, Mapping):
        return entry
    if "values" not in entry:
        inherited |= {key: declared[key] for key in _INHERITED if key in declared}
    return inherited | dict(entry)


def _without_meaning(entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    return {key: value for key, value in entry.items() if key != "meaning"}


def _entry_faults(name: str, entry: object) -> list[Fault]:
    """What is wrong with an entry that a box would not find."""
    if name in RESERVED:
        return [Fault((name,), f"found {shown(name)}, which is reserved; give another name")]
    if not NAME.fullmatch(name):
        return [Fault((name,), f"found {shown(name)} as a name; {NAME_RULE}")]
    if not isinstance(entry, Mapping):
        return _value_faults((name,), entry)
    meaning = entry.get("meaning", "")
    faults = _value_faults((name, "values"), entry.get("values"))
    if not isinstance(meaning, str):
        faults.append(Fault((name, "meaning"), f"found {shown(meaning)}; give a text in quotes"))
    return faults


def _value_faults(key: tuple[str, ...], values: object) -> list[Fault]:
    if not isinstance(values, list | tuple):
        return []
    right = "give numbers, texts, true or false"
    return [
        Fault((*key, place), f"found {shown(value)}; {right}")
        for place, value in enumerate(values)
        if not isinstance(value, bool | int | float | str) or value in (float("inf"), -float("inf"))
    ]


def _unlimited(name: str, entry: Any) -> Hyperparameter:
    """A hyperparameter by which the range that declares it is read."""
    meaning = entry.get("meaning", "") if isinstance(entry, Mapping) else ""
    values = entry.get("values") if isinstance(entry, Mapping) else entry
    if isinstance(values, list | tuple):
        return Choice(name, meaning, tuple(values))
    bounds = [entry.get(key) for key in ("low", "high")] if isinstance(entry, Mapping) else [None]
    return Number(name, meaning, whole=all(type(bound) is int for bound in bounds))


def _limited(box: Box, name: str, meaning: str, whole: bool) -> Hyperparameter:
    extent = box.ranges[name]
    if isinstance(extent, Interval):
        return Number(name, meaning, extent.low, extent.high, whole=whole)
    return Choice(name, meaning, extent.options)
