"""The end of what a program printed, as text that is safe to store and to show."""

import os
import re
from pathlib import Path

# What terminals take as commands (ECMA-48): colours and cursor moves, window titles, others.
ESCAPE_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]", re.DOTALL
)
MOST_KEPT = 64 * 2**20  # bytes of what one trial prints; it may be in memory, as /tmp often is
TAIL = 2**16  # bytes of it that stay where it had more
OVERHEAD = 4  # bytes read for a byte shown: escape sequences and progress bars take many


def last_lines(file: Path, lines: int = 20, most_bytes: int = 4000) -> str:
    """The last lines of a program's output; "" where there is none.

    Bytes that are not UTF-8 are replaced; escape sequences and control characters are left out. Of
    a line that was overwritten after a carriage return, as progress bars are, the last state is
    kept.

    Args:
        file: What the program printed.
        lines: How many lines at most.
        most_bytes: How long the text is at most, in UTF-8; the beginning is cut.
    """
    try:
        with file.open("rb") as opened:
            size = opened.seek(0, os.SEEK_END)
            opened.seek(max(0, size - OVERHEAD * most_bytes))
            text = opened.read(OVERHEAD * most_bytes).decode(errors="replace")
    except FileNotFoundError:
        return ""
    text = ESCAPE_SEQUENCES.sub("", text)
    shown = [_printable(line.rstrip("\r").rpartition("\r")[2]) for line in text.split("\n")]
    end = "\n".join("\n".join(shown).strip("\n").split("\n")[-lines:])
    return end.encode()[-most_bytes:].decode(errors="ignore")


def bound(output: int) -> None:
    """Cut an output down to its last `TAIL` bytes once it is larger than `MOST_KEPT`.

    What the program prints just then may be lost, or stand before them.

    Args:
        output: A file descriptor, opened for reading and appending.
    """
    size = os.fstat(output).st_size
    if size > MOST_KEPT:
        tail = os.pread(output, TAIL, max(0, size - TAIL))
        os.ftruncate(output, 0)
        os.write(output, tail)


def _printable(line: str) -> str:
    return "".join(one for one in line.expandtabs() if one.isprintable()).rstrip()
