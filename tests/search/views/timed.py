"""Searches of another objective than the network: a program whose time is to be short.

They are made from those of the network by a map that turns the order of values round, so that the
same trials must come out on top.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from search.objective.metric import Metric
from search.objective.report import Finding, Report
from search.space.hyperparameters import Number
from search.study.file import Study
from search.views.plots.data import Band, SearchData

TIME = Metric("time", unit="s", log=True)
MEMORY = Metric("memory", "minimize", unit="MB", decimals=0)


class Names:
    """Knows one hyperparameter."""

    def find(self, name: str) -> Number | None:
        return Number(name, title="step size") if name == "learning_rate" else None

    def names(self) -> Sequence[str]:
        return ("learning_rate",)


@dataclass(frozen=True)
class Timed:
    """A program that is measured round by round."""

    kind: str = "timed"
    step: str = "round"
    metrics: tuple[Metric, ...] = (MEMORY, TIME)
    score: Metric = TIME
    units: tuple[str, ...] = ("rounds",)
    evaluates: bool = False
    evaluation: Metric | None = None
    registry: Any = field(default_factory=Names)
    plots: str = ""
    usual_order: tuple[str, ...] = ()
    advice: str = ""

    def about(self, _searched: Collection[str]) -> Sequence[tuple[str, str]]:
        return ()

    def measured(self, training: Any, steps: int) -> str:
        return f"the shortest of {steps} rounds"

    def findings(self, result: Mapping[str, Any]) -> Sequence[Finding]:
        return ()


class TimedStudy:
    """A study as it is, but for its objective."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self.objective = Timed()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._study, name)


def seconds(accuracy: float) -> float:
    """The shorter, the larger an accuracy; never 0."""
    return 10.0 ** (2 - 4 * accuracy)


def timed(data: SearchData) -> SearchData:
    """A search of the network as one of such a program, without an evaluation."""
    trials = tuple(
        replace(t, reason="it ran out of memory")
        if t.value is None
        else replace(t, value=seconds(t.value))
        for t in data.trials
    )
    curves = {key: tuple(map(_report, reports)) for key, reports in data.curves.items()}
    bands = {
        name: Band(band.counts[:, ::-1], 0.01, 100.0, True) for name, band in data.bands.items()
    }
    study: Any = TimedStudy(data.search.study)
    search = replace(data.search, study=study, result=None)
    return replace(data, search=search, trials=trials, curves=curves, bands=bands, attachments={})


def _report(report: Report) -> Report:
    accuracy = report.metrics["validation_accuracy"]
    return Report(report.step, {"time": seconds(accuracy), "memory": 100.0 + report.step})
