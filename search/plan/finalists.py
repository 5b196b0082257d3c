"""Who is run again over fresh seeds, and who wins that."""

from collections.abc import Iterable, Mapping, Sequence

from search.errors import KlayerError
from search.plan.ranking import Spread
from search.plan.results import Result, ranked


def finalists(results: Iterable[Result], count: int) -> list[Result]:
    """The `count` best configurations over all stages, best first, each with its best trial.

    Trials of equal parameters are one configuration. Ties are settled as in `ranked`. Trials that
    halving dropped are none. There are fewer than `count` where fewer configurations have a value.

    Raises:
        KlayerError: `count` is below 1, or no trial has a value.
    """
    if count < 1:
        raise KlayerError(f"the number of finalists must be 1 or more, not {count}")
    given = [result for result in results if result.pruned_after is None]
    best: dict[frozenset[tuple[str, object]], Result] = {}
    for result in ranked(given):
        best.setdefault(frozenset(result.parameters.items()), result)
    if not best:
        raise KlayerError(
            f"there is no finalist: none of the {len(given)} trials that were trained to their end "
            "has a value, all diverged; search a range of lower learning rates"
        )
    return list(best.values())[:count]


def winner(reruns: Mapping[int, Sequence[float | None]]) -> int:
    """The finalist with the best mean over its seeds.

    One with a diverged seed ranks below all without; of two such, the one of which a smaller share
    of seeds diverged is the better, then the one with the better mean over the rest. Ties go to the
    lower index.

    Args:
        reruns: For each finalist's index one value a seed, None where the training diverged.

    Raises:
        KlayerError: No finalist has a value.
    """
    spreads = {index: Spread.of(values) for index, values in reruns.items()}
    means = {i: spread.mean for i, spread in spreads.items() if spread.mean is not None}
    if not means:
        raise KlayerError(
            f"there is no winner: each re-run of the {len(reruns)} finalists diverged; search a "
            "range of lower learning rates"
        )

    def rank(index: int) -> tuple[float, float, int]:
        values = spreads[index].values
        return values.count(None) / len(values), -means[index], index

    return min(means, key=rank)
