"""What everybody may read of a real process: its command line, without passwords."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from search.runtime.process_title import hide_passwords

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

URL = "postgresql://anna:s3cret@db/klayer?sslmode=require"
SCRIPT = """
import os, sys
from search.runtime.process_title import hide_passwords
hidden = hide_passwords(sys.orig_argv)
print(hidden, "setproctitle" in sys.modules, os.environ.get("KEPT"), flush=True)
sys.stdin.read()
"""


@contextmanager
def running(*arguments: str) -> Iterator[tuple[list[str], str]]:
    """What a process says after it has hidden passwords, and what is seen of it then."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        env={**os.environ, "KEPT": "all of it"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        said = process.stdout.readline().split(maxsplit=2)
        seen = Path(f"/proc/{process.pid}/cmdline").read_bytes().rstrip(b"\0").decode()
        yield said, seen
        process.kill()


@pytest.mark.parametrize("form", [["--storage", URL], [f"--storage={URL}"]])
def test_the_command_line_of_a_process_shows_no_password(form: list[str]) -> None:
    with running("klayer", "worker", *form, "--workers", "2") as (said, seen):
        assert said == ["True", "True", "all of it\n"]
        assert "s3cret" not in seen
        assert seen.startswith(sys.executable)
        shown = " ".join(form).replace("s3cret", "***")
        assert seen.endswith(f"klayer worker {shown} --workers 2")


def test_a_command_line_without_a_password_is_left_as_it_is() -> None:
    with running("--storage", "postgresql://anna@db/klayer") as (said, seen):
        assert said == ["False", "False", "all of it\n"]
        assert seen.split("\0")[-2:] == ["--storage", "postgresql://anna@db/klayer"]


def test_nothing_to_hide() -> None:
    assert not hide_passwords(["klayer", "run", "digits", "--storage", "sqlite:///a@b:c.db"])
