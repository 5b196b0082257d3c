"""The worker's side of the pipes: replies in parts and in heaps, the output, and how it ended."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from search.objectives.faults import TrialError
from search.objectives.function.process import Process
from tests.search.objectives.conftest import WAIT_SECONDS


@contextmanager
def program(folder: Path, text: str) -> Iterator[Process]:
    """A program in place of the user's interpreter, with the ends of its pipes at hand."""
    interpreter = folder / "interpreter"
    interpreter.write_text(f"""#!{sys.executable}
import os, sys, time
script, requests, replies, *more = sys.argv[1:]
requests, replies = os.fdopen(int(requests)), os.fdopen(int(replies), "w", buffering=1)
{text}
""")
    interpreter.chmod(0o755)
    process = Process(str(interpreter), ("trial", "train.py:train"), folder, dict(os.environ))
    try:
        yield process
    finally:
        process.close(0)


def test_the_interpreter_is_given_the_script_the_pipes_and_the_rest(tmp_path: Path) -> None:
    with program(
        tmp_path, "print(f'[\"{os.path.basename(script)} {more}\"]', file=replies)"
    ) as process:
        assert process.receive(WAIT_SECONDS) == ["host.py ['trial', 'train.py:train']"]


def test_replies_come_in_parts_and_in_heaps(tmp_path: Path) -> None:
    text = """
replies.write("[1")
replies.flush()
requests.readline()
replies.write("0]\\n[2]\\n[3]\\n")
"""
    with program(tmp_path, text) as process:
        assert process.receive(0.1) is None
        process.send({})
        assert [process.receive(WAIT_SECONDS) for _ in range(3)] == [[10], [2], [3]]
        with pytest.raises(EOFError):
            process.receive(WAIT_SECONDS)


def test_a_request_is_one_line(tmp_path: Path) -> None:
    with program(tmp_path, "replies.write(requests.readline())") as process:
        process.send({"text": "two\nlines"})
        assert process.receive(WAIT_SECONDS) == {"text": "two\nlines"}


def test_a_process_that_has_ended_takes_requests_and_answers_none(tmp_path: Path) -> None:
    with program(tmp_path, "os._exit(5)") as process:
        with pytest.raises(EOFError):
            process.receive(WAIT_SECONDS)
        process.send("anything")
        assert process.close(WAIT_SECONDS) == "ended with exit status 5"


def test_the_output_is_kept_to_its_last_lines_until_it_is_forgotten(tmp_path: Path) -> None:
    text = """
print(*range(1000), sep="\\n", flush=True)
print("0", file=replies)
requests.readline()
print("x" * 100_000, end="", flush=True)
"""
    with program(tmp_path, text) as process:
        process.receive(WAIT_SECONDS)
        last = [str(number) for number in range(980, 1000)]
        assert process.printed().splitlines() == last
        assert process.printed("more").splitlines() == [*last, "more"]
        process.forget_printed()
        assert process.printed() == ""
        process.send(None)
        with pytest.raises(EOFError):
            process.receive(WAIT_SECONDS)
        assert set(process.printed()) == {"x"}


def test_a_process_that_ignores_the_end_of_its_requests_is_ended(tmp_path: Path) -> None:
    with program(tmp_path, "replies.write('0\\n'); time.sleep(300)") as process:
        process.receive(WAIT_SECONDS)
        begun = time.monotonic()
        assert process.close(0.1) == "was ended by SIGTERM"
        assert time.monotonic() - begun < WAIT_SECONDS


def test_a_folder_that_cannot_be_entered_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrialError, match="cannot be entered"):
        Process("python", (), tmp_path / "missing", {})
