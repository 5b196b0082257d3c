"""Which trials are trained together as one stack.

Nothing here depends on the number of workers, so a plan is the same for 1 worker and for 100.
"""

import itertools
from collections.abc import Hashable, Sequence

from search.errors import KlayerError

# Half of it in each of two stacks takes less time on two workers than all of it on one.
DIVISIBLE = 4


def cohorts(keys: Sequence[Hashable], largest: int) -> tuple[tuple[int, ...], ...]:
    """Trial numbers, grouped into cohorts of trials with equal keys.

    A group of `DIVISIBLE` trials or more is cut, in order, into an even number of cohorts whose
    sizes differ by one at most (8 trials with `largest` 8 give 4 + 4, and 20 give 5 + 5 + 5 + 5):
    two or four workers then finish at about the same time. A smaller group is cut only where
    `largest` demands it. Only with `largest` 1 may the number of cohorts be odd.

    Args:
        keys: For trial i at place i, what must be equal for trials to share a stack.
        largest: The most trials of a cohort, 1 or more.

    Returns:
        Cohorts of trial numbers in rising order, themselves in the order of their first trial;
        each number from 0 to `len(keys) - 1` stands in exactly one.

    Raises:
        KlayerError: `largest` is below 1.
    """
    if largest < 1:
        raise KlayerError(f"the largest cohort must hold 1 trial or more, not {largest}")
    groups: dict[Hashable, list[int]] = {}
    for number, key in enumerate(keys):
        groups.setdefault(key, []).append(number)
    return tuple(sorted(chunk for group in groups.values() for chunk in _cut(group, largest)))


def _cut(group: Sequence[int], largest: int) -> list[tuple[int, ...]]:
    """`group` in as few chunks as `cohorts` allows, larger chunks first."""
    count = max(-(-len(group) // largest), 2 if len(group) >= DIVISIBLE else 1)
    if count > 1 and count % 2 and count < len(group):
        count += 1
    size, rest = divmod(len(group), count)
    starts = [i * size + min(i, rest) for i in range(count + 1)]
    return [tuple(group[start:stop]) for start, stop in itertools.pairwise(starts)]
