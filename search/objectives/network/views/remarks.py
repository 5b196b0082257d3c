"""What a user should know of how a table of theirs was read, before it is searched."""

from model.data.table import Table
from search.runtime.formatting import plural

MOST_SHOWN = 8  # of columns with missing values


def remarks(name: str, read: Table) -> list[str]:
    """What was found in a file of that name that nobody asked for, each a sentence."""
    lines = list(read.notes)
    lines += [f"column {name!r} is left out: it {reason}" for name, reason in read.left_out]
    if read.missing:
        counts = [f"{name!r} ({count:,})" for name, count in read.missing.items()]
        more = f" and {len(counts) - MOST_SHOWN:,} more" if len(counts) > MOST_SHOWN else ""
        listed = ", ".join(counts[:MOST_SHOWN]) + more
        lines.append(f"{plural(len(counts), 'input')} with missing values: {listed}")
    return [f"{name}: {line}" for line in lines]
