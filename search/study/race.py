"""The race of the finalists: how many candidates are trained with how many fresh seeds, by rounds.

Sequential halving (Z. Karnin, T. Koren, O. Somekh, "Almost Optimal Exploration in Multi-Armed
Bandits", ICML 2013): in each round all that are left are trained with the same further seeds, and
the better half goes on. So seeds are spent where the choice is close. Rounds follow from the study
file alone, never from results: how many trainings a race costs is known before it begins.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from search.study.faults import Fault


@dataclass(frozen=True)
class Round:
    """One round.

    Attributes:
        candidates: How many are trained.
        seeds: Which of the fresh seeds they are trained with, by their numbers.
    """

    candidates: int
    seeds: range

    @property
    def trials(self) -> int:
        """How many trainings that is."""
        return self.candidates * len(self.seeds)


def rounds(candidates: int, finalists: int, seeds: int) -> tuple[Round, ...]:
    """The rounds of a race; one, with every seed, where there is nobody to drop.

    Each has about twice as many seeds as the round before, and one at least. The last is among the
    finalists, who have all seeds then.

    Args:
        candidates: How many begin, 1 or more.
        finalists: How many come to the end, 1 or more.
        seeds: With how many seeds they are trained, `fewest_seeds` at least.
    """
    counts = _counts(candidates, finalists)
    whole = 2 ** len(counts) - 1
    ends = [max(place, seeds * (2**place - 1) // whole) for place in range(len(counts))] + [seeds]
    return tuple(
        Round(count, range(ends[place], ends[place + 1])) for place, count in enumerate(counts)
    )


def fewest_seeds(candidates: int, finalists: int) -> int:
    """The fewest seeds with which each round has one."""
    return len(_counts(candidates, finalists))


def race_faults(candidates: int | None, finalists: int, seeds: int) -> Iterator[Fault]:
    """What is wrong with a race that `[final]` asks for; nothing where it asks for none."""
    if candidates is None:
        return
    if candidates <= finalists:
        right = f"give more than finalists = {finalists}, or leave it out"
        yield Fault(("candidates",), f"found {candidates}; {right}")
    elif seeds < (fewest := fewest_seeds(candidates, finalists)):
        why = f"{candidates} candidates come down to {finalists} in {fewest} rounds of a seed each"
        yield Fault(("seeds",), f"found {seeds}, but {why}; give {fewest} or more")


def _counts(candidates: int, finalists: int) -> list[int]:
    counts = [candidates]
    while counts[-1] > finalists:
        counts.append(max(finalists, -(-counts[-1] // 2)))
    return counts
