"""The zoom: the box of a stage, from the trials of earlier stages, with the reason in words.

- `decades`: a range of a fixed length round the best trial, from the box of that trial.
- `quantile`: the range that the best trials span and a margin, from the hull of all trials' boxes.

Both stay inside the old range, except past an edge on which the best trial lies (see `bounds`).
Trials that halving dropped count behind all that were not (see `Ranking.ranked`). Trials without a
value count for nothing, and neither does the order in which trials are given. A hyperparameter with
a condition is zoomed by the trials that have it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.errors import KlayerError
from search.objective.port import Objective
from search.plan.bounds import bounds, length, settled, within
from search.plan.ranking import Ranking
from search.plan.reasons import (
    Move,
    having_it,
    heading,
    instead,
    interval_reason,
    kept_reason,
    left_out,
    list_reason,
    put_in_order,
)
from search.plan.trial import Trial
from search.space.joining import fitted, hull
from search.space.space import Box, Choices, Interval, Range, SpaceError
from search.study.zoom_rules import DecadesZoom, Limits, QuantileZoom

# Past an edge on which the best lies, a quantile's range goes on by this share of what the best
# trials span: nothing was seen there, so a margin of 0 would leave the optimum outside for good.
_PAST_SPAN = 0.25
# The least margin where the best trials agree in a value, and the least way past an edge, as a
# share of the old range's length: what one value spans would otherwise be nothing.
_LEAST = 0.05


@dataclass(frozen=True)
class Zoomed:
    """A stage's box, and why each range is what it is: a line on the trials, one a range."""

    box: Box
    sentence: str


def zoom(
    rule: DecadesZoom | QuantileZoom,
    results: Sequence[Trial],
    natural: Mapping[str, Limits],
    objective: Objective,
) -> Zoomed:
    """The box that follows by `rule` from finished trials.

    With x the best trial's value, L the length of the old range, both on the range's own scale:

    - `decades`: from x - r to x + r, where r is `decades` on a log scale, `share` × L on a linear
      one. A list of choices stays as it is.
    - `quantile`: the best ⌈`quantile` × n⌉ of n trials, at least 2 where there are 2, span the
      range; `margin` × span is added at either end, or 5 % of L where the span is nothing. At an
      edge on which the best lies the range passes the old end by `margin` × span, a quarter of
      the span or 5 % of L, whichever is the most. Of a list, the choices that occur stay.

    A hyperparameter with a condition is zoomed round the best trial that has it, from the box of
    that, or by those of the best that have it. Where none has it, it stays as it was; where its
    parents have no value left under which it would be active, it leaves the box.

    Whole numbers are rounded outwards to steps counted from the best. Limits are never crossed,
    whichever other rule they break, but by a range that stays as it was. Of equally good
    trials that of the source named first, then the lower number is the best.

    Args:
        rule: Rule, edge and limits, from the study file.
        results: Finished trials of the stages that the rule reads.
        natural: The hyperparameters' own limits; a range may end on one, so an open one is given
            as the nearest permitted number. They hold as well as the rule's limits.
        objective: What was trained; by its score trials rank.

    Raises:
        KlayerError: No trial has a value, limits leave no value, or a quantile is asked of stages
            whose boxes have no hull.
    """
    order = {stage: place for place, stage in enumerate(rule.sources)}
    scored = Ranking(objective.score.direction).ranked(
        sorted(results, key=lambda r: (order.get(r.stage, len(order)), r.stage, r.number))
    )
    if not scored:
        raise _no_values(rule, results, objective)
    if isinstance(rule, DecadesZoom):
        leaders, old = scored[:1], scored[0].box
    else:
        leaders, old = scored[: _share(rule.quantile, len(scored))], _common_box(scored)
    ranges: dict[str, Range] = {}
    reasons: dict[str, str] = {}
    for name, extent in old.ranges.items():
        limits = [one[name] for one in (rule.limits, natural) if name in one]
        pool = scored if isinstance(rule, DecadesZoom) else leaders
        ranges[name], reasons[name] = _new_range(rule, name, extent, pool, limits)
    box = fitted(ranges, old.conditions, old.at_most)
    lines = [reason for name, reason in reasons.items() if name in box.ranges]
    lines += [*put_in_order(ranges, box), *left_out(old, box)]
    return Zoomed(box, "\n".join([heading(leaders, scored, objective), *lines]))


