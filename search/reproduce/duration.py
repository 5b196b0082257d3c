"""How long a search was trained, as its ledger tells: pauses between its runs do not count."""

from collections.abc import Iterable


def seconds_at_work(spans: Iterable[tuple[float, float]]) -> float:
    """The time in which at least one worker trained.

    Args:
        spans: When each cohort was claimed and handed in, in seconds.
    """
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total
