"""A test that hangs is ended where it stands, and the tests after it run."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

HANGS = """\
import threading


def test_it_waits_for_a_thread_that_does_not_end():
    thread = threading.Thread(target=threading.Event().wait, daemon=True)
    thread.start()
    thread.join()


def test_the_next():
    pass
"""


def test_a_test_that_hangs_is_ended_and_says_where(tmp_path: Path) -> None:
    file = tmp_path / "test_hangs.py"
    file.write_text(HANGS)
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), str(file)]
    limits = ["-o", "timeout=2", "-o", "faulthandler_timeout=1"]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), "-p", "no:cacheprovider", *limits],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "thread.join()" in done.stdout
    assert "Failed: Timeout" in done.stdout
    assert f'File "{file}", line 7' in done.stderr, "the stacks of all threads"
