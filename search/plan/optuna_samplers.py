"""Optuna's samplers, asked for points through a study in memory that lives for one call."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, QMCSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from search.objective.metric import Direction
from search.plan.trial import Trial
from search.space.space import Point


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


def ask_tpe(
    space: Mapping[str, BaseDistribution],
    told: Sequence[Trial],
    count: int,
    seed: int,
    direction: Direction,
    trained: Callable[[Point], Point] | None = None,
) -> list[dict[str, Any]]:
    """`count` points of the space from TPE, which models all hyperparameters together.

    In a space with conditions it models those together that occur together in trials. Each point
    still has a value for every name; the caller makes of it what is trained.

    It is told how trials rank as `search.plan.ranking` ranks them: trials that halving
    dropped stand behind all that were trained to their end, those that were trained for longer
    first; those that diverged stand last. A point that is asked for counts as a bad one for those
    asked for after it, so that they keep apart.

    Args:
        space: The distribution of each hyperparameter.
        told: Finished trials of this space, one or more; later ones weigh more where there are
            many.
        count: How many points, 0 or more.
        seed: As for `ask`.
        direction: Whether smaller or larger values are the better ones.
        trained: What is trained of a point; None where that is the point itself.
    """
    with _quiet():
        # Start points come from elsewhere.
        sampler = TPESampler(
            multivariate=True,
            group=trained is not None,
            constant_liar=True,
            n_startup_trials=1,
            seed=seed % 2**32,
        )
        study = optuna.create_study(direction=direction, sampler=sampler)
        study.add_trials([_told(result, space) for result in told])
        points = []
        for _ in range(count):
            trial = study.ask(dict(space))
            points.append(trial.params)
            if trained is not None:
                # Values that were drawn and are never tried are not bad ones.
                study.tell(trial, state=TrialState.FAIL)
                study.add_trial(_running(trained(trial.params), space))
        return points


def _running(point: Point, space: Mapping[str, BaseDistribution]) -> FrozenTrial:
    """A trial that has been asked for and has no value yet."""
    return create_trial(
        state=TrialState.RUNNING, params=dict(point), distributions=_those_of(point, space)
    )


def _those_of(point: Point, space: Mapping[str, BaseDistribution]) -> dict[str, BaseDistribution]:
    return {name: one for name, one in space.items() if name in point}


def _told(result: Trial, space: Mapping[str, BaseDistribution]) -> FrozenTrial:
    """A finished trial as Optuna's TPE ranks it, as its `_split_trials` shows.

    A pruned trial goes by its last step, then by its value there, behind all complete ones; one
    without any value stands behind those.
    """
    dropped = result.value is None or result.pruned_after is not None
    reached = {} if result.value is None else {result.pruned_after or 0: result.value}
    return create_trial(
        state=TrialState.PRUNED if dropped else TrialState.COMPLETE,
        value=None if dropped else result.value,
        params=dict(result.parameters),
        distributions=_those_of(result.parameters, space),
        intermediate_values=reached if dropped else None,
    )


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
