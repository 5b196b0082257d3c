"""`klayer reproduce` as a shell has it: its words, its exit status, a picture folder."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.search.conftest import Klayer

Here = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("Z9", "--quick"), "Z9: no experiment of this name; there is A1, "),
        (("A1", "--quick", "--output", "page.md"), "page.md: expected a page with one line"),
        (("A1", "--quick", "--output", "none/page.md"), "none/page.md: cannot be written"),
    ],
)
def test_what_is_wrong_costs_one_message_and_nothing_runs(
    klayer_here: Here, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "page.md").write_text("# Mine\n")
    status, _, err = klayer_here("reproduce", *words)
    assert status == 2
    assert said in err
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


def test_one_experiment_with_its_page_and_pictures(klayer: Klayer, tmp_path: Path) -> None:
    words = ("reproduce", "a2", "--quick", "--workers", "1")
    files = ("--output", "page.md", "--pictures", "album")
    done = klayer(*words, *files, cwd=tmp_path, BROWSER_PATH=str(tmp_path / "none"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "A2 (1 of 1 studies)" in done.stdout
    page = (tmp_path / "page.md").read_text("utf-8")
    assert page.count("\n| A2 |") == done.stdout.count("\n| A2 |") == 2
    assert "\n| A1 | " in page  # which has not run, and stands there with dashes
    assert "\n| A1 | " not in done.stdout
    names = {path.stem for path in (tmp_path / "album").glob("*/*.html")}
    assert {"curves-accuracy", "weights-1", "weights-2", "gradients-1", "gradients-2"} <= names
    index = (tmp_path / "album" / "index.html").read_text("utf-8")
    assert "Weights as images: initialization xavier" in index


def test_ctrl_c_ends_with_130_and_a_word_how_to_go_on(
    klayer_path: Path, shell_environment: dict[str, str], tmp_path: Path
) -> None:
    words = [klayer_path, "reproduce", "A1", "B1", "--quick", "--workers", "1"]
    with subprocess.Popen(
        words,
        cwd=tmp_path,
        env=shell_environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if "1 worker" in line:
                break
        time.sleep(0.2)  # it listens for signals a moment after it has said so
        os.kill(running.pid, signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "goes on from here" in err or "klayer: stopped" in err
