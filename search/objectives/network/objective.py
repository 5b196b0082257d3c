"""The k-layer network as an objective: what a study file declares of it, and what follows."""

from collections.abc import Mapping, Sequence
from typing import Any

from search.objective.report import Finding
from search.objectives.network.findings import findings, measured
from search.objectives.network.metrics import METRICS, SCORE, TEST
from search.space.hyperparameters import Number
from search.study import searchable

_TITLES = {
    "learning_rate": "learning rate η",
    "learning_rate_min": "least learning rate η",
    "weight_decay": "weight decay λ",
    "init_sigma": "initial σ",
    "batch_norm": "batch normalisation",
}


class _Registry:
    """The names of hyperparameters for people."""

    def find(self, name: str) -> Number | None:
        """The hyperparameter of this name; None if there is none."""
        layer = searchable.layer_of(name)
        if layer is not None:
            return Number(name, title=f"width of layer {layer} (units)")
        known = name in searchable.REGISTRY
        return Number(name, title=_TITLES.get(name, "")) if known else None

    def names(self) -> Sequence[str]:
        """The names of all."""
        return searchable.names()


class NetworkObjective:
    """What is measured and ranked of a network.

    Args:
        study: What its sections say.
    """

    kind = "network"
    step = "epoch"
    metrics = METRICS
    score = SCORE
    evaluation = TEST
    units = ("epochs", "cycles")
    evaluates = True
    registry = _Registry()
    plots = "search.objectives.network.views.plots"
    usual_order = ("learning_rate", "weight_decay")
    advice = "Search a range of lower learning rates."

    def __init__(self, study: Any) -> None:
        self._study = study

    def steps(self, training: Any) -> float:
        """How long a training is, in epochs."""
        rows = self._study.data.rows
        epochs: float = training.schedule.total_epochs(rows, training.batch_size)
        return epochs

    def about(self) -> Sequence[tuple[str, str]]:
        """The data and the network."""
        data = self._study.data
        widths = "-".join(map(str, self._study.network.widths)) or "no hidden layer"
        count = f"{data.rows:,} training and {data.validation:,} validation images"
        return ((data.source, f"{count}; {widths}"),)

    def measured(self, training: Any, steps: int) -> str:
        """How a trial's score is measured."""
        return measured(training.score, steps)

    def findings(self, result: Mapping[str, Any]) -> Sequence[Finding]:
        """What the test images said."""
        return findings(result)
