"""Promises 1 and 2 for a program of the user's own: no trial lost, no process left behind."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.faults.databases import mostly_postgresql
from tests.faults.outcome import Table
from tests.faults.runs import HERE, Run, kill_every, kill_everything, kill_now_and_then
from tests.faults.watch import lapse, wait_until

Begin = Callable[..., Run]
AssertWhole = Callable[..., None]
STUDY = HERE / "program.toml"
LONG = ("stages.coarse.trials=200",)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """The study beside its program, in a folder of its own, by which its processes are known."""
    for name in ("program.toml", "program.sh"):
        (tmp_path / name).write_text((HERE / name).read_text())
    return tmp_path / "program.toml"


@pytest.fixture
def expected(undisturbed: Callable[..., Table]) -> Table:
    """The table of the search that nothing befalls."""
    return undisturbed(STUDY)


def programs(study: Path) -> list[int]:
    """Process ids of the programs that run in the study's folder."""
    found = []
    for one in psutil.process_iter():
        try:
            if one.cwd() == str(study.parent) and "program.sh" in " ".join(one.cmdline()):
                found.append(one.pid)
        except psutil.Error:
            continue
    return found


@pytest.mark.long
@mostly_postgresql
def test_workers_killed_amid_a_program(
    begin: Begin, study: Path, expected: Table, assert_whole: AssertWhole
) -> None:
    run = begin(2, study)
    killed = kill_now_and_then(run, 3)
    assert run.end() == (0, "")
    assert killed == 3
    assert_whole(run.storage, expected, "SIGKILL of a worker amid a program of the user's", killed)
    wait_until(lambda: not programs(study), "the programs of killed workers to end")


@pytest.mark.long
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_everything_killed_leaves_no_program_and_goes_on(
    begin: Begin, study: Path, expected: Table, assert_whole: AssertWhole
) -> None:
    run = begin(2, study)
    assert run.wait_for(run.watch.is_training, "training"), run.end()
    kill_everything(run, run.workers())
    wait_until(lambda: not programs(study), "the programs of killed workers to end")
    run.watch.close()
    lapse(run.storage)
    run = begin(2, study)
    assert run.end() == (0, "")
    fault = "SIGKILL of a launcher and its workers amid programs of the user's"
    assert_whole(run.storage, expected, fault)


@pytest.mark.long
def test_a_worker_killed_every_second(
    begin: Begin, study: Path, undisturbed: Callable[..., Table], assert_whole: AssertWhole
) -> None:
    expected = undisturbed(STUDY, *LONG)
    run = begin(4, study, *LONG)
    killed = kill_every(run, 1.0)
    assert run.end() == (0, "")
    assert killed > 5
    fault = "SIGKILL of a random worker each second, programs of the user's"
    assert_whole(run.storage, expected, fault, killed)
    wait_until(lambda: not programs(study), "the programs of killed workers to end")
