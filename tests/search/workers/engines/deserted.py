"""Runs two jobs in a process and a session of its own, which a test may send signals.

    python deserted.py ENGINE FOLDER

The first job ends when its file lets it; then the engine is killed, and closed.
"""

import signal
import sys
from functools import partial
from pathlib import Path

import psutil

from search.workers.engines import WorkerKilledError, open_engine
from tests.search.workers.engines.jobs import LONGEST_SECONDS, Job, stay, tell


def main(name: str, folder: str) -> None:
    """Say in lines what becomes of the jobs."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    engine = open_engine(name, 2)  # type: ignore[arg-type]
    first, second = (engine.start(stay, Job(Path(folder), one)) for one in ("first", "second"))
    say = partial(print, flush=True)
    say("first:", first.exception(LONGEST_SECONDS))
    say("second is running:", not second.done())
    engine.kill()
    say("second was killed:", isinstance(second.exception(5), WorkerKilledError))
    late = engine.start(tell, Job(Path(folder), "late"))
    say("late was killed:", isinstance(late.exception(5), WorkerKilledError))
    engine.close()
    left = [one for one in psutil.Process().children(recursive=True) if not _tracks(one)]
    say("left:", left)


def _tracks(process: psutil.Process) -> bool:
    """Whether it is Python's own resource tracker, or loky's: they go with this process."""
    try:
        return any("resource_tracker" in word for word in process.cmdline())
    except psutil.NoSuchProcess:
        return True


if __name__ == "__main__":
    main(*sys.argv[1:])
