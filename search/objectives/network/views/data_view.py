"""Data in a terminal: what is known of a study's, and what the cache holds."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from model.data.cache import Kept
from search.objective.data_card import DataCard
from search.runtime.lines import say, say_labelled, say_table
from search.views.terminal.card_rows import CLASS_COLUMNS, card_rows, class_rows


def show_card(card: DataCard, console: Console) -> None:
    """Print what is known of data, for people."""
    say_labelled(console, card_rows(card))
    if card.classes:
        table = Table(CLASS_COLUMNS[0], box=None, pad_edge=False)
        for column in CLASS_COLUMNS[1:]:
            table.add_column(column, justify="right")
        for row in class_rows(card):
            table.add_row(*map(Text, row))
        console.print()
        say_table(console, table)


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
    say_table(console, table)
    say(console, f"{sum(one.bytes for one in kept) / 1e6:,.1f} MB in {kept[0].folder.parent}")


def kept_json(one: Kept) -> dict[str, Any]:
    """The same of one folder as plain values."""
    return {**asdict(one), "folder": str(one.folder)}
