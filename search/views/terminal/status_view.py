"""All searches of a database, a line each."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from search.objective.metric import ABSENT
from search.runtime.formatting import parameters
from search.runtime.lines import say, say_table
from search.views.terminal.summary import Summary


def show(summaries: Sequence[Summary], console: Console) -> None:
    """Print the table, or that there is nothing to print."""
    if not summaries:
        say(console, "No search is recorded here yet; `klayer run digits` makes one.")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("search", "state", "trials", "best single value", "at", "test"):
        table.add_column(name, overflow="fold")
    for one in summaries:
        trials = sum(stage.trials for stage in one.stages)
        finished = sum(stage.finished for stage in one.stages)
        table.add_row(
            one.name,
            _state(one) + (", cut by its budget" if any(s.cut for s in one.stages) else ""),
            f"{finished}/{trials}",
            one.objective.score.text(None if one.best is None else one.best.value),
            "" if one.best is None else escape(parameters(one.best.parameters)),
            one.findings[0].metric_text if one.findings else ABSENT,
        )
    say_table(console, table)


def _state(summary: Summary) -> str:
    if summary.finished and summary.failure is not None:
        return "finished, no result" if summary.best is None else "finished, not tested"
    if summary.finished:
        return "finished"
    current = next((s.step.name for s in summary.stages if s.state != "finished"), "")
    if summary.failure is not None:
        return f"failed in {current}"
    if summary.stopped:
        return f"stopped in {current}"
    return f"in {current}" if summary.workers else f"waits for a worker in {current}"
