"""Ctrl-C ends a real run cleanly, and the same command goes on to the same result."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def stopped(
    klayer_path: Path, shell_environment: dict[str, str], tiny_run: Any, tmp_path: Path
) -> tuple[Path, subprocess.Popen[str], str, str]:
    """The tiny search in a folder of its own, stopped by Ctrl-C after its first trial."""
    shutil.copy(tiny_run.folder / "tiny.toml", tmp_path)
    process = subprocess.Popen(
        [klayer_path, "run", "tiny.toml", "--workers", "2"],
        cwd=tmp_path,
        env=shell_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if line.startswith("  coarse #"):
            break
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
    # Not by `communicate`, which loses lines that were read ahead, behind the one that was awaited.
    with process:
        out, err = "".join([*seen, process.stdout.read()]), process.stderr.read()
    return tmp_path, process, out, err


@pytest.mark.long
def test_a_stopped_run_says_so_and_the_same_command_finishes_it(
    klayer: Any, klayer_here: Any, tiny_run: Any, stopped: Any
) -> None:
    folder, process, out, err = stopped
    assert process.returncode == 130
    assert "\nStopping: " in out
    kept = sum(line.startswith(("  coarse #", "  fine #", "  final")) for line in out.splitlines())
    trials = "1 finished trial" if kept == 1 else f"{kept} finished trials"
    assert err == (
        f"klayer: tiny: stopped; {trials} kept in sqlite:///klayer.db. "
        "The same command goes on from here.\n"
    )
    assert _all_gone(process.pid)

    _, listed, _ = klayer_here("status", cwd=folder)
    assert f"{kept}/" in listed
    resumed = klayer("run", "tiny.toml", "--workers", "2", cwd=folder)
    assert (resumed.returncode, resumed.stderr) == (0, "")
    assert f"going on behind {trials}" in resumed.stdout
    for options in (("--format", "json"), ("--steps",)):
        undisturbed = klayer_here("export", "tiny", *options, cwd=tiny_run.folder)
        assert klayer_here("export", "tiny", *options, cwd=folder) == undisturbed


@pytest.fixture
def _heeding_ctrl_c() -> Iterator[None]:
    """Python's own handler, also where a shell that put these tests behind it had set none."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_heeding_ctrl_c")
def test_ctrl_c_ends_every_command_with_one_line(
    klayer_here: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(10)

    monkeypatch.setattr("search.objectives.network.trainer.open_data", interrupted)
    monkeypatch.setattr("search.objectives.network.data.open_data", interrupted)
    for command in (["run", "digits"], ["gradcheck", "digits"]):
        assert klayer_here(*command) == (130, "", "klayer: stopped\n")
    monkeypatch.setattr("search.objectives.network.data.clear_prepared", interrupted)
    assert klayer_here("data", "clear") == (130, "", "klayer: stopped\n")
    assert list(tmp_path.iterdir()) == []


def _all_gone(group: int) -> bool:
    """Whether the process group comes to its end within some seconds."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
