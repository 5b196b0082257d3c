"""Processes side by side: a failure of one ends all, at once and with its reason."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys, time
from benchmarks.side_by_side import run

def work(number, together):
    together.wait()
    if number == 1:
        {failure}
    together.wait()

sys.exit(run(work, 3) % 256)
"""


@pytest.mark.parametrize(
    ("failure", "status", "reason"),
    [
        ("pass", 0, ""),
        ("raise ValueError('no room')", 1, "ValueError: no room"),
        ("os.kill(os.getpid(), 9)", 256 - 9, ""),
    ],
)
def test_nobody_waits_for_one_that_has_failed(failure: str, status: int, reason: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(failure=failure)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status
    assert "".join(done.stderr.splitlines()[-1:]) == reason
