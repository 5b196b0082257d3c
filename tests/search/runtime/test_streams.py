"""Standard streams that are closed or full cost one message, and mix up no file."""

import subprocess
import sys
from pathlib import Path

import pytest

from search.ledger.ledger import Ledger
from search.runtime.streams import ignore_odd_width
from tests.search.conftest import TinyRun

ROOT = Path(__file__).parents[3]

PROGRAM = """\
import sys
from pathlib import Path
from search.errors import KlayerError
from search.runtime.streams import checked_streams
try:
    with checked_streams():
        file = Path("file").open("w")
        sys.stdin.read(0)
        print("out" * 10_000)
        print("err", file=sys.stderr)
        file.write("file")
        file.close()
except KlayerError as error:
    print(f"told: {error}", file=sys.stderr)
    sys.exit(7)
"""


def run(
    folder: Path, redirected: str, program: str = PROGRAM
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-c", f'"$0" -c "$1" {redirected}', sys.executable, program],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("redirected", "status", "out", "err", "file"),
    [
        ("", 0, "out", "err\n", "file"),
        (">/dev/full", 7, "", "told: standard output cannot be written: No space left on", ""),
        ("2>/dev/full", 7, "out", "", ""),
        (">&-", 7, "", "told: standard output is closed; send what is not wanted to", None),
        ("2>&-", 0, "out", "", "file"),
        ("<&-", 0, "out", "err\n", "file"),
        ("<&- 2>&-", 0, "out", "", "file"),
        ("| true; exit ${PIPESTATUS[0]}", 1, "", "", ""),
    ],
)
def test_a_fault_of_a_stream_is_one_message(
    tmp_path: Path, redirected: str, status: int, out: str, err: str, file: str | None
) -> None:
    done = run(tmp_path, redirected)
    assert done.returncode == status
    assert done.stdout[:3] == out
    assert done.stderr.startswith(err) if err else done.stderr == ""
    assert done.stderr.count("\n") <= 1
    found = tmp_path / "file"
    assert (found.read_text() if found.exists() else None) == file


@pytest.mark.parametrize("said", ["0", "5", "80", "x"])
def test_a_width_that_no_terminal_has_is_not_believed(said: str) -> None:
    environment = {"COLUMNS": said}
    ignore_odd_width(environment)
    assert environment == ({} if said in "05" else {"COLUMNS": said})
    ignore_odd_width({})


def test_streams_are_as_before_behind_it(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from search.runtime.streams import checked_streams\n"
        "before = sys.stdout, sys.stderr\n"
        "with checked_streams(): assert sys.stdout.isatty() is before[0].isatty()\n"
        "assert (sys.stdout, sys.stderr) == before\n"
    )
    assert run(tmp_path, "", program).returncode == 0


def test_a_run_whose_output_is_full_can_be_taken_up(
    klayer_path: Path, tiny_run: TinyRun, tmp_path: Path, shell_environment: dict[str, str]
) -> None:
    (tmp_path / "tiny.toml").write_text((tiny_run.folder / "tiny.toml").read_text())
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [klayer_path, "run", "tiny.toml", "--workers", "1"],
            cwd=tmp_path,
            env=shell_environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 1
    assert done.stderr == ("klayer: standard output cannot be written: No space left on device\n")
    with Ledger(f"sqlite:///{tmp_path}/klayer.db") as ledger:
        assert ledger.read.names() == ["tiny"]
        assert ledger.read.workers() == []
