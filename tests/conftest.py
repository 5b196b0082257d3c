"""What must hold before any test module is loaded."""

import gc
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from search.runtime import blas

if TYPE_CHECKING:
    from tests.postgresql import Server

# One thread, as the service's workers have: on small arrays more threads only cost time. A BLAS
# reads it when it is loaded, so before NumPy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# The kernels that klayer's own processes take: numbers of both are compared bit for bit.
blas.set_kernels(os.environ)

# Those who run the tests in colours (continuous integration does) have said nothing of what klayer
# writes to pipes. Typer looks at these when its help is first shown, Rich whenever it writes.
for _forced in ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS", "TTY_COMPATIBLE"):
    os.environ.pop(_forced, None)

# Files of these folders share a fixture that takes long: one process runs them all.
TOGETHER = ("tests/search/reproduce/",)
# Files whose tests take longest, most of it waiting for processes, pages and servers: they come
# first, so that none is left alone at the end while the other processes have nothing to do.
FIRST = (
    "tests/search/views/dashboard/pages/test_app_in_browser.py",
    "tests/docs/test_readme.py",
    "tests/search/workers/engines/",
    "tests/faults/",
    "tests/docs/",
    "tests/search/cli/",
    "tests/search/objectives/command/",
)
LONG_SECONDS = 1800  # for a test that is marked as long; for others see pyproject.toml


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give long tests the time that they need, and put the slowest files first."""
    for item in items:
        if item.get_closest_marker("long") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(LONG_SECONDS))
    items.sort(key=_place)


def pytest_collection_finish() -> None:
    """Spare the garbage collector thousands of tests, which stay to the end, at each of its rounds.

    A sixteenth of the processor's time goes with it.
    """
    gc.freeze()


def _place(item: pytest.Item) -> int:
    """Where the file of a test comes among all."""
    return next((at for at, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each file to one process, as `--dist loadfile` does, and the folders of TOGETHER."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = str(super()._split_scope(nodeid))
            return next((folder for folder in TOGETHER if file.startswith(folder)), file)

    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache folder of the tests' own, also for the processes that they start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def postgresql() -> Iterator["Server"]:
    """A PostgreSQL server for all tests that ask for one; each makes databases of its own in it."""
    from tests.postgresql import Server  # not for tests without it: psycopg takes a while

    with Server() as server:
        yield server
