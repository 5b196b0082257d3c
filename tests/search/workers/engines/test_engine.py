"""What every engine promises, of all three, with real processes on this machine."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import get_args

import psutil
import pytest

from search.errors import DataError
from search.workers.engines import Engine, EngineError, WorkerKilledError, open_engine
from search.workers.engines.engine import EngineName
from tests.search.workers.engines.jobs import (
    LONGEST_SECONDS,
    PASSWORD,
    Job,
    die,
    fail,
    fail_loudly,
    stay,
    tell,
    tell_threads,
    wait_for,
)

ENGINES: tuple[EngineName, ...] = get_args(EngineName)
SOON_SECONDS = 20.0
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"  # sockets that Dask and Ray leave open
)
# To start Ray takes ten seconds; `test_engine_searches.py` tries it each time.
PARAMETERS = [pytest.param(one, marks=pytest.mark.long) if one == "ray" else one for one in ENGINES]
every = pytest.mark.parametrize("name", PARAMETERS)


@pytest.fixture(scope="module", params=PARAMETERS)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each of them, for three workers."""
    with closing(open_engine(request.param, 3)) as opened:
        yield opened


@pytest.fixture
def job(tmp_path: Path) -> Callable[[str], Job]:
    """Makes a job of that name."""
    return lambda name: Job(tmp_path, name)


Jobs = Callable[[str], Job]


def test_a_job_runs_in_another_process_with_one_thread(engine: Engine, job: Jobs) -> None:
    engine.start(tell, job("process")).result(LONGEST_SECONDS)
    assert int(job("process").note.read_text()) != os.getpid()
    engine.start(tell_threads, job("threads")).result(LONGEST_SECONDS)
    assert job("threads").note.read_text() == "[1]"


def test_what_a_job_raises_arrives_as_it_is(engine: Engine, job: Jobs) -> None:
    with pytest.raises(DataError, match=r"^wrong: no images$"):
        engine.start(fail, job("wrong")).result(LONGEST_SECONDS)


def test_the_password_of_a_job_that_fails_is_shown_nowhere(
    engine: Engine,
    job: Jobs,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(0)
    failed = [engine.start(function, job("bad")) for function in (fail_loudly, die)]
    shown = "".join(repr(one.exception(LONGEST_SECONDS)) for one in failed)
    time.sleep(1)  # what an engine prints comes by another way
    shown += "".join(capfd.readouterr()) + caplog.text
    assert PASSWORD in job("bad").storage
    assert PASSWORD not in shown


def test_several_run_at_once_and_the_death_of_one_is_its_own(engine: Engine, job: Jobs) -> None:
    jobs = [job(name) for name in ("one", "two", "three")]
    futures = [engine.start(stay, one) for one in jobs]
    wait_for(*(one.note for one in jobs))
    processes = [int(one.note.read_text()) for one in jobs]
    assert len(set(processes)) == 3

    os.kill(processes[1], signal.SIGKILL)
    with pytest.raises(WorkerKilledError):
        futures[1].result(SOON_SECONDS)
    assert [one.done() for one in futures] == [False, True, False]

    fourth = engine.start(stay, job("four"))
    wait_for(job("four").note)
    for one in (jobs[0], jobs[2], job("four")):
        one.go.touch()
    for future in (futures[0], futures[2], fourth):
        future.result(LONGEST_SECONDS)
    assert [int(one.note.read_text()) for one in jobs] == processes  # none was run again


def test_an_engine_knows_whose_child_a_worker_is(engine: Engine, job: Jobs) -> None:
    """Else a worker cannot see that its launcher is gone."""
    future = engine.start(stay, job("child"))
    wait_for(job("child").note)
    process = psutil.Process(int(job("child").note.read_text()))
    assert engine.parent in (None, process.ppid())
    job("child").go.touch()
    future.result(LONGEST_SECONDS)


@pytest.fixture
def deserted(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Begins `deserted.py`, and waits until its jobs run; what is left in the end is killed."""
    begun: list[subprocess.Popen[str]] = []
    families: list[psutil.Process] = []

    def begin(name: str) -> subprocess.Popen[str]:
        script = Path(__file__).with_name("deserted.py")
        begun.append(
            subprocess.Popen(
                [sys.executable, str(script), name, str(tmp_path)],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        )
        wait_for(*(Job(tmp_path, one).note for one in ("first", "second")))
        families.extend(psutil.Process(begun[-1].pid).children(recursive=True))
        return begun[-1]

    yield begin
    for process in begun:
        with process:
            process.kill()
    for one in families:  # Ray's agents outlast a killed launcher
        with suppress(psutil.NoSuchProcess):
            one.kill()


@every
def test_workers_hear_no_ctrl_c_and_nothing_outlasts_the_engine(
    name: EngineName, job: Jobs, deserted: Callable[[str], subprocess.Popen[str]]
) -> None:
    process = deserted(name)
    family = psutil.Process(process.pid).children(recursive=True)
    workers = [psutil.Process(int(job(one).note.read_text())) for one in ("first", "second")]
    for number in (signal.SIGINT, signal.SIGHUP):
        os.killpg(process.pid, number)
    time.sleep(0.3)
    assert all(one.is_running() for one in workers)

    job("first").go.touch()
    said, _ = process.communicate(timeout=LONGEST_SECONDS)
    assert said.splitlines() == [
        "first: None",
        "second is running: True",
        "second was killed: True",
        "late was killed: True",
        "left: []",
    ]
    assert not job("late").note.exists()
    assert not psutil.wait_procs([*family, *workers], SOON_SECONDS)[1]


@pytest.mark.parametrize("name", ["dask", pytest.param("ray", marks=pytest.mark.long)])
def test_no_worker_outlasts_a_launcher_that_is_killed(
    name: EngineName, job: Jobs, deserted: Callable[[str], subprocess.Popen[str]]
) -> None:
    """loky's workers see it by themselves, as `tests/faults` shows."""
    process = deserted(name)
    workers = [psutil.Process(int(job(one).note.read_text())) for one in ("first", "second")]
    process.kill()
    assert not psutil.wait_procs(workers, SOON_SECONDS)[1]


def test_loky_has_no_address() -> None:
    with pytest.raises(EngineError, match=r"^--address: tcp://host:8786: loky runs on this mach"):
        open_engine("loky", 1, "tcp://host:8786")


@pytest.mark.parametrize(("name", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_an_engine_that_is_not_installed_says_how_to_install_it(
    name: EngineName, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (f"search.workers.engines.{name}", package):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, package, None)  # a stand-in for what is not there
    with pytest.raises(EngineError, match=rf"^--engine: {name} is not .*'klayer\[{name}\]'$"):
        open_engine(name, 1)
