"""Programs behind a guardian: their status, their surroundings, and their end when it is asked."""

import errno
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from search.objectives import supervised
from search.objectives.faults import TrialError
from search.objectives.supervised import Supervised, start, users_environment
from search.runtime.refusals import RefusedError
from tests.search.limits import no_more_files
from tests.search.objectives.conftest import WAIT_SECONDS, Script, is_there, pids_in, wait_until

Start = Callable[..., Supervised]


@pytest.fixture
def run(tmp_path: Path) -> Start:
    def begin(arguments: list[str], **environment: str) -> Supervised:
        with (tmp_path / "output").open("wb") as output:
            return start(arguments, tmp_path, {**os.environ, **environment}, output)

    return begin


def status_of(program: Supervised) -> int | None:
    with program:
        assert program.wait(WAIT_SECONDS)
    return program.poll()


def test_what_the_system_refuses_is_not_the_trial_s_fault(tmp_path: Path) -> None:
    with (tmp_path / "output").open("wb") as output:
        with (
            no_more_files(),
            pytest.raises(RefusedError, match=r'"sh" cannot be started: Too many'),
        ):
            start(["sh"], tmp_path, os.environ, output)
        assert isinstance(supervised._not_started("sh", errno.EAGAIN), RefusedError)
        assert isinstance(supervised._not_started("sh", errno.E2BIG), TrialError)


@pytest.mark.parametrize("status", [0, 1, 3, 127, 255])
def test_exit_statuses_are_relayed(run: Start, status: int) -> None:
    assert status_of(run(["sh", "-c", f"exit {status}"])) == status


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGTERM", "SIGINT", "SIGHUP", "SIGPIPE"])
def test_signals_end_the_program_as_they_would_alone(run: Start, name: str) -> None:
    number = signal.Signals[name]
    assert status_of(run(["sh", "-c", f"kill -{number.value} $$"])) == -number


def test_a_program_gets_folder_environment_arguments_and_an_empty_input(
    run: Start, tmp_path: Path
) -> None:
    command = 'pwd; echo "$GREETING $0"; cat; echo "on stderr" >&2'
    assert status_of(run(["sh", "-c", command, "an argument"], GREETING="héllo")) == 0
    assert (tmp_path / "output").read_text().splitlines() == [
        str(tmp_path.resolve()),
        "héllo an argument",
        "on stderr",
    ]


