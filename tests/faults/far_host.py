"""A host of its own on this machine: a network namespace at the end of a link that can be cut."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.runs import ROOT

HERE, THERE = "10.213.117.1", "10.213.117.2"
LINK = "klayer0"


def _run(*line: str) -> None:
    subprocess.run(line, check=True, capture_output=True)


def why_not() -> str | None:
    """Why there can be none here; None where there can."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "unshare", "nsenter"))):
        return "needs root, and iproute2 and util-linux, for a network namespace"
    try:
        with far_host():
            return None
    except subprocess.CalledProcessError as error:
        return f"a network namespace is refused: {error.stderr.decode().strip()}"


class FarHost:
    """A namespace, in which processes are started that reach this machine at `HERE`.

    Args:
        pid: Of a process in it.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._begun: list[subprocess.Popen[bytes]] = []

    def python(self, program: str) -> subprocess.Popen[bytes]:
        """Start a program there."""
        into = ["nsenter", f"--target={self._pid}", "--net", sys.executable, "-c", program]
        process = subprocess.Popen(into, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
        self._begun.append(process)
        return process

    def vanish(self) -> None:
        """Cut the link, then end all that runs there: no word of it comes through."""
        _run("ip", "link", "set", LINK, "down")
        self.end()

    def end(self) -> None:
        """End all that runs there."""
        for process in self._begun:
            process.kill()
            process.wait()


@contextmanager
def far_host() -> Iterator[FarHost]:
    """A host at `THERE`.

    Raises:
        CalledProcessError: It cannot be made here.
    """
    own = Path("/proc/self/ns/net").readlink()
    sleeper = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    try:
        until = time.monotonic() + 10
        while Path(f"/proc/{sleeper.pid}/ns/net").readlink() == own and time.monotonic() < until:
            time.sleep(0.01)
        pid = str(sleeper.pid)
        pair = ("type", "veth", "peer", "name", LINK, "netns", pid)
        _run("ip", "link", "add", LINK, *pair)
        _run("ip", "address", "add", f"{HERE}/30", "dev", LINK)
        _run("ip", "link", "set", LINK, "up")
        for words in (("address", "add", f"{THERE}/30", "dev", LINK), ("link", "set", LINK, "up")):
            _run("nsenter", f"--target={pid}", "--net", "ip", *words)
        host = FarHost(sleeper.pid)
        try:
            yield host
        finally:
            host.end()
    finally:
        sleeper.kill()
        sleeper.wait()
        subprocess.run(["ip", "link", "delete", LINK], capture_output=True, check=False)
