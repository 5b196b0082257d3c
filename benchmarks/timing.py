"""Timed things in processes of their own, one BLAS thread each, that start together."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[1]
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
# What a shell may have set of a BLAS: a preset kernel would be measured for the BLAS's own choice.
BLAS_SETTINGS = ("OPENBLAS_", "OMP_", "MKL_", "KMP_", "VECLIB_", "KLAYER_BLAS_")


class NotMeasuredError(Exception):
    """A contender does not run here; the message is the reason."""


@dataclass(frozen=True)
class Work:
    """One timed thing.

    Attributes:
        label: What tables call it.
        module: Of `benchmarks.contenders`; its `steps` are timed.
        options: What `steps` is given besides folder and problem.
        kernels: OPENBLAS_CORETYPE of its process; "" lets the BLAS choose.
    """

    label: str
    module: str
    options: Mapping[str, Any] = field(default_factory=dict)
    kernels: str = ""


def environment(kernels: str = "", *, threads: bool = True) -> dict[str, str]:
    """This process's environment for a child, without what would set up a BLAS otherwise.

    Args:
        kernels: OPENBLAS_CORETYPE, or "" for what the BLAS chooses.
        threads: Whether the child is told to use one BLAS thread; klayer says so itself.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith(BLAS_SETTINGS)}
    chosen = {"OPENBLAS_CORETYPE": kernels} if kernels else {}
    return kept | (ONE_THREAD if threads else {}) | chosen


def measure(work: Work, given: Mapping[str, Any], processes: int, times: int) -> list[list[float]]:
    """Seconds of each of `times` steps, in each of `processes` processes that start together.

    Args:
        work: What to do.
        given: Options that all contenders get, besides the work's own.
        processes: How many at once.
        times: Timed steps of each.

    Raises:
        NotMeasuredError: The work failed; the reason is the last line that it wrote.
    """
    task = {
        "module": f"benchmarks.contenders.{work.module}",
        "options": {**given, **work.options},
        "times": times,
    }
    command = [sys.executable, "-m", "benchmarks.child", json.dumps(task)]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        children = [
            subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(work.kernels),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            for _ in range(processes)
        ]
        try:
            for child in children:
                if _line(child, errors) != "ready":
                    raise NotMeasuredError(_last_line(errors))
            for child in children:
                _tell(child)
            return [json.loads(_line(child, errors))["seconds"] for child in children]
        finally:
            for child in children:
                child.kill()
                child.communicate()


def output(command: Sequence[str], most_seconds: float, kernels: str = "") -> str:
    """What a command writes on standard output, run as `measure` runs its work.

    Args:
        command: The program and its arguments.
        most_seconds: After which it is ended, with all processes that it started.
        kernels: As of `environment`.

    Raises:
        NotMeasuredError: It failed, or took too long.
    """
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(kernels),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a group of its own, to be ended with its children
    )
    try:
        out, errors = child.communicate(timeout=most_seconds)
    except BaseException as error:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise NotMeasuredError(f"not finished after {most_seconds:g} seconds") from None
        raise
    if child.returncode:
        lines = errors.strip().splitlines()
        raise NotMeasuredError(lines[-1] if lines else f"exit status {child.returncode}")
    return out


def _line(child: "subprocess.Popen[str]", errors: IO[str]) -> str:
    line = child.stdout.readline().strip() if child.stdout else ""
    if not line:
        child.wait()
        raise NotMeasuredError(_last_line(errors))
    return line


def _tell(child: "subprocess.Popen[str]") -> None:
    if child.stdin:
        child.stdin.write("go\n")
        child.stdin.flush()


def _last_line(errors: IO[str]) -> str:
    errors.seek(0)
    lines = [line.strip() for line in errors if line.strip()]
    return lines[-1] if lines else "its process ended without a word"
