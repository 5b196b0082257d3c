"""Trials of real programs: shell scripts, Python, C."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from search.objectives import supervised
from search.objectives.command.program import OUTPUT, Program, TrialPlace, run
from search.objectives.declared.trials import Asked
from search.objectives.faults import TrialError
from search.objectives.supervised import GRACE_SECONDS
from tests.search.objectives.conftest import WAIT_SECONDS, is_there, pids_in, wait_until

C_PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
    double rate = atof(arguments[1]);
    FILE *report = fopen(getenv("KLAYER_REPORT"), "a");
    for (int step = 1; step <= 3; step++) {
        fprintf(report, "{\"step\": %d, \"loss\": %.17g}\n", step, rate / step);
        fflush(report);
    }
    return fclose(report);
}
"""
PYTHON_PROGRAM = """
import json, os, sys
parameters = json.load(open(os.environ["KLAYER_PARAMETERS"]))
assert parameters["rate"] == float(sys.argv[1])
with open(os.environ["KLAYER_REPORT"], "a") as report:
    for step in (1, 2, 3):
        report.write(json.dumps({"step": step, "loss": parameters["rate"] / step}) + "\\n")
"""
SHELL_PROGRAM = r"""
for step in 1 2 3; do
    awk -v rate="$1" -v step=$step >> "$KLAYER_REPORT" \
        'BEGIN { printf "{\"step\": %d, \"loss\": %.17g}\n", step, rate / step }'
done
"""
LANGUAGES = ["shell", "Python", *(["C"] if shutil.which("cc") else [])]


