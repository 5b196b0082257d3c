"""The user's own training as an objective: what a study file declares of it, and what follows."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Self

from search.errors import KlayerError
from search.objective.data_card import DataCard
from search.objective.fit import Fit
from search.objective.metric import Metric
from search.objective.report import Finding
from search.objectives.declared.hyperparameters import Declared, Registry
from search.objectives.declared.metrics import MetricTable, metric_of, plain, score_of
from search.objectives.declared.reports import Judge
from search.objectives.declared.tables import (
    DeclaredDocument,
    ProgramTable,
    ResourcesTable,
    TrainingTable,
)
from search.runtime.formatting import plural, plural_of
from search.space.space import Point, Range


@dataclass(frozen=True)
class DeclaredObjective:
    """A user's training; a command or a function is one.

    Attributes:
        program: What `[objective]` says.
        hyperparameters: What may be searched.
        tables: What is reported.
        resources: What one trial may use.
        training: One training, where a stage says nothing else.
        base: The folder of the study file, from which relative paths start. It is no part of what
            the study asks for.
    """

    program: Any
    hyperparameters: Declared
    tables: tuple[MetricTable, ...]
    resources: ResourcesTable
    training: TrainingTable
    base: str = field(compare=False)

    kind: ClassVar[str]
    PROGRAM: ClassVar[type[ProgramTable]]

    evaluates: ClassVar[None] = None
    has_pace: ClassVar[bool] = False
    final_factor: ClassVar[float] = 1.0
    usual_order: ClassVar[tuple[str, ...]] = ()
    plots: ClassVar[str | None] = None
    own_data: ClassVar[bool] = False
    evaluation: ClassVar[Metric | None] = None
    advice: ClassVar[str] = (
        "look up with `klayer status` why trials failed, mend that, and use `klayer retry`"
    )

    @classmethod
    def of(cls, document: DeclaredDocument, folder: Path) -> Self:
        """What a document declares that stands in a folder."""
        return cls(
            document.objective,
            document.hyperparameters,
            document.metrics,
            document.resources,
            document.training,
            str(folder),
        )

    def __hash__(self) -> int:
        return hash((self.kind, self.what))

    @property
    def what(self) -> str:
        """The command or the function, as people read it."""
        raise KlayerError(f"{self.kind}: says nothing of what is trained")

    @property
    def reads(self) -> Sequence[Path]:
        """The files of the user's that are known to be run."""
        return ()

    @property
    def step(self) -> str:
        """What a step is called."""
        table: ProgramTable = self.program
        return table.step

    @property
    def units(self) -> tuple[str, ...]:
        """Rungs are counted in steps."""
        return (plural_of(self.step),)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What is reported, in the order of the file."""
        return tuple(metric_of(table) for table in self.tables)

    @property
    def score(self) -> Metric:
        """The metric that ranks."""
        return self.metrics[score_of(self.tables)[0]]

    @property
    def registry(self) -> Registry:
        """The hyperparameters of the file, within the limits that it gives."""
        return self.hyperparameters.registry

    @property
    def folder(self) -> Path:
        """The working folder."""
        return Path(self.base, self.program.folder)

    @property
    def card(self) -> DataCard:
        """What stands for the data, which only the user's training knows."""
        mark = sha256(f"{self.kind}\0{self.what}".encode()).hexdigest()
        return DataCard(self.what, mark)

    def judge(self) -> Judge:
        """The rules for what trials report."""
        return Judge(self.metrics, self.score, score_of(self.tables)[1])

    def fit(self, _training: TrainingTable, _point: Point) -> Fit:
        """As `Objective.fit`: one trial a cohort."""
        return Fit(None, most=1)

    def steps(self, training: TrainingTable) -> int | None:
        """Steps of a trial, where the file says how many."""
        return training.steps

    def rung(self, _training: TrainingTable, _unit: str, count: int) -> int:
        """As `Objective.rung`: steps are the only unit."""
        return count

    def length(self, training: TrainingTable, _unit: str) -> float | None:
        """As `Objective.length`: steps are the only unit."""
        return training.steps

    def compares(self, one: TrainingTable, other: TrainingTable) -> Sequence[str]:
        """As `Objective.compares`: only equal trainings do."""
        return [key for key in ("steps", "parameters") if getattr(one, key) != getattr(other, key)]

    def limits(
        self, _training: TrainingTable, _ranges: Mapping[str, Range], _final: TrainingTable | None
    ) -> Mapping[str, tuple[float | None, float | None]]:
        """As `Objective.limits`: those of the registry are all."""
        return {}

    def seconds_per_step(
        self, _training: TrainingTable, _points: Sequence[Point], _budget_seconds: float
    ) -> float:
        """Not known without training: `has_pace` is False."""
        return math.nan

    def cohort_bytes(self, _training: TrainingTable, _points: Sequence[Point]) -> None:
        """As `Objective.cohort_bytes`: only the user's program knows."""

    def about(self, _searched: Collection[str]) -> Sequence[tuple[str, str]]:
        """As `Objective.about`."""
        ranks = f"{self.score.direction}s {self.score.words}"
        length = "" if self.training.steps is None else f", {self.training.steps:,} {self.units[0]}"
        return [(self.kind, f"{self.what}; {ranks}{length}")]

    def measured(self, _training: TrainingTable, steps: int) -> str:
        """As `Objective.measured`: the last value, or the best one."""
        which = "at its best" if score_of(self.tables)[1] == "best" else "at the end"
        return f"{which} of {plural(steps, self.step)}" if steps else which

    def findings(self, _result: Mapping[str, Any]) -> Sequence[Finding]:
        """As `Objective.findings`: nothing is evaluated at the end."""
        return ()

    def canonical(self) -> dict[str, Any]:
        """As `Objective.canonical`."""
        return {
            "objective": self.program.model_dump(mode="json", exclude_none=True),
            "hyperparameters": self.hyperparameters.plain(),
            "metrics": plain(self.tables),
            "resources": self.resources.model_dump(mode="json"),
            "training": self.training.model_dump(mode="json", exclude_none=True),
        }

    def recorded(self) -> dict[str, Any]:
        """As `Objective.recorded`, with the folder that paths start from."""
        return {
            "program": self.program.model_dump(mode="json"),
            "hyperparameters": self.hyperparameters.recorded(),
            "metrics": [table.model_dump(mode="json") for table in self.tables],
            "resources": self.resources.model_dump(mode="json"),
            "training": self.training.model_dump(mode="json"),
            "base": self.base,
        }
