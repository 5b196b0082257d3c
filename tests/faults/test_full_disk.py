"""The disk of SQLite's file is full amid a search: one message, and with space again it goes on."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.outcome import Table
from tests.faults.runs import Run
from tests.faults.watch import lapse

DATABASE_FAILED = 1
MEGABYTE = 1 << 20

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a file system")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def storage(disk: Path) -> str:
    """A database on it."""
    return f"sqlite:///{disk}/tiny.db"


def fill(disk: Path) -> None:
    """Leave no byte of it."""
    with (disk / "ballast").open("ab", buffering=0) as ballast:
        size = MEGABYTE
        while size:
            try:
                ballast.write(b"\0" * size)
            except OSError:
                size //= 2


@pytest.mark.long
def test_a_full_disk_ends_the_run_with_one_message_and_loses_nothing(
    begin: Callable[..., Run], disk: Path, expected: Table, assert_whole: Callable[..., None]
) -> None:
    for _ in range(2):
        run = begin(2)
        assert run.wait_for(run.watch.is_training, "training"), run.end()
        fill(disk)
        status, said = run.end()
        assert status == DATABASE_FAILED, said
        assert said.count("\n") == 1, said
        assert "the database failed" in said
        assert "the same command goes on" in said
        (disk / "ballast").unlink()
        lapse(run.storage)
    run = begin(2)
    assert run.end() == (0, "")
    assert_whole(run.storage, expected, "disk full, then space again", 2)