def test_a_program_that_prints_without_end_fills_no_disk(
    place: TrialPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.objectives.output.MOST_KEPT", 10_000)
    monkeypatch.setattr("search.objectives.output.TAIL", 100)
    prints = (
        "for i in 1 2 3 4 5 6 7 8 9; do head -c 9000 /dev/zero; echo; echo $i; sleep 0.05; done"
    )
    with pytest.raises(TrialError, match="exit status 3") as raised:
        list(run(Program(("sh", "-c", f"{prints}; sleep 0.2; exit 3"), tmp_path), place))
    assert raised.value.output.endswith("9")
    assert (place.scratch / OUTPUT).stat().st_size < 40_000  # of 81,000


@pytest.fixture
def place(tmp_path: Path) -> TrialPlace:
    checkpoints, scratch = tmp_path / "checkpoints", tmp_path / "a scratch folder"
    return TrialPlace({"rate": 0.1, "optimizer": "adam"}, 7, checkpoints, scratch)


def shell(folder: Path, text: str, *arguments: str) -> Program:
    """A program that is a shell's command; braces in it are its own."""
    return Program(("sh", "-c", text.replace("{", "{{").replace("}", "}}"), *arguments), folder)


def records(program: Program, place: TrialPlace) -> list[Mapping[str, object]]:
    return [one for one in run(program, place) if one is not None]


def failure(program: Program, place: TrialPlace) -> TrialError:
    with pytest.raises(TrialError) as caught:
        records(program, place)
    return caught.value


@pytest.mark.parametrize("language", LANGUAGES)
def test_programs_of_any_language_report(tmp_path: Path, place: TrialPlace, language: str) -> None:
    source = tmp_path / "source.c"
    source.write_text({"C": C_PROGRAM, "Python": PYTHON_PROGRAM}.get(language, SHELL_PROGRAM))
    command = [{"C": "./program", "Python": sys.executable}.get(language, "sh")]
    if language == "C":
        subprocess.run(["cc", "-o", tmp_path / "program", source], check=True)
    else:
        command.append(source.name)
    found = records(Program((*command, "{rate}"), tmp_path), place)
    assert found == [{"step": step, "loss": 0.1 / step} for step in (1, 2, 3)]


def test_a_program_is_given_what_its_trial_has(
    tmp_path: Path, place: TrialPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [one for one in os.environ if one.startswith("KLAYER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OF_THE_WORKER", "here")
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    text = """
import json, os, sys
reports = os.environ["KLAYER_REPORT"]
assert os.path.getsize(reports) == 0 and os.path.isdir(os.environ["KLAYER_CHECKPOINTS"])
told = {k: v for k, v in os.environ.items() if k.startswith(("KLAYER_", "OF_", "PYTHONS"))}
told["parameters"] = json.load(open(sys.argv[3]))
told |= {"arguments": sys.argv[1:], "folder": os.getcwd(), "input": sys.stdin.read()}
open(reports, "a").write(json.dumps(told))
"""
    (tmp_path / "tell.py").write_text(text)
    arguments = (sys.executable, "tell.py", "{seed}", "{checkpoints}", "{parameters}", "{{}}")
    program = Program(arguments, tmp_path, {"OF_THE_STUDY": "file", "KLAYER_SEED": "8"})
    scratch, checkpoints = str(place.scratch), str(place.checkpoints)
    parameters = f"{scratch}/parameters.json"
    assert records(program, place) == [
        {
            "OF_THE_WORKER": "here",
            "OF_THE_STUDY": "file",
            "KLAYER_SEED": "7",
            "KLAYER_PARAMETERS": parameters,
            "KLAYER_CHECKPOINTS": checkpoints,
            "KLAYER_REPORT": f"{scratch}/report.jsonl",
            "parameters": {"rate": 0.1, "optimizer": "adam"},
            "arguments": ["7", checkpoints, parameters, "{}"],
            "folder": str(tmp_path.resolve()),
            "input": "",
        }
    ]


def test_records_come_while_the_program_runs(tmp_path: Path, place: TrialPlace) -> None:
    report = 'echo "{\\"step\\": $0}" >> "$KLAYER_REPORT"; while ! test -e go; do sleep 0.01; done'
    trial = run(shell(tmp_path, report, "{seed}"), place, tick_seconds=0.05)
    assert next(one for one in trial if one is not None) == {"step": 7}
    assert next(trial) is None
    (tmp_path / "go").touch()
    assert set(trial) <= {None}


def test_a_silent_program_ticks_and_is_stopped_at_once(tmp_path: Path, place: TrialPlace) -> None:
    trial = run(shell(tmp_path, "echo $$ > pids; sleep 100"), place, tick_seconds=0.05)
    assert [next(trial) for _ in range(3)] == [None, None, None]
    pids = pids_in(tmp_path / "pids", 1)
    begun = time.monotonic()
    trial.close()
    assert time.monotonic() - begun < GRACE_SECONDS
    assert not any(is_there(pid) for pid in pids)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("exit 3", "the program ended with exit status 3; 0 is success"),
        ("kill -SEGV $$", "the program was ended by SIGSEGV"),
        ("kill -KILL $$", "the program was ended by SIGKILL, as the system does where memory runs"),
        ("kill -40 $$", "the program was ended by signal 40"),
    ],
)
def test_a_failed_program_says_how_and_shows_its_last_lines(
    tmp_path: Path, place: TrialPlace, end: str, reason: str
) -> None:
    report = 'echo "{\\"step\\": 1}" >> "$KLAYER_REPORT"'
    trial = run(shell(tmp_path, f"{report}; echo a word; echo a fault >&2; {end}"), place)
    assert next(one for one in trial if one is not None) == {"step": 1}
    with pytest.raises(TrialError) as caught:
        list(trial)
    assert caught.value.reason.startswith(reason)
    assert caught.value.output == "a word\na fault"


def test_a_line_at_which_a_program_broke_off_is_not_its_fault(
    tmp_path: Path, place: TrialPlace
) -> None:
    error = failure(shell(tmp_path, """printf '{"st' >> "$KLAYER_REPORT"; exit 9"""), place)
    assert "exit status 9" in error.reason


def test_a_bad_line_ends_the_program(tmp_path: Path, place: TrialPlace) -> None:
    text = 'echo $$ > pids; echo "loss: 0.4" >> "$KLAYER_REPORT"; echo said; sleep 100'
    error = failure(shell(tmp_path, text), place)
    assert "line 1 of the report file is not JSON: 'loss: 0.4'" in error.reason
    assert not is_there(pids_in(tmp_path / "pids", 1)[0])


@pytest.mark.parametrize("noise", ["", """echo '{"step": 1}' >> "$KLAYER_REPORT";"""])
def test_a_time_limit_ends_silent_and_busy_programs(
    tmp_path: Path, place: TrialPlace, noise: str
) -> None:
    program = shell(tmp_path, f"echo $$ > pids; echo busy; while :; do {noise} sleep 0.01; done")
    error = failure(replace(program, time_limit_seconds=0.5), place)
    assert error.reason == "it ran for longer than its time limit of 0.5 seconds"
    assert error.output == "busy"
    assert not is_there(pids_in(tmp_path / "pids", 1)[0])


def test_a_program_within_its_time_limit_succeeds(tmp_path: Path, place: TrialPlace) -> None:
    program = replace(shell(tmp_path, "exit 0"), time_limit_seconds=WAIT_SECONDS)
    assert records(program, place) == []


def test_a_program_that_is_not_there_is_named(tmp_path: Path, place: TrialPlace) -> None:
    error = failure(Program(("./no-such-program",), tmp_path), place)
    assert 'the program "./no-such-program" was not found' in error.reason


def test_a_program_that_this_trial_does_not_name_is_told(tmp_path: Path, place: TrialPlace) -> None:
    assert '"{conditional}"' in failure(Program(("{conditional}", "x"), tmp_path), place).reason


def test_megabytes_of_output_and_of_reports_stop_nothing(tmp_path: Path, place: TrialPlace) -> None:
    text = """
import os
with open(os.environ["KLAYER_REPORT"], "a") as report:
    for step in range(20_000):
        print("x" * 300)
        print('{"step": %d}' % step, file=report)
"""
    (tmp_path / "chatter.py").write_text(text)
    found = records(Program((sys.executable, "chatter.py"), tmp_path), place)
    assert [one["step"] for one in found] == list(range(20_000))
    assert (place.scratch / OUTPUT).stat().st_size == 20_000 * 301


def test_a_second_try_in_the_same_place_begins_with_an_empty_report(
    tmp_path: Path, place: TrialPlace
) -> None:
    program = shell(tmp_path, """echo '{"step": 1}' >> "$KLAYER_REPORT"; echo once""")
    for _ in range(2):
        assert records(program, place) == [{"step": 1}]
        assert (place.scratch / OUTPUT).read_text() == "once\n"


def test_a_killed_worker_leaves_no_process_of_its_trial(tmp_path: Path) -> None:
    worker = f"""
from pathlib import Path
from search.objectives.command.program import *
folder = Path({str(tmp_path)!r})
text = "echo $$ >> pids; setsid sleep 100 & echo $! >> pids; sleep 100 & echo $! >> pids; wait"
place = TrialPlace({{}}, 1, folder / "checkpoints", folder / "scratch")
list(run(Program(("sh", "-c", text), folder), place))
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])}
    with subprocess.Popen([sys.executable, "-c", worker], env=environment) as process:
        pids = pids_in(tmp_path / "pids", 3)
        assert all(is_there(pid) for pid in pids)
        process.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(is_there(pid) for pid in pids))


def test_parameters_are_one_json_object(tmp_path: Path, place: TrialPlace) -> None:
    assert records(Program(("true",), tmp_path), place) == []
    assert json.loads((place.scratch / "parameters.json").read_text()) == place.parameters


def test_a_program_that_does_nothing_costs_little(tmp_path: Path, place: TrialPlace) -> None:
    took = []
    for _ in range(15):
        begun = time.perf_counter()
        assert records(Program(("true",), tmp_path), place) == []
        took.append(time.perf_counter() - begun)
    assert sorted(took)[7] < 1  # 15 to 30 ms on a machine that has nothing else to do


def test_a_program_is_ended_once_it_is_enough_and_what_it_reported_is_kept(
    place: TrialPlace, tmp_path: Path
) -> None:
    text = 'for i in 1 2 3; do echo "{\\"step\\": $i}" >> $KLAYER_REPORT; done; sleep 600'
    began = time.monotonic()
    records = list(run(shell(tmp_path, text), place, asked=Asked(report_is_there(tmp_path))))
    assert [one["step"] for one in records if one is not None] == [1, 2, 3]
    assert time.monotonic() - began < 60


def report_is_there(folder: Path) -> Callable[[], bool]:
    return lambda: any(file.stat().st_size for file in folder.rglob("report.jsonl"))


def test_a_program_stands_still_while_its_checkpoints_are_copied_and_goes_on(
    place: TrialPlace, tmp_path: Path
) -> None:
    """It counts as fast as it can, and does not count while it stands still."""
    text = """
    echo $$ > pid; step=0
    while [ $step -lt 4 ]; do
        step=$((step + 1)); echo "{\\"step\\": $step}" >> "$KLAYER_REPORT"
        for i in $(seq 100); do echo $i >> "$KLAYER_CHECKPOINTS/count"; sleep 0.004; done
    done
    """
    seen, stood = [], 0
    for one in run(shell(tmp_path, text), place, asked=Asked(pause=lambda: True)):
        if not isinstance(one, list):
            seen += [] if one is None else [one["step"]]
            continue
        pid = int((tmp_path / "pid").read_text())
        assert psutil.Process(pid).status() == psutil.STATUS_STOPPED
        before = (place.checkpoints / "count").read_text()
        time.sleep(0.05)
        assert (place.checkpoints / "count").read_text() == before
        seen += [record["step"] for record in one]
        stood += 1
    assert seen == [1, 2, 3, 4]
    assert stood  # how often depends on how soon its reports are seen


def test_one_that_cannot_be_held_still_is_not_copied_and_goes_on(
    place: TrialPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one that has become another user, by sudo."""
    real = os.killpg

    def refused(group: int, number: int) -> None:
        if number in (signal.SIGSTOP, signal.SIGCONT):
            raise PermissionError(1, "Operation not permitted")
        real(group, number)

    monkeypatch.setattr(os, "killpg", refused)
    monkeypatch.setattr(supervised, "STOP_SECONDS", 0.05)
    text = "for i in 1 2; do echo '{\"step\": '$i'}' >> \"$KLAYER_REPORT\"; sleep 0.4; done"
    told = list(run(shell(tmp_path, text), place, asked=Asked(pause=lambda: True)))
    assert [one for one in told if one is not None] == [{"step": 1}, {"step": 2}]
