"""Which trials are trained together as one stack.

Nothing here depends on the number of workers, so a plan is the same for 1 worker and for 100.
"""

from bisect import bisect_left
from collections.abc import Hashable, Sequence

from search.errors import KlayerError
from search.objective.fit import Fit

# Half of it in each of two stacks takes less time on two workers than all of it on one.
DIVISIBLE = 4
# The most that the padded widths of a cohort may come to: the weights of a network's first layer,
# 4 bytes · 3072 inputs · 800 columns, then still fit into a large cache.
WIDEST_COHORT = 800


def cohorts(
    fits: Sequence[Fit],
    largest: int,
    widest: int = WIDEST_COHORT,
    divisible: int = DIVISIBLE,
) -> tuple[tuple[int, ...], ...]:
    """Trial numbers, grouped into cohorts of trials with equal keys and similar widths.

    A stack costs its number of members times the width of the widest, to which all are padded. So
    a group of equal keys is put in order, the widest first, and cut where the most costly cohort
    costs the least. `divisible` trials or more give an even number of cohorts (8 trials of one
    width with `largest` 8 give 4 + 4, and 20 give 5 + 5 + 5 + 5): two or four workers then finish
    at about the same time. A smaller group is cut only where the limits demand it. Only where
    each cohort is a single trial may the number of cohorts be odd.

    Args:
        fits: For trial i at place i, how it fits into a stack.
        largest: The most trials of a cohort, 1 or more, where their fits do not say.
        widest: The most that a cohort of two or more may cost, where anything is padded.
        divisible: From how many trials on a group is cut for the sake of a second worker.

    Returns:
        Cohorts of trial numbers in rising order. The most costly is first, since what is begun
        last should end soon; of equal ones that with the lowest number. Each number from 0 to
        `len(fits) - 1` stands in exactly one.

    Raises:
        KlayerError: `largest` is below 1.
    """
    if largest < 1:
        raise KlayerError(f"the largest cohort must hold 1 trial or more, not {largest}")
    groups: dict[Hashable, list[int]] = {}
    for number in sorted(range(len(fits)), key=lambda n: ([-w for w in fits[n].widths], n)):
        groups.setdefault(fits[number].key, []).append(number)
    made = [
        (len(chunk) * fits[chunk[0]].width, tuple(sorted(chunk)))
        for group in groups.values()
        for chunk in _cut(
            group,
            [fits[n].width for n in group],
            fits[group[0]].most or largest,
            widest if fits[group[0]].widths else fits[group[0]].most or largest,
            divisible,
        )
    ]
    made.sort(key=lambda one: (-one[0], one[1]))
    return tuple(chunk for _, chunk in made)


def _cut(
    group: list[int], widths: list[int], largest: int, widest: int, divisible: int
) -> list[list[int]]:
    """`group`, whose `widths` fall, in as few chunks as `cohorts` allows."""
    fewest = _chunks(widths, largest, widest)
    count = max(fewest, 2 if len(group) >= divisible else 1)
    if count > 1 and count % 2 and count < len(group):
        count += 1
    # The lowest cost that no chunk need exceed: the more is allowed, the fewer chunks do.
    costs = range(widths[0], widest)
    cost = widths[0] + bisect_left(
        costs, True, key=lambda cost: _chunks(widths, largest, cost) <= count
    )
    chunks, start = [], 0
    for left in range(count, 0, -1):
        even = -(-(len(group) - start) // left)
        size = min(even, _fitting(widths[start], largest, cost))
        chunks.append(group[start : start + size])
        start += size
    return chunks


def _chunks(widths: list[int], largest: int, cost: int) -> int:
    """How few chunks of falling `widths` there can be, none of two or more above `cost`."""
    count = start = 0
    while start < len(widths):
        start += _fitting(widths[start], largest, cost)
        count += 1
    return count


def _fitting(width: int, largest: int, cost: int) -> int:
    """How many members of at most `width` units may share a chunk."""
    return max(1, min(largest, cost // width))
