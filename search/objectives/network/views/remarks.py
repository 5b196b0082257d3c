"""What a user should know of how a table of theirs was read, before it is searched."""

from model.data.own_table import OwnTable
from model.data.table import Table
from search.objectives.network.faults import faults_as_klayer_errors
from search.runtime.formatting import plural

MOST_SHOWN = 8  # of columns with missing values


def remarks(own: OwnTable) -> list[str]:
    """Read the table, and say what was found in it that nobody asked for, each a sentence.

    Raises:
        DataError: The table cannot be trained on.
    """
    with faults_as_klayer_errors():
        read = own.table()
    return [f"{own.path.name}: {line}" for line in _lines(read)]


def _lines(read: Table) -> list[str]:
    lines = list(read.notes)
    lines += [f"column {name!r} is left out: it {reason}" for name, reason in read.left_out]
    if read.missing:
        counts = [f"{name!r} ({count:,})" for name, count in read.missing.items()]
        more = f" and {len(counts) - MOST_SHOWN:,} more" if len(counts) > MOST_SHOWN else ""
        listed = ", ".join(counts[:MOST_SHOWN]) + more
        lines.append(f"{plural(len(counts), 'input')} with missing values: {listed}")
    return lines
