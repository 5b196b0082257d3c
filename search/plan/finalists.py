"""Which configurations are run again over fresh seeds, and which of them wins."""

from collections.abc import Iterable, Mapping, Sequence

from search.errors import KlayerError
from search.objective.port import Objective
from search.plan.ranking import Ranking
from search.plan.trial import Trial


def finalists(results: Iterable[Trial], count: int, objective: Objective) -> list[Trial]:
    """The `count` best configurations over all stages, best first, each with its best trial.

    Trials of equal parameters are one configuration; a point has only those that are active. Ties
    are settled as in `Ranking.ranked`. Trials that halving dropped are none. There are fewer than
    `count` where fewer configurations have a value.

    Raises:
        KlayerError: `count` is below 1, or no trial has a value.
    """
    if count < 1:
        raise KlayerError(f"the number of finalists must be 1 or more, not {count}")
    given = [result for result in results if result.pruned_after is None]
    best: dict[frozenset[tuple[str, object]], Trial] = {}
    for result in Ranking(objective.score.direction).ranked(given):
        best.setdefault(frozenset(result.parameters.items()), result)
    if not best:
        raise KlayerError(
            f"there is no finalist: none of the {len(given)} trials that were trained to their end "
            f"has a value, all diverged or failed; {objective.advice}"
        )
    return list(best.values())[:count]


def winner(seeds: Mapping[int, Sequence[float | None]], objective: Objective) -> int:
    """The finalist that wins over its seeds, as `Ranking.winner` has it.

    Args:
        seeds: For each finalist's index one value a seed, None where the training has none.
        objective: What was trained.

    Raises:
        KlayerError: No finalist has a value.
    """
    best = Ranking(objective.score.direction).winner(seeds)
    if best is None:
        raise KlayerError(
            f"there is no winner: each re-run of the {len(seeds)} finalists diverged or failed; "
            f"{objective.advice}"
        )
    return best
