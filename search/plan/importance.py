"""How much each hyperparameter decided who was among the best, by PED-ANOVA.

S. Watanabe, A. Bansal, F. Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in
Arbitrary Subspaces" (2023), as Optuna computes it. Optuna is imported only when it is needed.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from search.objective.metric import Direction
from search.plan.samplers import distributions
from search.plan.trial import Trial
from search.space.space import Box

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

_LEAST = 4  # valued trials; of fewer nothing can be said


def importances(results: Sequence[Trial], box: Box, direction: Direction) -> Mapping[str, float]:
    """The share of each hyperparameter in being among the best tenth, largest first; they sum to 1.

    Trials that halving dropped and trials without a value count for nothing, nor do points outside
    the box. What has one value only is left out, and so are hyperparameters with a condition: PED-
    ANOVA compares trials that all have a value.

    Args:
        results: Of one stage.
        box: What all of its trials were drawn from; where there were several boxes, their hull.
        direction: Whether smaller or larger values are the better ones.

    Returns:
        Nothing for fewer than four such trials, for fewer than two hyperparameters of which more
        than one value can be had, and where all did equally well.
    """
    valued = [
        one
        for one in results
        if one.value is not None and one.pruned_after is None and box.contains(one.parameters)
    ]
    if len(valued) < _LEAST or len({one.value for one in valued}) == 1:
        return {}
    space = {
        name: one
        for name, one in distributions((box,)).items()
        if not one.single() and name not in box.conditions
    }
    if len(space) < 2:
        return {}
    from optuna.importance import PedAnovaImportanceEvaluator

    told = _told([_frozen(place, one, space) for place, one in enumerate(valued)], direction)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of stages with few trials
        found = PedAnovaImportanceEvaluator().evaluate(told, params=list(space))
    total = sum(found.values())
    return {name: share / total for name, share in found.items()} if total > 0 else {}


def _frozen(place: int, result: Trial, space: "dict[str, BaseDistribution]") -> "FrozenTrial":
    from optuna.trial import FrozenTrial, TrialState

    return FrozenTrial(
        number=place,
        trial_id=place,
        state=TrialState.COMPLETE,
        value=result.value,
        datetime_start=None,
        datetime_complete=None,
        params={name: result.parameters[name] for name in space},
        distributions=space,
        user_attrs={},
        system_attrs={},
        intermediate_values={},
    )


def _told(trials: "list[FrozenTrial]", direction: Direction) -> "Study":
    """A study of these trials.

    A storage in memory would copy each of them to its depth: seconds for 10,000.
    """
    from optuna import Study, create_study, logging
    from optuna.storages import InMemoryStorage

    class Told(Study):
        def get_trials(self, *_: Any, **__: Any) -> "list[FrozenTrial]":
            return list(trials)

    storage, level = InMemoryStorage(), logging.get_verbosity()
    logging.set_verbosity(max(level, logging.WARNING))
    try:
        create_study(storage=storage, study_name="told", direction=direction)
    finally:
        logging.set_verbosity(level)
    return Told("told", storage)