def _new_range(
    rule: DecadesZoom | QuantileZoom,
    name: str,
    old: Range,
    pool: Sequence[Trial],
    limits: Sequence[Limits],
) -> tuple[Range, str]:
    """The range that follows from those of the trials in `pool`, best first, that have a value."""
    having = [trial for trial in pool if name in trial.parameters]
    if not having:
        return old, kept_reason(name, old, len(pool))
    if isinstance(rule, QuantileZoom):
        return _moved(rule, name, old, having, having_it(len(having), len(pool)), limits)
    best = having[0]
    said = "" if best is pool[0] else instead(best)
    return _moved(rule, name, best.box.ranges[name], having[:1], said, limits)


def _moved(
    rule: DecadesZoom | QuantileZoom,
    name: str,
    old: Range,
    leaders: Sequence[Trial],
    said: str,
    limits: Sequence[Limits],
) -> tuple[Range, str]:
    """How one range moves, and why.

    Args:
        rule: Of the zoom.
        name: Of the hyperparameter.
        old: Its range.
        leaders: The trials that it is zoomed by, best first; all have it.
        said: Those trials in words.
        limits: What the range keeps to.
    """
    values = [leader.parameters[name] for leader in leaders]
    if isinstance(old, Choices):
        new_list = old
        if isinstance(rule, QuantileZoom):
            new_list = Choices(tuple(option for option in old.options if option in values))
        return new_list, list_reason(name, old, new_list, said)
    numbers = [float(value) for value in values]
    room = bounds(name, old, numbers[0], rule.edge, limits)
    kept = [settled(name, old, number, room) for number in numbers]
    inside = [old.scaled(number) for number in kept]
    reach, past = _reach(rule, old, max(inside) - min(inside))
    low, high = min(inside) - reach, max(inside) + reach
    if past is not None and room.low.on_edge:
        low = min(low, old.scaled(old.low) - past)
    if past is not None and room.high.on_edge:
        high = max(high, old.scaled(old.high) + past)
    new = within(old, kept, low, high, room)
    return new, interval_reason(rule, Move(name, old, new, tuple(numbers), said, low, high, room))


def _reach(
    rule: DecadesZoom | QuantileZoom, old: Interval, span: float
) -> tuple[float, float | None]:
    """On the own scale: what is added to either end of `span`, and the least way past an edge."""
    if isinstance(rule, DecadesZoom):
        return (rule.decades if old.log else rule.share * length(old)), None
    least = _LEAST * length(old)
    reach = rule.margin * span if span > 0 else least
    return reach, max(reach, _PAST_SPAN * span, least)


def _share(quantile: float, count: int) -> int:
    """⌈quantile × count⌉, at least 2 and at most `count`."""
    # 0.1 × 30 is 3.0000000000000004, and means 3.
    return min(max(math.ceil(quantile * count - 1e-9), 2), count)


def _common_box(results: Sequence[Trial]) -> Box:
    try:
        return hull(tuple(dict.fromkeys(result.box for result in results)))
    except SpaceError as error:
        stages = ", ".join(dict.fromkeys(result.stage for result in results))
        raise KlayerError(
            f"the trials of {stages} cannot be zoomed together: {error}; let the zoom read "
            "stages that search the same ranges of the same hyperparameters"
        ) from error


def _no_values(
    rule: DecadesZoom | QuantileZoom, results: Sequence[Trial], objective: Objective
) -> KlayerError:
    names = ", ".join(rule.sources or sorted({result.stage for result in results}))
    return KlayerError(
        f"cannot zoom from {names or 'no stage'}: none of the {len(results)} finished trials has a "
        f"value, all diverged or failed; {objective.advice} there, or give the next stage a box of "
        "its own"
    )
