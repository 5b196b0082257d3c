"""How much each hyperparameter decided who was among the best, by PED-ANOVA.

S. Watanabe, A. Bansal, F. Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in
Arbitrary Subspaces" (2023), as Optuna computes it. Optuna is imported only by who asks.
"""

import warnings
from collections.abc import Mapping, Sequence

from search.plan.results import Result
from search.plan.samplers import distributions
from search.study.space import Box

_LEAST = 4  # valued trials; of fewer nothing can be said


def importances(results: Sequence[Result], box: Box) -> Mapping[str, float]:
    """The share of each hyperparameter in being among the best tenth, largest first; they sum to 1.

    Trials that halving dropped and trials without a value count for nothing, nor do points outside
    the box. What has one value only is left out.

    Args:
        results: Of one stage.
        box: What all of its trials were drawn from; where there were several boxes, their hull.

    Returns:
        Nothing for fewer than four such trials, for fewer than two hyperparameters of which more
        than one value can be had, and where all did equally well.
    """
    space = {name: one for name, one in distributions((box,)).items() if not one.single()}
    valued = [
        one
        for one in results
        if one.value is not None and one.pruned_after is None and box.contains(one.parameters)
    ]
    if len(valued) < _LEAST or len(space) < 2 or len({one.value for one in valued}) == 1:
        return {}
    from optuna import create_study, logging
    from optuna.importance import PedAnovaImportanceEvaluator
    from optuna.trial import create_trial

    level = logging.get_verbosity()
    logging.set_verbosity(max(level, logging.WARNING))
    try:
        study = create_study(direction="maximize")
        study.add_trials(
            [
                create_trial(
                    value=one.value,
                    params={name: one.parameters[name] for name in space},
                    distributions=dict(space),
                )
                for one in sorted(valued, key=lambda one: one.number)
            ]
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of stages with few trials
            found = PedAnovaImportanceEvaluator().evaluate(study, params=list(space))
    finally:
        logging.set_verbosity(level)
    total = sum(found.values())
    return {name: share / total for name, share in found.items()} if total > 0 else {}
