"""A winner that is trained again and written to a file: its epochs, and how to use the file."""

import json
import shlex
from contextlib import AbstractContextManager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from search.objective.report import Report
from search.objectives.network.metrics import MEASURED, metric_of
from search.objectives.network.rebuild import Rebuilt
from search.runtime.formatting import parameters, plural


class EpochsView(AbstractContextManager["EpochsView"]):
    """A bar on a terminal, a line an epoch elsewhere; call it after each epoch.

    Args:
        console: Where to.
        name: Of the search.
        finalists: Whether all finalists are trained.
    """

    def __init__(self, console: Console, name: str, *, finalists: bool = False) -> None:
        self._console, self._name = console, name
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[note]}"),
            console=console,
            auto_refresh=False,
        )
        who = "the finalists" if finalists else "the winner"
        self._task = self._bar.add_task(f"{name}: training {who} again", total=None, note="")

    def __enter__(self) -> "EpochsView":
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._bar.stop()

    def __call__(self, epoch: int, of_all: int, report: Report) -> None:
        """Show an epoch, which was found to be as recorded."""
        measured = next(one for one in MEASURED.values() if f"train_{one}" in report.metrics)
        metric = metric_of(measured, "training")
        text = report.reason or f"{metric.words} {metric.text(report.metrics[metric.name])}"
        note = f"epoch {epoch}/{of_all}, as recorded: {text}"
        if self._console.is_terminal:
            self._bar.update(self._task, completed=epoch, total=of_all, note=note)
            self._bar.refresh()
        else:
            self._console.print(f"{self._name}: {note}", soft_wrap=True, markup=False)


def show(rebuilt: Rebuilt, console: Console) -> None:
    """Print what was written, that it is the recorded winner, and how to use it."""
    told, test, metric = rebuilt.winner, rebuilt.test, rebuilt.metric
    voting = test.get("snapshot_ensemble")
    together = _together(rebuilt)
    others = rebuilt.finalists - 1
    rows = [
        ("Winner", f"{parameters(told.parameters)}  (seed {told.seed})"),
        (
            "Trained again",
            f"{plural(rebuilt.epochs, 'epoch')}; all {rebuilt.figures} figures equal the recorded "
            "ones, bit for bit",
        ),
        (f"Recorded {metric.words}", metric.text(told.value)),
    ]
    if voting is not None:
        rows.append((f"  of {plural(rebuilt.snapshots, 'snapshot')} voting", metric.text(voting)))
    if together is not None:
        who = f"  of {plural(rebuilt.voters, 'network')} voting"
        rows.append((who, metric.text(together)))
    beside = (
        f" and {plural(others, 'other finalist')}: {rebuilt.voters} networks that vote"
        if others
        else ""
    )
    console.print(
        f"[bold]{escape(str(rebuilt.file))}[/]: the winner of {rebuilt.name}{beside}\n",
        soft_wrap=True,
    )
    for name, text in rows:
        console.print(f"[bold]{name:<24}[/]{escape(text)}", soft_wrap=True)
    read = f"winner = network_file.load({json.dumps(str(rebuilt.file), ensure_ascii=False)})"
    vote = "" if voting is None or others else ", vote=True"
    if rebuilt.new is not None:
        last = f'said = winner.predict("{rebuilt.new}"{vote})  # see said.values, said.labels'
        what = {"new.csv": "a table", "new.npy": "an array", "new/": "a folder of images"}
        console.print(
            f"\nklayer predict {shlex.quote(str(rebuilt.file))} {rebuilt.new} "
            f"--output predicted.csv predicts {what[rebuilt.new]}.",
            soft_wrap=True,
            markup=False,
        )
    else:
        last = f"labels = winner.probabilities(pixels{vote}).argmax(axis=1)"
        last += f"  # pixels: raw, (images, {rebuilt.inputs:,})"
    console.print("\nIn Python, where klayer is installed:\n")
    for line in ("from model import network_file", read, last):
        console.print(f"    {line}", soft_wrap=True, markup=False)
    if others:
        console.print(
            f"\nAll {rebuilt.voters} networks vote, by the mean of what they say; vote=False, or "
            "--no-vote of the command, asks the winner alone.",
            soft_wrap=True,
            markup=False,
        )


def to_json(rebuilt: Rebuilt) -> dict[str, Any]:
    """The same as plain values, for scripts."""
    return {
        "name": rebuilt.name,
        "file": str(rebuilt.file),
        "parameters": dict(rebuilt.winner.parameters),
        "seed": rebuilt.winner.seed,
        "epochs": rebuilt.epochs,
        "figures": rebuilt.figures,
        "finalists": rebuilt.finalists,
        "networks": rebuilt.voters,
        "snapshots": rebuilt.snapshots,
        rebuilt.metric.name: rebuilt.winner.value,
        "snapshot_ensemble": rebuilt.test.get("snapshot_ensemble"),
        "finalist_ensemble": _together(rebuilt),
    }


def _together(rebuilt: Rebuilt) -> float | None:
    """The recorded test score of all finalists voting, where the file holds them."""
    together: float | None = rebuilt.test.get("finalist_ensemble")
    return together if rebuilt.finalists > 1 else None
