"""Lines of text: on a terminal wrapped between words, under their own beginning; elsewhere whole.

So what reads a pipe or a file finds one thing a line. On a terminal that is very narrow, tables are
wider than it, and its own wrapping is left to it: columns of two letters would be worse.
"""

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from search.runtime.formatting import harmless

_LABEL_WIDTH = 28
_READABLE_WIDTH = 60  # of a table, if it needs as much


class HarmlessConsole(Console):
    """A console that prints no control characters but its own.

    What is recorded in a database may be of anybody's making: reasons of failures, descriptions,
    the names of workers and their hosts.
    """

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The segments of what is printed; those that are not text are the console's own."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=harmless(segment.text))


def say(console: Console, text: str, *, indent: int = 0, hanging: int = 0, style: str = "") -> None:
    """Print a line, its brackets as they are, `indent` columns from the left.

    Where a terminal is too narrow for it, what follows stands `hanging` columns further right.
    """
    if console.is_terminal:
        room = max(console.width - indent - hanging, 1)
        first, *rest = Text(text, style).wrap(console, room) or [Text()]
        console.print(Padding(first, (0, 0, 0, indent), expand=False))
        for line in rest:
            console.print(Padding(line, (0, 0, 0, indent + hanging), expand=False))
    else:
        console.print(Text(" " * indent + text), soft_wrap=True)


def say_labelled(console: Console, rows: Sequence[tuple[str, str]]) -> None:
    """Print rows of a label and what it is, the latter one below the other."""
    if not console.is_terminal:
        for label, text in rows:
            console.print(Text(f"{label:<{_LABEL_WIDTH - 1}} {text}"), soft_wrap=True)
        return
    table = Table.grid()
    table.add_column(style="bold", min_width=_LABEL_WIDTH, no_wrap=True)
    table.add_column()
    for label, text in rows:
        table.add_row(label, Text(text))
    say_table(console, table)


def say_table(console: Console, table: Table) -> None:
    """Print a table, a row a line where no terminal is."""
    unbounded = console.options.update(max_width=sys.maxsize)
    needed = Measurement.get(console, unbounded, table).maximum
    least = min(needed, _READABLE_WIDTH) if console.is_terminal else needed
    if console.width < least:
        console.width = least
    console.print(table)
