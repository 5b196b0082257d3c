"""The gradient checks of the experiments, as published: the same layers, batches, λ, difference."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from search.objectives.network.data import open_data
from search.objectives.network.measuring import check_gradients
from search.objectives.network.objective import NetworkObjective
from search.reproduce.published_tables import GradientCheck
from search.study.file import Study

PARAMETERS = ("weights", "bias", "gamma", "beta")
MOST_ROWS = 20  # of a rehearsal


@dataclass(frozen=True)
class CheckRow:
    """One gradient check: the worst relative errors that were published, and ours.

    Attributes:
        check: As the study file has it.
        ours: The worst error of each kind of parameter, over all layers; infinite where a gradient
            is no number. None before it ran.
    """

    check: GradientCheck
    ours: Mapping[str, float] | None

    @property
    def within(self) -> bool | None:
        """Whether all that were published were compared, and ours are at most those.

        None before it ran.
        """
        if self.ours is None:
            return None
        return all(
            self.ours.get(name, math.inf) <= error for name, error in self.check.published.items()
        )


def run_check(check: GradientCheck, study: Study, data_folder: Path | None) -> CheckRow:
    """Compare the gradients of a check's network with finite differences.

    Args:
        check: What to check.
        study: Of the same file; its network with the check's keys, and its images.
        data_folder: Where the data set's files lie; None for the cache.

    Raises:
        KlayerError: The images are missing, or are fewer than the check asks for.
    """
    whole: NetworkObjective = study.objective
    training = whole.training.model_copy(update={"weight_decay": check.weight_decay})
    checked = replace(whole, network=check.network_of(whole.network), training=training)
    data = open_data(whole, study.seed, data_folder)
    found = check_gradients(
        checked,
        study.seed,
        data,
        check.rows,
        check.inputs,
        check.difference,
        check.step,
        check.smallest,
    )
    worst: dict[str, float] = {}
    for one in found:
        if one.checked:
            error = one.worst if math.isfinite(one.worst) else math.inf
            worst[one.parameter] = max(worst.get(one.parameter, 0.0), error)
    return CheckRow(check, worst)


def quick_check(check: GradientCheck, inputs: int) -> GradientCheck:
    """The check on fewer images, of no more than `inputs` inputs: for a rehearsal."""
    fewer = None if check.inputs is None else min(check.inputs, inputs)
    return check.model_copy(update={"inputs": fewer, "rows": min(check.rows, MOST_ROWS)})
