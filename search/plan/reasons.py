"""The words that explain a zoom: which trials it is drawn from, and why each range moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.objective.port import Objective
from search.plan.bounds import Bound, Bounds
from search.plan.trial import Trial
from search.runtime.formatting import plural
from search.space.space import Box, Choices, Interval, Range
from search.study.zoom_rules import DecadesZoom, QuantileZoom

# On a range's own scale; what lies nearer was not cut but rounded.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Move:
    """All that is told of one range's move.

    Attributes:
        name: The hyperparameter.
        old: The range as it was.
        new: The range as it is.
        values: The hyperparameter's values in the best trials that have it, the best first.
        having: Those trials in words; of a zoom on the best alone, which other trial it is, if any.
        low: Where the rule alone would begin the range, on its own scale.
        high: Where the rule alone would end it, on its own scale.
        room: What bounded it.
    """

    name: str
    old: Interval
    new: Interval
    values: tuple[float, ...]
    having: str
    low: float
    high: float
    room: Bounds


def heading(leaders: Sequence[Trial], scored: Sequence[Trial], objective: Objective) -> str:
    """The line on the trials: `leaders`, best first, out of all that have a value."""
    best, *others = leaders
    trials = f"{len(scored)} trial{'s' if len(scored) > 1 else ''}"
    pruned = sum(result.pruned_after is not None for result in scored)
    if pruned:
        trials += f", of which {pruned} pruned"
    if not others:
        return f"best of {trials}: {_named(best, objective)}"
    named = f"{_named(best, objective)} to {_named(others[-1], objective)}"
    return f"best {len(leaders)} of {trials}: {named}"


def having_it(count: int, leaders: int) -> str:
    """The best trials that have a hyperparameter, in words: `count` of the `leaders` best."""
    if count == leaders:
        return f"best {leaders}"
    return f"{count} of the best {leaders} that {'has' if count == 1 else 'have'} it"


def instead(trial: Trial) -> str:
    """The trial that a range is zoomed round, in words, where the best lacks the hyperparameter."""
    return f" of {trial.stage} #{trial.number}, the best trial that has it"


def kept_reason(name: str, old: Range, best: int) -> str:
    """The line on a range that stays as it was, since none of the `best` trials has it."""
    extent = _range(old) if isinstance(old, Interval) else old.listed
    among = f"none of the best {best} has it" if best > 1 else "the only trial lacks it"
    return f"{name}: {extent}: kept: {among}"


def left_out(before: Box, after: Box) -> list[str]:
    """The lines on hyperparameters that a box has lost, since they could never be active now."""
    return [
        f"{name}: left out: it is searched only where {before.conditions[name]}"
        for name in before.ranges
        if name not in after.ranges
    ]


def put_in_order(ranges: Mapping[str, Range], after: Box) -> list[str]:
    """The lines on ranges that are others in a box, so that values can be in order."""
    return [
        f"{name}: → {extent}: since it is at most {after.at_most[name]}"
        for name, extent in after.ranges.items()
        if extent != ranges[name]
    ]


def list_reason(name: str, old: Choices, kept: Choices, having: str) -> str:
    """The line on a list of choices."""
    before, after = old.listed, kept.listed
    if kept == old:
        return f"{name}: {after}: all kept"
    return f"{name}: {before} → {after}: what occurs among the {having}"


def interval_reason(rule: DecadesZoom | QuantileZoom, move: Move) -> str:
    """The line on a range of numbers."""
    notes = [
        *_notes(move, move.room.low, "low"),
        *_notes(move, move.room.high, "high"),
    ]
    arrow = f"{move.name}: {_range(move.old)} → {_range(move.new)}"
    return f"{arrow}: {', '.join([_rule_said(rule, move), *notes])}"


def _rule_said(rule: DecadesZoom | QuantileZoom, move: Move) -> str:
    old, values = move.old, move.values
    if isinstance(rule, DecadesZoom):
        best = f"{_number(old, values[0])}{move.having}"
        if old.log:
            return f"± {rule.decades:.4g} decade{'s' if rule.decades > 1 else ''} round {best}"
        return f"± {rule.share:.4g} of the old length round {best}"
    low, high = min(values), max(values)
    if low == high:
        return f"{_number(old, low)} in the {move.having}, and 5 % of the old length"
    spanned = f"{_number(old, low)} to {_number(old, high)} spanned by the {move.having}"
    return f"{spanned}, and a margin of {rule.margin:.4g} of that"


def _notes(move: Move, bound: Bound, end: str) -> list[str]:
    """What happened at one end of the range: it passed the old edge, or was cut, or both."""
    old, low = move.old, end == "low"
    before, after = (old.low, move.new.low) if low else (old.high, move.new.high)
    outside = old.scaled(bound.value) - move.low if low else move.high - old.scaled(bound.value)
    notes = []
    if bound.on_edge and (after < before if low else after > before):
        notes.append(f"past the old {end} edge {_number(old, before)}, as the best lies on it")
    if outside > _ROUNDING:
        what = "limit" if bound.is_limit else "old edge"
        notes.append(f"cut at the {what} {_number(old, bound.value)}")
    return notes


def _named(result: Trial, objective: Objective) -> str:
    value = objective.score.text(result.value)
    if result.pruned_after is not None:
        value += f", pruned after {plural(result.pruned_after, objective.step)}"
    return f"{result.stage} #{result.number} ({value})"


def _range(extent: Interval) -> str:
    return f"[{_number(extent, extent.low)}, {_number(extent, extent.high)}]"


def _number(extent: Interval, value: float) -> str:
    """Four significant digits; whole numbers in full."""
    return str(int(value)) if extent.step is not None else f"{value:.4g}"
