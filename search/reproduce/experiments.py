"""The experiments that ship: which study files stand for which, and which were asked for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.errors import KlayerError
from search.reproduce.published import experiments
from search.reproduce.published_tables import GradientCheck, Published
from search.study.file import Study
from search.study.reading import shipped


@dataclass(frozen=True)
class Experiment:
    """A study file, and what was published of it.

    Attributes:
        study: As the file has it.
        published: Its rows of the table of results, as far as they were asked for.
        checks: Its gradient checks, likewise.
        listed: All its rows, on which its rehearsal depends.
    """

    study: Study
    published: tuple[Published, ...]
    checks: tuple[GradientCheck, ...]
    listed: tuple[Published, ...]

    @property
    def ids(self) -> set[str]:
        """The experiments that it stands for."""
        return {row.id for row in self.published} | {check.id for check in self.checks}


def all_experiments() -> tuple[Experiment, ...]:
    """Every shipped study file of which something was published, in the order of the experiments.

    Raises:
        StudyFileError: One of the files is not valid.
    """
    found = []
    for one in shipped():
        told = experiments(one.name)
        if told.published or told.checks:
            rows = told.published
            found.append(Experiment(told.study, rows, told.checks, rows))
    return tuple(sorted(found, key=lambda one: (min(map(order, one.ids)), one.study.name)))


def asked_for(ids: Sequence[str], known: Sequence[Experiment]) -> tuple[Experiment, ...]:
    """Those experiments with only what was asked for of them; all without an id.

    Args:
        ids: Such as B1, in any order; lower case will do.
        known: All there are.

    Raises:
        KlayerError: An id is not known; the message names all that are.
    """
    wanted = {one.upper() for one in ids}
    there = sorted({known_id for one in known for known_id in one.ids}, key=order)
    for one in ids:
        if one.upper() not in there:
            raise KlayerError(f"{one}: no experiment of this name; there is {', '.join(there)}")
    if not wanted:
        return tuple(known)
    narrowed = (
        replace(
            one,
            published=tuple(row for row in one.published if row.id in wanted),
            checks=tuple(check for check in one.checks if check.id in wanted),
        )
        for one in known
    )
    return tuple(one for one in narrowed if one.published or one.checks)


def order(experiment: str) -> tuple[str, int]:
    """Where an experiment stands in the list: by letter, then by number."""
    match = re.fullmatch(r"([A-Z])([0-9]+)", experiment)
    return (match[1], int(match[2])) if match else (experiment, 0)
