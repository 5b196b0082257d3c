"""What a user should know of how a table of theirs was read, before it is trained on."""

from model.data.table import Table

MOST_SHOWN = 8  # of columns with missing values, and of those that are left out


def notes(read: Table) -> tuple[str, ...]:
    """What was found in the table that nobody asked for, each a sentence."""
    lines = list(read.notes)
    out = [f"column {name!r} is left out: it {reason}" for name, reason in read.left_out]
    if len(out) > MOST_SHOWN:
        out[MOST_SHOWN:] = [f"{len(out) - MOST_SHOWN:,} more columns are left out likewise"]
    lines += out
    if read.missing:
        counts = [f"{name!r} ({count:,})" for name, count in read.missing.items()]
        more = f" and {len(counts) - MOST_SHOWN:,} more" if len(counts) > MOST_SHOWN else ""
        listed = ", ".join(counts[:MOST_SHOWN]) + more
        inputs = "1 input" if len(counts) == 1 else f"{len(counts):,} inputs"
        lines.append(f"{inputs} with missing values: {listed}")
    return tuple(lines)
