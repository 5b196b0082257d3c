"""The searches that a row of results needs: of each study one, or one a seed, or rehearsals."""

from collections.abc import Sequence

from search.reproduce.published_tables import Published
from search.reproduce.quick import quick
from search.study.file import Study, study_of


def searches_of(
    study: Study, rows: Sequence[Published], seeds: int, *, rehearsed: bool
) -> tuple[Study, ...]:
    """The study as it is run: with its own seed s, then as NAME-seed-2 with s + 1, and so on.

    Args:
        study: As its file has it.
        rows: The published figures of the file.
        seeds: How many seeds.
        rehearsed: Whether each is made small, and run on the embedded digits.
    """
    first = quick(study, rows) if rehearsed else study
    others = (
        study_of(
            first.canonical()
            | {"name": f"{first.name}-seed-{place}", "seed": first.seed + place - 1}
        )
        for place in range(2, seeds + 1)
    )
    return (first, *others)
