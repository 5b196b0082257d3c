"""Data in a terminal: what is known of a study's, and what the cache holds."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from model.data.cache import Kept
from search.objective.data_card import DataCard
from search.runtime.formatting import plural
from search.runtime.lines import say, say_labelled

MOST_CLASSES = 12  # whose names are shown


def show_card(card: DataCard, console: Console) -> None:
    """Print what is known of data, for people."""
    rows = [("Data", card.source)]
    if card.rows is not None and card.held_out is not None:
        rows.append(("Rows", f"{card.rows:,} for training, {card.held_out:,} for validation"))
    if card.inputs is not None:
        shape = f", as {' x '.join(map(str, card.shape))}" if card.shape else ""
        rows.append(("Inputs", f"{card.inputs:,}{shape}"))
    if card.task:
        rows.append(("Task", card.task))
    if card.classes:
        more = len(card.classes) - MOST_CLASSES
        names = ", ".join(card.classes[:MOST_CLASSES]) + (f" and {more} more" if more > 0 else "")
        rows.append((plural(len(card.classes), "class"), names))
    rows.append(("Fingerprint", card.fingerprint))
    say_labelled(console, rows)


def show_kept(kept: Sequence[Kept], console: Console) -> None:
    """Print what the cache holds, for people."""
    if not kept:
        say(console, "Nothing is prepared.")
        return
    table = Table("name", "rows", "inputs", "MB", "last used", "folder", box=None)
    for one in kept:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.used_at))
        sizes = (f"{one.rows:,}", f"{one.inputs:,}", f"{one.bytes / 1e6:,.1f}")
        table.add_row(one.name or "(unreadable)", *sizes, used, one.folder.name)
    console.print(table)
    say(console, f"{sum(one.bytes for one in kept) / 1e6:,.1f} MB in {kept[0].folder.parent}")


def kept_json(one: Kept) -> dict[str, Any]:
    """The same of one folder as plain values."""
    return {**asdict(one), "folder": str(one.folder)}
