"""Programs of a test's own, and whether processes are gone."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

WAIT_SECONDS = 30.0  # of a loaded machine; what is waited for takes milliseconds

Script = Callable[[str], list[str]]


def is_there(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # without /proc, or it ended just now
        return not Path("/proc/self").exists()


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.01)


def pids_in(file: Path, count: int) -> list[int]:
    """The process ids that programs have written to a file, a line each, once all are there."""
    wait_until(lambda: file.exists() and file.read_text().count("\n") >= count)
    return [int(line) for line in file.read_text().split()]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Makes a shell script, and gives the command that runs it."""

    def make(text: str) -> list[str]:
        file = tmp_path / "program.sh"
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
        return ["./program.sh"]

    return make