def test_passwords_and_settings_of_klayers_own_are_withheld(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("PYTHONSAFEPATH", "KLAYER_STORAGE_PASSWORD", "KLAYER_STORAGE", "OF_THE_WORKER"):
        monkeypatch.setenv(name, "secret")
    found = users_environment({"OF_THE_STUDY": "file", "KLAYER_STORAGE": "wanted"})
    assert "PYTHONSAFEPATH" not in found
    assert "KLAYER_STORAGE_PASSWORD" not in found
    assert found["OF_THE_WORKER"] == "secret"
    assert found["OF_THE_STUDY"] == "file"
    assert found["KLAYER_STORAGE"] == "wanted"
    assert found["PATH"] == os.environ["PATH"]


def test_a_program_is_a_session_of_its_own(run: Start) -> None:
    with run(["sleep", "100"]) as program:
        wait_until(lambda: program.poll() is None and program.pid is not None)
        assert program.pid is not None
        assert os.getsid(program.pid) == program.pid != os.getsid(0)


def test_files_are_kept_open_for_it_and_for_nobody_else(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    text = (
        f"import os, time; os.write({writing}, b'from the program'); os.close({writing}); "
        "time.sleep(100)"
    )
    with (tmp_path / "output").open("wb") as output:
        program = start(
            [sys.executable, "-c", text], tmp_path, dict(os.environ), output, (writing,)
        )
    os.close(writing)
    with program, os.fdopen(reading, "rb") as file:
        begun = time.monotonic()
        assert file.read() == b"from the program"  # up to the end: the guardian holds no copy
        assert time.monotonic() - begun < WAIT_SECONDS


def test_a_large_environment_arrives_whole(run: Start) -> None:
    large = {f"LARGE_{i}": "x" * 100_000 for i in range(5)}
    assert status_of(run(["sh", "-c", 'test "${#LARGE_4}" = 100000'], **large)) == 0


def test_modules_of_the_users_folder_are_not_imported(run: Start, tmp_path: Path) -> None:
    for name in ("os", "time", "signal", "ctypes", "search", "sitecustomize", "encodings"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    assert status_of(run(["sh", "-c", "exit 7"], PYTHONPATH=str(tmp_path))) == 7


def test_ending_it_ends_what_it_started(run: Start, tmp_path: Path) -> None:
    children = "sleep 100 & echo $! >> pids; setsid sleep 100 & echo $! >> pids; echo $$ >> pids"
    with run(["sh", "-c", f"{children}; wait"]):
        pids = pids_in(tmp_path / "pids", 3)
        assert all(is_there(pid) for pid in pids)
    assert not any(is_there(pid) for pid in pids)


def test_a_program_may_use_the_grace_period(run: Start, tmp_path: Path) -> None:
    command = (
        "trap 'echo saved > checkpoint; exit 5' TERM; echo $$ > pids; while :; do sleep 0.01; done"
    )
    program = run(["sh", "-c", command])
    pids_in(tmp_path / "pids", 1)
    program.end(grace_seconds=WAIT_SECONDS)
    assert program.poll() == 5
    assert (tmp_path / "checkpoint").read_text() == "saved\n"


def test_what_a_program_starts_in_the_grace_period_may_finish(run: Start, tmp_path: Path) -> None:
    save = "sleep 0.5 && echo saved > checkpoint; exit 5"
    program = run(["sh", "-c", f"trap '{save}' TERM; echo $$ > pids; while :; do sleep 0.01; done"])
    pids_in(tmp_path / "pids", 1)
    program.end(grace_seconds=WAIT_SECONDS)
    assert program.poll() == 5
    assert (tmp_path / "checkpoint").exists()


def test_a_program_that_starts_processes_all_the_time_ends_before_the_grace_period_does(
    run: Start, tmp_path: Path
) -> None:
    forks = "echo $$ > pids; while :; do sleep 100 & sleep 0.001; done"
    program = run(["sh", "-c", forks])
    pids_in(tmp_path / "pids", 1)
    begun = time.monotonic()
    program.end(grace_seconds=WAIT_SECONDS)
    assert time.monotonic() - begun < WAIT_SECONDS
    assert program.poll() == -signal.SIGTERM


def test_a_program_that_ignores_sigterm_is_killed(run: Start, tmp_path: Path) -> None:
    command = (
        "trap '' TERM; sleep 100 & echo $! >> pids; echo $$ >> pids; while :; do sleep 1; done"
    )
    program = run(["sh", "-c", command])
    pids = pids_in(tmp_path / "pids", 2)
    begun = time.monotonic()
    program.end(grace_seconds=0.3)
    assert program.poll() == -signal.SIGKILL
    assert time.monotonic() - begun >= 0.3
    assert not any(is_there(pid) for pid in pids)


def test_a_stopped_program_is_ended_too(run: Start, tmp_path: Path) -> None:
    program = run(["sh", "-c", "echo $$ > pids; kill -STOP $$"])
    (pid,) = pids_in(tmp_path / "pids", 1)
    program.end(grace_seconds=0.1)
    assert program.poll() == -signal.SIGKILL
    assert not is_there(pid)


def test_what_a_program_leaves_running_ends_with_it(run: Start, tmp_path: Path) -> None:
    left = "sleep 100 & echo $! >> pids; setsid sleep 100 & echo $! >> pids"
    assert status_of(run(["sh", "-c", f"{left}; exit 4"])) == 4
    assert not any(is_there(pid) for pid in pids_in(tmp_path / "pids", 2))


def test_ending_twice_or_late_is_harmless(run: Start) -> None:
    program = run(["true"])
    assert program.wait(WAIT_SECONDS)
    program.end()
    program.end()
    assert program.poll() == 0


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("no-such-program", 'the program "no-such-program" was not found: expected a program in '),
        ("./here/no-such-program", "was not found"),
        ("./plain.txt", "chmod"),
        ("./binary", "a script begins with a line such as #!/bin/sh"),
        ("./lost", "the interpreter that its first line names"),
        ("a\0b", "could not be started"),
    ],
)
def test_a_program_that_cannot_be_started_says_why(
    run: Start, tmp_path: Path, program: str, message: str
) -> None:
    (tmp_path / "plain.txt").write_text("echo")
    for name, text in (("binary", "\0\1\2"), ("lost", "#!/no/such/interpreter\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    with run([program]) as started, pytest.raises(TrialError, match=message):
        started.wait(WAIT_SECONDS)


def test_a_lost_working_folder_is_named(tmp_path: Path) -> None:
    with (tmp_path / "output").open("wb") as output, pytest.raises(TrialError) as caught:
        start(["true"], tmp_path / "lost", {}, output)
    assert f"its working folder {tmp_path / 'lost'} cannot be entered" in caught.value.reason


def test_a_script_is_found_from_the_working_folder(run: Start, script: Script) -> None:
    assert status_of(run(script("exit 6"))) == 6
