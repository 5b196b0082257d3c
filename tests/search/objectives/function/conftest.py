"""Functions of a user: a folder of theirs, an interpreter without klayer, and trials by them."""

import os
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from search.objectives.function.host_process import Host

ROOT = Path(__file__).parents[4]
POINT = {"learning_rate": 0.1, "optimizer": "adam", "layers": 3, "nesterov": True}

Users = Callable[..., Host]


@pytest.fixture(scope="session")
def users_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter with the standard library and nothing else."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return str(folder / "bin/python")


@pytest.fixture
def users(tmp_path: Path, users_python: str) -> Iterator[Users]:
    """Writes train.py into the test's folder; the host of its function `train`.

    Klayer's own packages are on the path of the user's interpreter, to be found by mistake.
    """
    hosts: list[Host] = []

    def made(
        source: str = "",
        function: str = "train.py:train",
        *,
        python: str = users_python,
        cohort: bool = False,
        **environment: str,
    ) -> Host:
        if source:
            (tmp_path / "train.py").write_text(source)
        surroundings = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        hosts.append(Host(function, python, tmp_path, surroundings, cohort=cohort))
        return hosts[-1]

    yield made
    for host in hosts:
        host.close()


def training(
    host: Host, count: int = 1, folders: Sequence[Path] = ()
) -> Generator[tuple[int, Any] | None, None, list[Any]]:
    """A trial of `POINT`, or a cohort of such, with seeds from 7."""
    points = [POINT | {"layers": 3 + place} for place in range(count)]
    seeds = range(7, 7 + count)
    return host.train(points, list(seeds), list(folders) or [None] * count, tick_seconds=0.5)


def trained(host: Host, count: int = 1, folders: Sequence[Path] = ()) -> tuple[list[Any], Any]:
    """What was reported, in order, and what was returned."""
    reports = []
    with closing(training(host, count, folders)) as trial:
        while True:
            try:
                report = next(trial)
            except StopIteration as end:
                return reports, end.value
            if report is not None:
                reports.append(report)
