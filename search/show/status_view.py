"""All searches of a database, a line each."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from search.show.summary import Summary
from search.show.words import parameters, percent


def show(summaries: Sequence[Summary], console: Console) -> None:
    """Print the table, or that there is nothing to print."""
    if not summaries:
        console.print("No search is recorded here yet; `klayer run digits` makes one.")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("search", "state", "trials", "best", "at", "test"):
        table.add_column(name, overflow="fold")
    for one in summaries:
        trials = sum(stage.trials for stage in one.stages)
        finished = sum(stage.finished for stage in one.stages)
        current = next((s.step.name for s in one.stages if s.state != "finished"), "")
        table.add_row(
            one.name,
            "finished" if one.finished else f"in {current}",
            f"{finished}/{trials}",
            percent(None if one.best is None else one.best.value),
            "" if one.best is None else escape(parameters(one.best.parameters)),
            percent(None if one.test is None else one.test["accuracies"][0]),
        )
    console.print(table)
