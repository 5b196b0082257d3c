"""Lines of text: on a terminal wrapped between words, under their own beginning; elsewhere whole.

So what reads a pipe or a file finds one thing a line.
"""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_LABEL_WIDTH = 28


def say(console: Console, text: str, *, indent: int = 0, style: str = "") -> None:
    """Print a line, its brackets as they are, `indent` columns from the left."""
    if console.is_terminal:
        console.print(Padding(Text(text, style), (0, 0, 0, indent), expand=False))
    else:
        console.print(Text(" " * indent + text), soft_wrap=True)


def say_labelled(console: Console, rows: Sequence[tuple[str, str]]) -> None:
    """Print rows of a label and what it is, the latter one below the other."""
    if not console.is_terminal:
        for label, text in rows:
            console.print(Text(f"{label:<{_LABEL_WIDTH}}{text}"), soft_wrap=True)
        return
    table = Table.grid()
    table.add_column(style="bold", min_width=_LABEL_WIDTH, no_wrap=True)
    table.add_column()
    for label, text in rows:
        table.add_row(label, Text(text))
    console.print(table)
