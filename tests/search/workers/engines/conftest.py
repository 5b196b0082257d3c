"""Engines that tests open, and the folders that these would else leave behind."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
TOKEN = secrets.token_hex(32)


@pytest.fixture(scope="module", autouse=True)
def _surroundings() -> Iterator[None]:
    """What processes inherit that engines start: where tests are found, and where to write."""
    # Ray's sockets lie in its folder, and their paths may have 107 characters.
    folder = tempfile.mkdtemp(prefix="klayer-")
    with pytest.MonkeyPatch.context() as patch:
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        patch.setenv("PYTHONPATH", os.pathsep.join(paths))
        patch.setenv("RAY_TMPDIR", folder)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_AUTH_MODE", "token")  # nobody else on this machine is to use these
        patch.setenv("RAY_AUTH_TOKEN", TOKEN)
        patch.setenv("DASK_TEMPORARY_DIRECTORY", folder)
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            patch.delenv(name, raising=False)  # the tests' own, which would do an engine's work
        yield
    shutil.rmtree(folder, ignore_errors=True)
