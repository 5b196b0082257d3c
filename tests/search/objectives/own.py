"""Studies of a user's own training: trained in this process, or run as a user runs them."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.ledger.ledger import Ledger
from search.objective.port import Trainer
from search.objective.report import Assignment, Report
from search.study.reading import load

METRICS = """
[[metrics]]
name = "loss"
direction = "minimize"
"""

Trial = tuple[str, int, str, float | None, int | None, str | None, Mapping[str, Any], Any]


@contextmanager
def opened(folder: Path, text: str, devices: Sequence[str] | None = None) -> Iterator[Trainer]:
    """The training that a study file declares in a folder."""
    (folder / "study.toml").write_text(text, "utf-8")
    trainer = load(str(folder / "study.toml")).objective.open(1, None, devices)
    with closing(trainer):
        yield trainer


@dataclass
class Trained:
    """What came of a cohort: the reports of each place, and what goes on from where."""

    reports: dict[int, list[Report]]
    states: dict[int, bytes]

    @property
    def steps(self) -> list[int]:
        """Of the only trial, without the report that ends it."""
        return [one.step for one in self.reports[0] if one.reason is None]

    @property
    def reason(self) -> str:
        """Why the only trial failed."""
        return self.reports[0][-1].reason or ""

    @property
    def value(self) -> float | None:
        """The result of the only trial."""
        return self.reports[0][-1].value


def trained(
    trainer: Any,
    *points: Mapping[str, Any],
    start: Sequence[bytes] = (),
    until: int | None = None,
    seed: int = 7,
    going: Callable[[Mapping[int, Report]], Sequence[int] | None] = lambda _: None,
) -> Trained:
    """Train some points as one cohort."""
    trials = [Assignment(point, seed + place) for place, point in enumerate(points or [{}])]
    found = Trained({place: [] for place in range(len(trials))}, {})
    training = trainer.train(trainer.objective.training, trials, 0, start, until)
    with closing(training):
        sent: Sequence[int] | None = None
        while True:
            try:
                reports = next(training) if sent is None else training.send(sent)
            except StopIteration as end:
                found.states = end.value
                return found
            for place, report in reports.items():
                found.reports[place].append(report)
            sent = going(reports)


def recorded(folder: Path, name: str = "study") -> list[Trial]:
    """All trials of a search in klayer.db.

    Of each its stage, number, state, value, where it was pruned, reason, point and reports.
    """
    with Ledger(f"sqlite:///{folder}/klayer.db") as ledger:
        search = ledger.read.search(name)
        curves = ledger.read.curves(search)
        return [
            (
                *(one.stage, one.number, one.state, one.value, one.pruned_after, one.reason),
                dict(one.parameters),
                [(report.step, dict(report.metrics)) for report in curves.get(one.id, ())],
            )
            for one in ledger.read.trials(search)
        ]


def is_finished(folder: Path, name: str = "study") -> bool:
    """Whether a search in klayer.db is at its end."""
    with Ledger(f"sqlite:///{folder}/klayer.db") as ledger:
        return ledger.read.search(name).finished_at is not None


def begun(
    klayer_path: Path, environment: Mapping[str, str], folder: Path, *arguments: str
) -> "subprocess.Popen[str]":
    """`klayer run study.toml`, which is to be interrupted."""
    return subprocess.Popen(
        [klayer_path, "run", "study.toml", *arguments],
        cwd=folder,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def interrupt(process: "subprocess.Popen[str]") -> str:
    """Ctrl-C, as a terminal sends it; what the run still said."""
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    return err
