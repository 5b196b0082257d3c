"""The process of a function from trial to trial: stopped, failed, killed, replaced, never left."""

import os
import signal
import statistics
import subprocess
import sys
import textwrap
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from search.objectives.declared.trials import Paused
from search.objectives.faults import DoubtfulError, TrialError
from search.objectives.function import host_process
from search.objectives.function.host_process import FunctionError
from tests.search.objectives.conftest import WAIT_SECONDS, is_there, pids_in, wait_until
from tests.search.objectives.function.conftest import ROOT, Users, trained, training

PID = "import os\ndef train(parameters, seed, report): return os.getpid()\n"
# By its seed's file, a function that does something once, and else returns its process id.
ONCE = """
import os, signal, sys
from pathlib import Path

def train(parameters, seed, report):
    if not Path("done").exists():
        Path("done").touch()
        print("the last words")
        {line}
    return os.getpid()
"""


def test_one_process_serves_all_trials(users: Users) -> None:
    host = users(PID)
    pids = {trained(host)[1][0] for _ in range(5)}
    assert len(pids) == 1
    assert is_there(*pids)
    host.close()
    assert not is_there(*pids)
    assert trained(host)[1][0] not in pids  # closed, it starts anew


def test_a_trial_costs_little_beside_what_the_function_does(users: Users) -> None:
    host, seconds = users(PID), []
    host.check()
    for _ in range(200):
        begun = time.perf_counter()
        trained(host)
        seconds.append(time.perf_counter() - begun)
    assert statistics.median(seconds) < 0.005  # 0.1 ms on a quiet machine


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("sys.exit(3)", "train.py:train raised SystemExit: 3"),
        ("raise MemoryError", "train.py:train raised MemoryError"),
        ("os._exit(0)", "the process of train.py:train ended with exit status 0"),
        ("os._exit(4)", "the process of train.py:train ended with exit status 4"),
        (
            "os.kill(os.getpid(), signal.SIGKILL)",
            "the process of train.py:train was ended by SIGKILL, as the system does where memory "
            "runs out",
        ),
        (
            "import ctypes; ctypes.string_at(0)",
            "the process of train.py:train was ended by SIGSEGV",
        ),
    ],
)
def test_a_process_that_dies_fails_its_trial_and_is_replaced(
    users: Users, line: str, reason: str
) -> None:
    host = users(ONCE.format(line=line))
    with pytest.raises(TrialError) as caught:
        trained(host)
    assert caught.value.reason == reason
    assert "the last words" in caught.value.output
    first = trained(host)
    assert first == trained(host)


def test_an_exception_leaves_the_process_as_it_is(users: Users) -> None:
    host = users("import os\n" + ONCE.format(line="raise ValueError(os.getpid())"))
    with pytest.raises(TrialError) as caught:
        trained(host)
    assert caught.value.reason.split()[-1] == str(trained(host)[1][0])


def test_the_working_folder_and_the_output_are_those_of_the_first_trial(
    users: Users, tmp_path: Path
) -> None:
    host = users("""
import os, sys

def train(parameters, seed, report):
    print("begins in", os.getcwd())
    report(loss=os.getpid())
    sys.stderr.close()
    sys.stdout = None
    os.close(1)
    os.chdir("/")
""")
    first, second = trained(host), trained(host)
    assert first == second
    assert host.printed == f"begins in {tmp_path}"


def test_a_trial_that_leaves_its_output_elsewhere_does_so_for_itself_alone(users: Users) -> None:
    host = users("""
import io, sys

def train(parameters, seed, report):
    print("begins")
    sys.stdout = io.StringIO()
    print("is lost")
    return 1
""")
    for _ in range(2):
        trained(host)
        assert host.printed == "begins"


def test_where_two_trials_raise_in_one_process_the_second_is_in_doubt(users: Users) -> None:
    host = users("""
import os

broken = []

def train(parameters, seed, report):
    if not os.path.exists("done"):
        open("done", "w").close()
        broken.append("by the first")
    if broken:
        raise ValueError(broken)
    return 1
""")
    for kind in (TrialError, DoubtfulError):
        with pytest.raises(TrialError, match="by the first") as caught:
            trained(host)
        assert type(caught.value) is kind
    assert trained(host) == ([], [1])  # in a new process


def test_a_process_that_dies_between_trials_fails_none(users: Users) -> None:
    host = users(PID)
    first = trained(host)[1][0]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not is_there(first))
    assert trained(host)[1][0] != first


