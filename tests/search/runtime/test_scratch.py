"""Folders of living processes stay, those of killed ones go."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from search.runtime.scratch import scratch, sweep

PREFIX = "klayer-trial-"
HOLDS = """
import time
from search.runtime.scratch import scratch
with scratch("klayer-trial-") as folder:
    (folder / "weights").write_text("x")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_a_folder_is_gone_once_it_is_not_used_any_more(tmp_path: Path) -> None:
    with scratch("klayer-trial-") as folder:
        (folder / "deep").mkdir()
        assert folder.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_killed_process_is_swept_and_that_of_a_living_one_is_not() -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLDS], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        folder = Path(process.stdout.readline().strip())
        sweep(PREFIX, least_age_seconds=0)
        assert (folder / "weights").exists()
        process.send_signal(signal.SIGKILL)
    sweep(PREFIX)
    assert folder.exists(), "it is young"
    sweep(PREFIX, least_age_seconds=0)
    assert not folder.exists()


def test_it_may_lie_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / f"{PREFIX}left").mkdir()
    (tmp_path / f"{PREFIX}elsewhere").mkdir()
    sweep(PREFIX, tmp_path / "here", least_age_seconds=0)
    with scratch(PREFIX, tmp_path / "here") as folder:
        assert list((tmp_path / "here").iterdir()) == [folder]
    assert (tmp_path / f"{PREFIX}elsewhere").exists()


def test_nothing_else_is_swept(tmp_path: Path) -> None:
    (tmp_path / "klayer-trials").mkdir()
    (tmp_path / "klayer-trial-file").write_text("x")
    (tmp_path / "klayer-trial-link").symlink_to(tmp_path / "klayer-trials")
    sweep(PREFIX, least_age_seconds=0)
    assert {one.name for one in tmp_path.iterdir()} == {
        "klayer-trials",
        "klayer-trial-file",
        "klayer-trial-link",
    }
