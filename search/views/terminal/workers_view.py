"""Who works: a table for people, a list for scripts."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from search.ledger.records import WorkerState
from search.runtime.formatting import ago, duration
from search.runtime.lines import say, say_table

CLOCK_SECONDS = 5.0  # clocks that differ by more are said to; on SQLite each process has its own


def show(workers: Sequence[WorkerState], time: float, name: str | None, console: Console) -> None:
    """Print the table, or that nobody works.

    Args:
        workers: Those that are known.
        time: The database's.
        name: Of the one search that was asked about; None for all.
        console: Where to.
    """
    if not workers:
        on = "" if name is None else f" on {name}"
        say(console, f"Nobody works{on}; `klayer worker` and `klayer run` do.")
        return
    table = Table(box=None, pad_edge=False)
    mixed = len({one.klayer for one in workers}) > 1
    columns = ("worker", "host", "process", "serves", "works on", "for", "seen", "up")
    for column in columns + ("klayer",) * mixed:
        table.add_column(column, overflow="fold")
    for one in workers:
        table.add_row(
            escape(one.name),
            escape(one.host),
            str(one.process),
            one.search or "all",
            _work(one),
            "" if one.since is None else duration(time - one.since),
            _seen(one, time),
            duration((one.seen_at if one.lost else time) - one.started_at),
            *[escape(one.klayer)] * mixed,
        )
    say_table(console, table)


def _seen(worker: WorkerState, time: float) -> str:
    ahead = worker.seen_at - time
    if ahead > CLOCK_SECONDS:
        return f"by a clock that is {duration(ahead)} ahead"
    return "lost" if worker.lost else ago(-ahead)


def _work(worker: WorkerState) -> str:
    if worker.work is not None:
        return f"{worker.working_on}: {worker.work}"
    if worker.lost:
        return ""
    return "starts and watches workers" if worker.kind == "launcher" else "waits"


def to_json(workers: Sequence[WorkerState]) -> list[dict[str, Any]]:
    """Plain values, for scripts."""
    return [asdict(one) for one in workers]
