"""The faults that were tried, as a table: of each what was lost, doubled, stuck and failed."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.faults.outcome import Counts

PROPERTY = "fault"
BEGIN, END = "<!-- make faults: begin -->", "<!-- make faults: end -->"
HEAD = (
    "| fault | database | times | trials | lost | doubled | stuck | failed | table |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---|"
)
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class Row:
    """What came of one fault.

    Attributes:
        fault: In words.
        database: Which one.
        times: How often it was done.
        trials: How many the search has.
        counts: Of those, how many are not as they should be.
        equal: Whether the search's table is that of an undisturbed run.
    """

    fault: str
    database: str
    times: int
    trials: int
    counts: Counts
    equal: bool


def plain(row: Row) -> dict[str, Any]:
    """A row as plain values, which pass from one process to another; the inverse of `read`."""
    return asdict(row)


def read(values: dict[str, Any]) -> Row:
    """The row that plain values are."""
    return Row(**values | {"counts": Counts(**values["counts"])})


def line(row: Row) -> str:
    """A row of the table, in Markdown."""
    counts = row.counts
    cells = (
        row.fault,
        DATABASES[row.database],
        f"{row.times:,}",
        f"{row.trials:,}",
        counts.lost,
        counts.doubled,
        counts.stuck,
        counts.failed,
        "equal" if row.equal else "NOT EQUAL",
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def write(terminalreporter: Any, page: Path) -> None:
    """Print the rows of all tests, and write them into a page where all tests have passed."""
    ended = [one for some in terminalreporter.stats.values() for one in some]
    rows: dict[tuple[str, str], Row] = {}
    for one in ended:
        found = one.user_properties if getattr(one, "when", None) == "call" else ()
        for row in [read(value) for name, value in found if name == PROPERTY]:
            known = rows.setdefault((row.fault, row.database), row)
            if row.times > known.times:  # the long version of a short one
                rows[row.fault, row.database] = row
    tried = [line(row) for row in rows.values()]
    terminalreporter.section("faults tried")
    for one in (HEAD, *tried):
        terminalreporter.write_line(one)
    if terminalreporter.stats.get("failed") or terminalreporter.stats.get("error"):
        terminalreporter.write_line(f"{page} stays as it is, since tests have failed")
        return
    before, begin, rest = page.read_text().partition(BEGIN)
    rest, end, after = rest.partition(END)
    if not (begin and end):
        terminalreporter.write_line(f"{page} has no place for the table, {BEGIN} to {END}")
        return
    page.write_text("\n".join([before + begin, *renewed(rest, tried), end + after]))


def renewed(table: str, tried: list[str]) -> list[str]:
    """A table's lines, with rows in the place of those of the same faults and databases.

    So a part of the tests renews its own rows, and keeps the others.
    """

    def about(row: str) -> str:
        return "|".join(row.split("|")[:3])

    old = [one for one in table.splitlines() if one.startswith("| ") and one not in HEAD]
    rows = {about(one): one for one in (*old, *tried)}
    return [HEAD, *rows.values()]
