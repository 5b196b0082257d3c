"""The k-layer network as an objective: what a study file declares of it, and what follows."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from search.objective.fit import Fit
from search.objective.metric import Metric
from search.objective.report import Finding
from search.objectives.network.data_section import DataSection
from search.objectives.network.facts import Facts
from search.objectives.network.findings import findings, measured
from search.objectives.network.metrics import MEASURED, Score, metric_of, metrics_of
from search.objectives.network.registry import LAYERS, NetworkRegistry, bounds
from search.objectives.network.schedules import steps_per_epoch
from search.objectives.network.sections import NetworkSection, TrainingSection
from search.space.space import Point, Range

TrainOn = Literal["training", "training+validation"]


@dataclass(frozen=True)
class NetworkObjective:
    """A network and its data.

    Attributes:
        data: Which images.
        facts: Their sizes.
        network: The network, where a stage does not search it.
        training: One training, where a stage says nothing else.
        train_on: The images that the winner is trained on at last.
        ensemble: Whether ensembles of snapshots and of finalists are reported.
        named_score: The score that the study file names; None for the task's own.
        base: The folder of the study file, from which the path of a table of the user's own starts.
            It is no part of what was asked for.
        classes: The names of the classes of data of the user's own, where these were looked at;
            likewise.
        repeated: Whether a stage trains its trials with several seeds each.
    """

    data: DataSection
    facts: Facts
    network: NetworkSection
    training: TrainingSection
    train_on: TrainOn = "training"
    ensemble: bool = True
    named_score: Score | None = None
    base: str = field(default="", compare=False)
    classes: tuple[str, ...] = field(default=(), compare=False)
    repeated: bool = False

    kind: ClassVar[str] = "network"
    step: ClassVar[str] = "epoch"
    units: ClassVar[tuple[str, ...]] = ("epochs", "cycles")
    registry: ClassVar[NetworkRegistry] = NetworkRegistry()
    advice: ClassVar[str] = "search a range of lower learning rates"
    has_pace: ClassVar[bool] = True
    usual_order: ClassVar[tuple[str, ...]] = ("learning_rate", "weight_decay")
    plots: ClassVar[str | None] = "search.objectives.network.views.plots"

    @property
    def own_data(self) -> bool:
        """As `Objective.own_data`."""
        return self.data.is_own

    @property
    def reads(self) -> Sequence[Path]:
        """As `Objective.reads`."""
        return [Path(self.base, text) for text in self.data.files()]

    @property
    def scored_by(self) -> Score:
        """What trials are ranked by."""
        return self.named_score or MEASURED[self.facts.task]

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """What is reported of each epoch."""
        several, spread = self.facts.has_several, self.data.runs > 1 or self.repeated
        return metrics_of(self.facts.task, self.scored_by, several=several, spread=spread)

    @property
    def score(self) -> Metric:
        """The metric that ranks: the score on the validation rows."""
        return self.metrics[-1]

    @cached_property
    def evaluation(self) -> Metric:
        """The score on the test rows."""
        return metric_of(self.scored_by, "test", several=self.facts.has_several)

    @property
    def evaluates(self) -> Literal["winner", "finalists"]:
        """Who is trained again at the end, and tested."""
        return "finalists" if self.ensemble else "winner"

    @property
    def final_factor(self) -> float:
        """The final's training images, as a share of the others'; it has no folds or repeats."""
        whole = 1.0 if self.train_on == "training" else 1 + self.facts.held_out / self.facts.rows
        return whole / self.data.runs

    def open(
        self,
        seed: int,
        data_folder: Path | None,
        devices: Sequence[str] = (),  # noqa: ARG002 (it computes on the processor)
    ) -> Any:
        """As `Objective.open`.

        Raises:
            DataError: The images are missing, broken or not what they should be.
        """
        from search.objectives.network.trainer import NetworkTrainer

        return NetworkTrainer.opened(self, seed, data_folder)

    def repeats(self, training: TrainingSection) -> int:
        """With how many seeds each trial is trained."""
        return training.repeats or self.data.repeats

    def fit(self, training: TrainingSection, point: Point) -> Fit:
        """As `Objective.fit`."""
        from search.objectives.network.settings import fit  # NumPy's import is left to who plans

        return fit(self, training, point)

    def steps(self, training: TrainingSection) -> float:
        """Epochs of a training."""
        return training.schedule.total_epochs(self.facts.rows, training.batch_size)

    def rung(self, training: TrainingSection, unit: str, count: int) -> int:
        """The epoch at whose end so many epochs or cycles are over.

        A cycle that ends amid an epoch counts with it.
        """
        schedule, rows = training.schedule, self.facts.rows
        cycle = schedule.cycle(rows, training.batch_size)
        if unit == "epochs" or cycle is None:
            return count
        return math.ceil(count * cycle / steps_per_epoch(rows, training.batch_size))

    def length(self, training: TrainingSection, unit: str) -> float | None:
        """How long a training is, in epochs or cycles; None where η has no cycles."""
        if unit == "epochs":
            return self.steps(training)
        return training.schedule.count_of_cycles()

    def compares(self, one: TrainingSection, other: TrainingSection) -> Sequence[str]:
        """As `Objective.compares`: lengths and scores must be the same."""
        differing = [
            key
            for key in ("schedule", "score", "patience")
            if getattr(one, key) != getattr(other, key)
        ]
        if not differing and one.schedule.counts_updates() and one.batch_size != other.batch_size:
            return ["batch_size"]
        return differing

    def limits(
        self, training: TrainingSection, ranges: Mapping[str, Range], final: Any
    ) -> Mapping[str, tuple[float | None, float | None]]:
        """As `Objective.limits`: η stays above the floor of its schedule."""
        limits: dict[str, tuple[float | None, float | None]] = {}
        floors = []
        if training.schedule.has_floor:
            _, floor = bounds(ranges, "learning_rate_min", training.learning_rate_min)
            floors.append(floor)
            if "learning_rate_min" in ranges:
                top, _ = bounds(ranges, "learning_rate", training.learning_rate)
                below = floor if "learning_rate" in ranges else math.nextafter(top, 0)
                limits["learning_rate_min"] = (None, below)
        own_floor = "learning_rate_min" in ranges  # which a finalist brings with it
        if final is not None and final.schedule.has_floor and not own_floor:
            floors.append(final.learning_rate_min)
        if floors and "learning_rate" in ranges:
            limits["learning_rate"] = (math.nextafter(max(floors), math.inf), None)
        return limits

    def seconds_per_step(
        self, training: TrainingSection, points: Sequence[Point], budget_seconds: float
    ) -> float:
        """As `Objective.seconds_per_step`."""
        from search.objectives.network.measuring import seconds_per_epoch

        return seconds_per_epoch(self, training, points, budget_seconds)

    def cohort_bytes(self, training: TrainingSection, points: Sequence[Point]) -> int:
        """As `Objective.cohort_bytes`."""
        from search.objectives.network.memory import cohort_bytes

        return cohort_bytes(self, training, points)

    def about(self, searched: Collection[str]) -> Sequence[tuple[str, str]]:
        """As `Objective.about`; the name of a width that is searched stands for it."""
        named = ((f"width_{layer}", w) for layer, w in enumerate(self.network.widths, start=1))
        widths = "-".join(name if name in searched else str(width) for name, width in named)
        widths = "hidden layers as searched" if LAYERS in searched else widths or "no hidden layer"
        rows = f"{self.facts.rows:,} training and {self.facts.held_out:,} validation "
        rows += self.facts.rows_are
        if self.data.folds is not None:
            rows += f" in each of {self.data.folds} folds"
        if self.data.repeats > 1:
            rows += f", {self.data.repeats} seeds a trial"
        return [(self.data.source, f"{rows}; {widths}")]

    def measured(self, training: TrainingSection, steps: int) -> str:
        """As `Objective.measured`."""
        means = [f"{self.data.folds} folds"] if self.data.folds else []
        repeats = self.repeats(training)
        means += [f"{repeats} seeds"] if repeats > 1 else []
        mean = f"mean of {' and '.join(means)}, " if means else ""
        return mean + measured(training.score, steps, patient=training.patience is not None)

    def findings(self, result: Mapping[str, Any]) -> Sequence[Finding]:
        """As `Objective.findings`."""
        return findings(result, self.evaluation, self.facts.rows_are)

    def recorded(self) -> dict[str, Any]:
        """As `Objective.recorded`."""
        return self.canonical() | {
            "facts": self.facts.plain(),
            "train_on": self.train_on,
            "ensemble": self.ensemble,
            "named_score": self.named_score,
            **({"repeated": True} if self.repeated else {}),
            **({"base": self.base} if self.data.is_own else {}),
        }

    def canonical(self) -> dict[str, Any]:
        """As `Objective.canonical`."""
        named = self.named_score
        return {
            **({} if named is None else {"objective": {"kind": self.kind, "score": named}}),
            "data": self.data.canonical(),
            "network": self.network.canonical(),
            "training": self.training.model_dump(mode="json", exclude_none=True),
        }