def test_output_is_read_to_its_last_lines_and_never_taken_for_reports(users: Users) -> None:
    host = users("""
import sys

def train(parameters, seed, report):
    for line in range(20_000):
        print(line, '{"place": 0, "record": {}}' * 3)
    report(loss=1)
    print("ä last", file=sys.stderr, end="")
    raise ValueError("enough")
""")
    with pytest.raises(TrialError) as caught:
        trained(host)
    before, _, traceback = caught.value.output.partition("Traceback")
    assert before.splitlines()[-1] == "ä last"
    assert before.splitlines()[-2].startswith("19999 ")
    assert len(before) < 5000
    assert traceback.endswith("ValueError: enough")


def test_an_error_shows_what_its_own_trial_printed(users: Users) -> None:
    host = users("""
def train(parameters, seed, report):
    print("trial", len(trials))
    trials.append(seed)
    if len(trials) > 1:
        raise ValueError

trials = []
""")
    trained(host)
    with pytest.raises(TrialError) as caught:
        trained(host)
    assert caught.value.output.startswith("trial 1\n")


def test_silence_is_broken_by_ticks_also_while_it_loads(users: Users) -> None:
    host = users("""
import time
time.sleep(0.3)

def train(parameters, seed, report):
    time.sleep(0.3)
    report(loss=1)
""")
    with closing(host.train([{}], [0], [None], tick_seconds=0.01)) as trial:
        said = list(trial)
    assert [one for one in said if one is not None] == [(0, {"step": 1, "loss": 1})]
    assert len(said) > 10


STOPPED = """
import os, sys, time
from pathlib import Path

def train(parameters, seed, report):
    if Path("told").exists():
        return os.getpid()
    Path("pid").write_text(f"{os.getpid()}\\n")
    try:
        while True:
            report(loss=1)
            time.sleep(0.001)
    finally:
        Path("told").write_text(sys.exc_info()[0].__name__)
"""


def test_closing_a_trial_unwinds_the_function_and_keeps_the_process(
    users: Users, tmp_path: Path
) -> None:
    host = users(STOPPED)
    with closing(training(host)) as trial:
        while next(trial) is None:
            pass
    assert (tmp_path / "told").read_text() == "TrialStopped"
    assert trained(host) == ([], [int((tmp_path / "pid").read_text())])


def test_closing_a_generators_trial_closes_the_generator(users: Users, tmp_path: Path) -> None:
    host = users(STOPPED.replace("report(loss=1)", 'yield {"loss": 1}'))
    with closing(training(host)) as trial:
        while next(trial) is None:
            pass
    assert (tmp_path / "told").read_text() == "GeneratorExit"
    assert trained(host) == ([], [int((tmp_path / "pid").read_text())])


@pytest.mark.parametrize(
    "signals_blocked",
    [
        "time.sleep(100)",
        "while True:\n            try: report(loss=1)\n            except BaseException: pass",
    ],
)
def test_a_function_that_does_not_stop_is_ended_with_its_process(
    users: Users, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signals_blocked: str
) -> None:
    monkeypatch.setattr(host_process, "STOP_SECONDS", 0.2)
    host = users(f"""
import os, time
from pathlib import Path

def train(parameters, seed, report):
    if not Path("pid").exists():
        Path("pid").write_text(f"{{os.getpid()}}\\n")
        report(loss=1)
        {signals_blocked}
    return os.getpid()
""")
    with closing(training(host)) as trial:
        while next(trial) is None:
            pass
    (pid,) = pids_in(tmp_path / "pid", 1)
    assert not is_there(pid)
    assert trained(host)[1][0] != pid


def test_a_trial_that_is_closed_while_the_function_loads_lets_it_load(
    users: Users, tmp_path: Path
) -> None:
    host = users("""
import os, time
from pathlib import Path

with Path("loads").open("a") as file:
    print(os.getpid(), file=file)
time.sleep(0.5)

def train(parameters, seed, report):
    return os.getpid()
""")
    with closing(host.train([{}], [0], [None], tick_seconds=0.01)) as trial:
        assert next(trial) is None
    assert trained(host)[1] == pids_in(tmp_path / "loads", 1)


