"""What the tests of engines let workers run. Jobs and tests speak through files of one folder."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from search.errors import DataError

LONGEST_SECONDS = 60.0
PASSWORD = "s3cret-of-the-job"  # of no account


@dataclass(frozen=True)
class Job:
    """A job that may hold a password, and shows it to whoever prints the job.

    Attributes:
        folder: Where files are written, and waited for.
        name: Of this job, and of its file.
        storage: Stands for a URL with a password.
    """

    folder: Path
    name: str
    storage: str = f"postgresql://anna:{PASSWORD}@db/klayer"

    @property
    def note(self) -> Path:
        """The file that the job writes when it runs."""
        return self.folder / f"{self.name}.txt"

    @property
    def go(self) -> Path:
        """The file that lets it end."""
        return self.folder / f"{self.name}.go"


def write(job: Job, text: str) -> None:
    """Write the job's file, as a whole or not at all."""
    part = job.note.with_suffix(f".{os.getpid()}")
    part.write_text(text)
    part.rename(job.note)


def wait_for(*paths: Path) -> None:
    """Wait until files are there."""
    until = time.monotonic() + LONGEST_SECONDS
    while not all(path.exists() for path in paths):
        if time.monotonic() > until:
            raise TimeoutError(f"waited {LONGEST_SECONDS:g} s for {paths}")
        time.sleep(0.01)


def tell(job: Job) -> None:
    """Tell the process."""
    write(job, str(os.getpid()))


def stay(job: Job) -> None:
    """Tell the process, and stay until it may go."""
    tell(job)
    wait_for(job.go)


def tell_threads(job: Job) -> None:
    """Tell how many threads BLAS has."""
    import numpy as np
    from threadpoolctl import threadpool_info

    np.ones((2, 2)) @ np.ones((2, 2))
    write(job, str([one["num_threads"] for one in threadpool_info()]))


def fail(job: Job) -> None:
    """Raise an error of klayer's own."""
    raise DataError(f"{job.name}: no images")


def fail_loudly(job: Job) -> None:
    """Raise an error that nobody foresaw."""
    raise ZeroDivisionError(job.name)


def die(job: Job) -> None:
    """End the process as the system does which is out of memory."""
    tell(job)
    os.kill(os.getpid(), signal.SIGKILL)
