"""Boxes made of others: of what a zoom leaves, laid over one another, and the smallest round some.

Each is right as it stands: what can no longer be active has left it, and each of its chains can be
in order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from search.space.space import (
    Box,
    Choices,
    Condition,
    Interval,
    Range,
    SpaceError,
    Value,
    chains,
    ends,
    is_of_numbers,
    parents_of,
)


def fitted(
    ranges: Mapping[str, Range],
    conditions: Mapping[str, Condition],
    at_most: Mapping[str, str] | None = None,
) -> Box:
    """The box of those of `ranges` that can be active, under what is left of their conditions.

    A range whose condition can no longer hold leaves, and with it those that depend on it. One that
    is at most another is made to begin where that begins, or below, and to end where that ends, or
    below.

    Raises:
        SpaceError: Conditions form a cycle.
    """
    kept = dict(ranges)
    left = {name: one for name, one in conditions.items() if name in kept}
    while True:
        narrowed = {name: one.within(kept) for name, one in left.items()}
        left = {name: one for name, one in narrowed.items() if one is not None}
        if len(left) == len(narrowed):
            bounds = {n: o for n, o in (at_most or {}).items() if n in kept and o in kept}
            return Box(_in_order(kept, bounds), left, bounds)
        kept = {name: kept[name] for name in kept if name in left or name not in narrowed}


def _in_order(ranges: Mapping[str, Range], at_most: Mapping[str, str]) -> dict[str, Range]:
    """Ranges in which chains can be in order: no end is above that of the range before it.

    So a range goes down to where that begins, however deep the trials are that the two were fitted
    to, and does without values that are above all of that.
    """
    found = dict(ranges)
    for chain in chains(at_most):
        for other, name in pairwise(chain):
            if is_of_numbers(found[name]) and is_of_numbers(found[other]):
                found[name] = _between(found[name], *ends(found[other]))
    return found


def _between(extent: Range, low: float, high: float) -> Range:
    """A range of numbers from `low` on, or as far below as it goes, to `high` at most."""
    if isinstance(extent, Choices):
        kept = [one for one in extent.options if float(one) <= high]
        if all(float(one) > low for one in kept):
            kept.append(int(low) if low == int(low) else low)
        return extent if len(kept) == len(extent.options) else Choices(tuple(kept))
    if extent.low > low:
        steps = None if extent.step is None else -((low - extent.low) // extent.step)
        begin = low if steps is None else extent.low - steps * (extent.step or 1)
        extent = replace(extent, low=begin)
    if ends(extent)[1] > high:
        past = 0 if extent.step is None else (high - extent.low) % extent.step
        extent = replace(extent, high=high - past)
    return extent


def overlaid(below: Box, above: Box) -> Box:
    """All of `below` and `above`; where both have a hyperparameter, as `above` has it."""
    conditions = {n: one for n, one in below.conditions.items() if n not in above.ranges}
    at_most = {n: one for n, one in below.at_most.items() if n not in above.ranges}
    return fitted(
        {**below.ranges, **above.ranges},
        {**conditions, **above.conditions},
        {**at_most, **above.at_most},
    )


def hull(boxes: tuple[Box, ...]) -> Box:
    """The smallest box that holds all of `boxes`.

    They must agree in names, kinds of range and conditions, as far as they can: a box may lack a
    hyperparameter that could not be active in it, values of parents that it does not have, and a
    condition that holds for all values that the parents have in it.

    Raises:
        SpaceError: The boxes differ in their hyperparameters or in their conditions, or one is an
            interval here and a list of choices there, or on a log scale here and a linear one
            there.
    """
    conditions: dict[str, Condition] = {}
    for name in dict.fromkeys(name for box in boxes for name in box.conditions):
        parents = dict.fromkeys(p for box in boxes for p in parents_of(box.conditions.get(name)))
        for box in boxes:
            one = _spelled(name, box, parents)
            if one is not None:
                conditions[name] = _either(conditions.get(name, one), one)
    at_most = {name: other for box in boxes for name, other in box.at_most.items()}
    for name in dict.fromkeys(name for box in boxes for name in box.ranges):
        _must_agree(name, boxes, conditions.get(name))
        if any(name in box.ranges and box.at_most.get(name) != at_most.get(name) for box in boxes):
            raise SpaceError(
                f"the boxes of a stage differ in what {name} is at most; give one rule"
            )
    merged: dict[str, Range] = {}
    for box in boxes:
        for name, extent in box.ranges.items():
            merged[name] = _join(name, merged[name], extent) if name in merged else extent
    return Box(_in_order(merged, at_most), conditions, at_most)


def _spelled(name: str, box: Box, parents: Iterable[str]) -> Condition | None:
    """The condition of a hyperparameter that a box has, with what holds for all of its trials.

    Args:
        name: Of the hyperparameter.
        box: One box of several.
        parents: What it depends on in any of them.
    """
    if name not in box.ranges:
        return None
    values = dict(box.conditions[name].values) if name in box.conditions else {}
    for parent in parents:
        extent = box.ranges.get(parent)
        if parent not in values and extent is not None and box.always(parent):
            values[parent] = extent.values()
    return Condition(values) if values else None


def _either(one: Condition, other: Condition) -> Condition:
    """The condition that holds where either does, if both depend on the same parents."""
    values = dict(one.values)
    for parent, more in other.values.items():
        values[parent] = tuple(dict.fromkeys([*values.get(parent, ()), *more]))
    return Condition(values)


def _must_agree(name: str, boxes: Sequence[Box], condition: Condition | None) -> None:
    """Refuses boxes that differ in whether, or when, a hyperparameter is active.

    Args:
        name: Of the hyperparameter.
        boxes: One at least has it.
        condition: Under which it is active in one of them.
    """
    for box in boxes:
        expected = condition.within(box.ranges) if condition is not None else None
        if name not in box.ranges:
            if condition is None or expected is not None:
                holder = next(one for one in boxes if name in one.ranges)
                both = sorted((box, holder), key=boxes.index)
                one, other = (", ".join(sorted(which.ranges)) for which in both)
                raise SpaceError(
                    f"the boxes of a stage need the same hyperparameters, but one has {one} and "
                    f"one {other}"
                )
        elif _sets(_spelled(name, box, parents_of(condition))) != _sets(expected):
            raise SpaceError(f"the boxes of a stage differ in when {name} is active; give one rule")


def _join(name: str, one: Range, other: Range) -> Range:
    if isinstance(one, Choices) and isinstance(other, Choices):
        return Choices(one.options + tuple(v for v in other.options if v not in one.options))
    if isinstance(one, Interval) and isinstance(other, Interval):
        if (one.log, one.step) != (other.log, other.step):
            raise SpaceError(f"the boxes of a stage differ in the scale or the step of {name}")
        return replace(one, low=min(one.low, other.low), high=max(one.high, other.high))
    raise SpaceError(f"{name} is an interval in one box and a list in another; give one kind")


def _sets(condition: Condition | None) -> dict[str, frozenset[Value]]:
    """What a condition says, apart from the order in which it says it; {} for none."""
    values = {} if condition is None else condition.values
    return {parent: frozenset(those) for parent, those in values.items()}
