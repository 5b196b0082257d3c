"""The `klayer` command as its users have it: started in a process, and its database read."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.timing import environment

COMMAND = Path(sys.executable).parent / "klayer"
ENDING_SECONDS = 30  # that an interrupted command has to end


def start(
    arguments: Sequence[str], folder: Path, data: Path | None = None
) -> "subprocess.Popen[str]":
    """Start a command whose cache lies in `folder`, with the BLAS settings that klayer chooses."""
    surroundings = environment(threads=False) | {"XDG_CACHE_HOME": str(folder / "cache")}
    for key in ("KLAYER_STORAGE", "KLAYER_DATA"):
        surroundings.pop(key, None)
    if data is not None:
        surroundings["KLAYER_DATA"] = str(data)
    return subprocess.Popen(
        [str(COMMAND), *arguments],
        cwd=folder,
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(child: "subprocess.Popen[str]", most_seconds: float | None = None) -> str:
    """Wait for a command's end; what it wrote.

    Args:
        child: From `start`.
        most_seconds: After which it is interrupted; None to wait for as long as it takes.

    Raises:
        RuntimeError: It failed, or took too long.
    """
    try:
        out, _ = child.communicate(timeout=most_seconds)
    except subprocess.TimeoutExpired:
        _end(child)
        raise RuntimeError(f"{child.args!r}: not finished after {most_seconds:g} seconds") from None
    except BaseException:  # such as the end of this process
        _end(child)
        raise
    if child.returncode:
        raise RuntimeError(f"{child.args!r}: exit status {child.returncode}:\n{out}")
    return out


def _end(child: "subprocess.Popen[str]") -> None:
    child.send_signal(signal.SIGINT)
    try:
        child.communicate(timeout=ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()


def exported(study: str, database: Path, folder: Path) -> dict[str, Any]:
    """All that `klayer export` says of a search, its epochs included."""
    command = ["export", study, "--format", "json", *storage(database)]
    document: dict[str, Any] = json.loads(finish(start(command, folder)))
    return document


def storage(database: Path) -> list[str]:
    """The option that keeps a search in `database`."""
    return ["--storage", f"sqlite:///{database}"]


def has_epochs(database: Path) -> bool:
    """Whether the first epoch of a search is recorded."""
    try:
        with closing(_read(database)) as connection:
            return connection.execute("SELECT 1 FROM klayer_reports LIMIT 1").fetchone() is not None
    except sqlite3.OperationalError:  # there is no database yet, or no table
        return False


@dataclass(frozen=True)
class Cohort:
    """When a cohort was in work, in seconds since 1970, and of how many trials it is.

    Trials that halving let go on belong to the cohort in which they went on.
    """

    stage: str
    kind: str
    claimed: float
    finished: float
    trials: int


def cohorts(database: Path) -> list[Cohort]:
    """All cohorts of a finished search, in the order in which they were claimed."""
    query = """
        SELECT stages.name, stages.kind, cohorts.claimed_at, cohorts.finished_at, count(trials.id)
        FROM klayer_cohorts AS cohorts
        JOIN klayer_stages AS stages ON stages.id = cohorts.stage_id
        LEFT JOIN klayer_trials AS trials ON trials.cohort_id = cohorts.id
        GROUP BY cohorts.id ORDER BY cohorts.claimed_at
    """
    with closing(_read(database)) as connection:
        return [Cohort(*row) for row in connection.execute(query)]


def cohort_of(database: Path) -> dict[int, int]:
    """By the key of each trial that of the cohort in which it was trained."""
    with closing(_read(database)) as connection:
        return dict(connection.execute("SELECT id, cohort_id FROM klayer_trials"))


@dataclass(frozen=True)
class Memory:
    """Resident memory of a process in MB.

    Attributes:
        private: Its anonymous pages: heap and stacks.
        shared: The others: pages of mapped files, which are in memory once for all processes, also
            while only one process has touched them.
    """

    private: float
    shared: float


def descendants(process: int) -> list[int]:
    """The ids of the processes below a process."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text("utf-8").rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: list[int] = []
    asked = [process]
    while asked:
        children = parents.get(asked.pop(), [])
        found += children
        asked += children
    return found


def memory(process: int) -> Memory | None:
    """What a process holds now; None if it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()[1:]
    except OSError:
        return None
    kilobytes = {line.partition(":")[0]: int(line.split()[1]) for line in lines}
    private = kilobytes["Anonymous"]
    return Memory(private / 1024, (kilobytes["Rss"] - private) / 1024)


def is_worker(process: int) -> bool:
    """Whether a process is one of joblib's (loky's) workers, rather than a tracker of resources."""
    try:
        command = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False
    return b"popen_loky" in command and os.getpid() != process


def _read(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
