"""What a user should know of how a table of theirs was read, before it is trained on."""

import numpy as np
import numpy.typing as npt

from model.data.column import Column
from model.data.standardise import Rows
from model.data.table import FEW_ROWS, Table
from model.data.table_file import MOST_LISTED, listed

MOST_ROWS = 2**16  # of those for training that are looked at
_EXACT = 1 - 1e-9  # of a correlation


def notes(read: Table) -> tuple[str, ...]:
    """What was found in the table that nobody asked for, each a sentence."""
    lines = list(read.notes)
    out = [f"column {name!r} is left out: it {reason}" for name, reason in read.left_out]
    if len(out) > MOST_LISTED:
        out[MOST_LISTED:] = [f"{len(out) - MOST_LISTED:,} more columns are left out likewise"]
    lines += out
    if read.missing:
        inputs = "1 input" if len(read.missing) == 1 else f"{len(read.missing):,} inputs"
        lines.append(f"{inputs} with missing values: {listed(read.missing, read.missing)}")
    return tuple(lines)


def telling(read: Table, training: Rows) -> tuple[str, ...]:
    """A sentence that names the inputs that give the target away, as a copy of it does, if any.

    Training rows alone are looked at, and not the test's.
    """
    # An even choice, since tables often stand in the order of their classes.
    chosen = np.linspace(0, len(training) - 1, min(len(training), MOST_ROWS)).astype(int)
    rows = training[chosen]
    targets = read.targets[rows]
    found = [
        one.name for one in read.inputs if len(rows) >= FEW_ROWS and _tells(one, rows, targets)
    ]
    if not found:
        return ()
    tell = "1 input tells" if len(found) == 1 else f"{len(found):,} inputs tell"
    known = "exclude what is known only together with it"
    return (f"{tell} the target in all training rows by itself; {known}: {listed(found)}",)


def _tells(column: Column, rows: Rows, targets: npt.NDArray[np.int64 | np.float64]) -> bool:
    """Whether each value of a class column goes with one class, or a number is in line with one."""
    values = column.values[rows]
    if np.isnan(values).any() or (values == values[0]).all() or (targets == targets[0]).all():
        return False
    if targets.ndim == 1:
        distinct, places = np.unique(values, return_inverse=True)
        if 2 * len(distinct) > len(values):  # nearly every row has its own
            return False
        class_of = np.zeros(len(distinct), targets.dtype)
        class_of[places] = targets
        return bool((class_of[places] == targets).all())
    spread = [one for one in targets.T if one.std() > 0]
    return column.kind == "number" and any(
        abs(np.corrcoef(values, one)[0, 1]) > _EXACT for one in spread
    )
