"""What a part found, as Markdown; and the generated section of a page that holds it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from search.views.terminal import generated


def markers(target: str) -> tuple[str, str]:
    """The lines between which a page holds what a target of make has generated."""
    return generated.markers(f"make {target}")


BENCH = "bench"
BEGIN, END = markers(BENCH)


@dataclass(frozen=True)
class Table:
    """Rows of text under a heading."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""

    def text(self) -> str:
        """As Markdown."""
        lines = [self.columns, ["---"] * len(self.columns), *self.rows]
        told = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"{self.caption}\n\n{told}" if self.caption else told


@dataclass(frozen=True)
class Section:
    """One part's outcome.

    Attributes:
        title: Of the part.
        tables: What it shows.
        figures: What goals are held against, by name.
        notes: Sentences below the tables.
        failed: Whether something that should have been measured was not.
    """

    title: str
    tables: Sequence[Table]
    figures: Mapping[str, float] = field(default_factory=dict)
    notes: Sequence[str] = ()
    failed: bool = False

    def text(self) -> str:
        """As Markdown."""
        parts = [f"### {self.title}", *(table.text() for table in self.tables), *self.notes]
        return "\n\n".join(parts)


def ready(program: str, output: Path | None, target: str = BENCH) -> None:
    """End the program with a message where the page that it was given cannot take its section."""
    try:
        if output is not None:
            check(output, target)
    except generated.PageError as error:
        sys.exit(f"{program}: --output: {error}")


def publish(text: str, output: Path | None, target: str = BENCH) -> None:
    """Print a text, and put it into the page, where there is one.

    Raises:
        PageError: The page has no place for it.
    """
    sys.stdout.write(f"{text}\n")
    if output is not None:
        write(output, text, target)


def check(path: Path, target: str = BENCH) -> None:
    """Look whether a page can take a target's generated section, before anything is measured.

    Raises:
        PageError: There is no such page, or it does not hold each marker once, in their order.
    """
    generated.check(path, f"make {target}")


def write(path: Path, text: str, target: str = BENCH) -> None:
    """Put the text between the page's markers.

    Raises:
        PageError: The page has no place for it.
    """
    generated.write(path, text, f"make {target}")