CHILDREN = """
import multiprocessing, os, time
from pathlib import Path

def sleep():
    with Path("pids").open("a") as file:
        print(os.getpid(), file=file)
    time.sleep(300)

def train(parameters, seed, report):
    with Path("pids").open("a") as file:
        print(os.getpid(), file=file)
    for method in ("spawn", "fork"):
        multiprocessing.get_context(method).Process(target=sleep, daemon=method == "fork").start()
    while Path("pids").read_text().count("\\n") < 3:
        time.sleep(0.01)
    {line}
"""


@pytest.mark.parametrize("line", ["return 1", "os._exit(1)", "os.kill(os.getpid(), 9)"])
def test_children_of_a_function_end_with_its_process(
    users: Users, tmp_path: Path, line: str
) -> None:
    host = users(CHILDREN.format(line=line))
    if line == "return 1":
        trained(host)
        host.close()
    else:
        with pytest.raises(TrialError):
            trained(host)
    pids = pids_in(tmp_path / "pids", 3)
    assert not [pid for pid in pids if is_there(pid)]


@pytest.mark.parametrize("line", ["return 1", "time.sleep(300)"])
def test_a_killed_worker_leaves_no_process(tmp_path: Path, users_python: str, line: str) -> None:
    (tmp_path / "train.py").write_text(CHILDREN.format(line=line))
    worker = f"""
import os, time
from pathlib import Path
from search.objectives.function.host_process import Host

host = Host("train.py:train", {users_python!r}, Path({str(tmp_path)!r}), dict(os.environ))
list(host.train([{{}}], [0], [None], 1.0))
time.sleep(300)
"""
    with subprocess.Popen(
        [sys.executable, "-c", worker], env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as process:
        pids = pids_in(tmp_path / "pids", 3)
        time.sleep(0.2)  # the trial that returns has been answered
        process.kill()
    begun = time.monotonic()
    wait_until(lambda: not [pid for pid in pids if is_there(pid)])
    assert time.monotonic() - begun < WAIT_SECONDS


@pytest.mark.parametrize(
    ("python", "message"),
    [
        (".venv/bin/python", 'could not be started: the program ".venv/bin/python" was not found'),
        ("false", "ended with exit status 1 (before the function was loaded; it takes Python 3.9"),
    ],
)
def test_an_interpreter_that_is_none_is_one_clear_message(
    users: Users, python: str, message: str
) -> None:
    host = users(PID, python=python)
    with pytest.raises(FunctionError) as caught:
        host.check()
    assert message in caught.value.reason
    assert caught.value.reason.startswith("the process of train.py:train ")


def test_a_relative_interpreter_is_that_of_the_users_folder(
    users: Users, tmp_path: Path, users_python: str
) -> None:
    (tmp_path / ".venv").symlink_to(Path(users_python).parents[1])
    assert trained(
        users("def train(parameters, seed, report): return 1", python=".venv/bin/python")
    )


def test_trials_are_stopped_by_the_report_of_the_last_step_that_is_asked_for(
    users: Users, tmp_path: Path
) -> None:
    source = """
        def train(points, seeds, report):
            for step in range(1, 9):
                for place in (0, 1):
                    report(place, step=step * (1 + place), loss=1)
                    with open("log", "a") as log: log.write(f"{place} {step}\\n")
    """
    host = users(textwrap.dedent(source), cohort=True)
    points: list[dict[str, object]] = [{}, {}]
    with closing(host.train(points, [1, 2], [None, None], 0.5, until=3)) as trial:
        seen = [one[0] for one in trial if one is not None]
    assert seen == [0, 1, 0, 1, 0]
    assert (tmp_path / "log").read_text().splitlines() == ["0 1", "1 1", "0 2", "1 2"]


@pytest.mark.parametrize("line", ["os._exit(4)", "return 0.5", "raise ValueError"])
def test_what_ends_while_it_is_to_be_held_still_ends_as_ever(users: Users, line: str) -> None:
    host = users(f"""
import os, time
def train(parameters, seed, report):
    for step in range(3):
        report(loss=step)
        time.sleep(0.3)
    {line}
""")
    training = host.train([{}], [1], [None], 0.5, pause=lambda: True)
    steps, stood = [], 0
    reason = {"os._exit(4)": "exit status 4", "raise ValueError": "ValueError"}.get(line)
    with ExitStack() as stack:
        if reason:
            stack.enter_context(pytest.raises(TrialError, match=reason))
        for event in training:
            if isinstance(event, Paused):
                stood += 1
                steps += [record["loss"] for _, record in event.records]
            elif event is not None:
                steps.append(event[1]["loss"])
    assert steps == [0, 1, 2]
    assert stood >= 2
