"""Optuna's samplers, asked for points through a study in memory that lives for one call."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, QMCSampler, RandomSampler


def ask(
    sampler: Literal["random", "sobol"],
    space: Mapping[str, BaseDistribution],
    count: int,
    seed: int,
) -> list[dict[str, Any]]:
    """`count` points of the space, each a value for every name.

    Args:
        sampler: Which sampler.
        space: The distribution of each hyperparameter.
        count: How many points, 0 or more.
        seed: 0 or more; NumPy's legacy generator, which Optuna seeds, takes 32 bits of it.
    """
    seed %= 2**32
    source: BaseSampler
    with _quiet():
        source = RandomSampler(seed) if sampler == "random" else _Sobol(space, seed)
        study = optuna.create_study(sampler=source)
        return [study.ask(dict(space)).params for _ in range(count)]


class _Sobol(QMCSampler):
    """A scrambled Sobol sequence from the first trial on.

    Optuna's own takes the first trial at random, since it learns the search space from it; ours is
    told the space. A range of one value takes no dimension of the sequence.
    """

    def __init__(self, space: Mapping[str, BaseDistribution], seed: int) -> None:
        super().__init__(scramble=True, seed=seed)
        self._space = {name: one for name, one in space.items() if not one.single()}

    def infer_relative_search_space(
        self,
        study: optuna.Study,  # noqa: ARG002 (Optuna's signature)
        trial: optuna.trial.FrozenTrial,  # noqa: ARG002
    ) -> dict[str, BaseDistribution]:
        return dict(self._space)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps Optuna from announcing its studies and experimental parts; puts back what was set."""
    level = optuna.logging.get_verbosity()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        optuna.logging.set_verbosity(max(level, optuna.logging.WARNING))
        try:
            yield
        finally:
            optuna.logging.set_verbosity(level)
