"""Whole searches over a command, as a user runs them: real processes, a real database."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from tests.search.objectives.conftest import is_there, wait_until
from tests.search.objectives.own import begun, interrupt, is_finished, recorded

SEARCH = """\
[objective]
kind = "command"
command = ["./train.py", "--rate={rate}", "--momentum={momentum}"]
steps = 4
step = "epoch"
PACE

[hyperparameters]
rate = {low = 1e-4, high = 1.0}
optimizer = ["sgd", "adam"]
momentum = {low = 0.5, high = 0.99, when = {optimizer = "sgd"}}

[[metrics]]
name = "loss"
direction = "minimize"

[[stages]]
name = "coarse"
trials = 6
HALVING

[[stages]]
name = "fine"
trials = 3
zoom = {rule = "decades", decades = 0.5}

[final]
finalists = 2
seeds = 2
"""
HALVING = "halving = {keep = 0.5, at = [1, 2]}"

TRAIN = f"""\
#!{sys.executable}
import json, math, os, sys, time
from pathlib import Path
given = dict(one.removeprefix("--").split("=") for one in sys.argv[1:])
point = json.loads(Path(os.environ["KLAYER_PARAMETERS"]).read_text())
assert ("momentum" in given) == ("momentum" in point) == (point["optimizer"] == "sgd")
assert float(given["rate"]) == point["rate"]
rate, momentum = point["rate"], point.get("momentum", 0)
seed = int(os.environ["KLAYER_SEED"])
saved = Path(os.environ["KLAYER_CHECKPOINTS"], "step")
step = int(saved.read_text()) if saved.exists() else 0
with open("pids", "a") as pids:
    pids.write(f"{{os.getpid()}}\\n")
while step < 4:
    step += 1
    time.sleep(float(os.environ.get("PACE", 0)))
    if "KEEP" in os.environ:
        draft = saved.with_name("draft")
        draft.write_text(str(step))
        draft.rename(saved)
    loss = (math.log10(rate) + 2) ** 2 + momentum / 10 + seed % 100 / 1000 + 1 / step
    with open(os.environ["KLAYER_REPORT"], "a") as reports:
        reports.write(json.dumps({{"step": step, "loss": loss}}) + "\\n")
"""


def laid_out(folder: Path, halving: str = "", **environment: str) -> None:
    """The study file and its program, in a folder of their own."""
    folder.mkdir(exist_ok=True)
    pairs = ", ".join(f'{name} = "{value}"' for name, value in environment.items())
    text = SEARCH.replace("PACE", f"environment = {{{pairs}}}").replace("HALVING", halving)
    (folder / "study.toml").write_text(text)
    (folder / "train.py").write_text(TRAIN)
    (folder / "train.py").chmod(0o755)


@pytest.fixture(scope="module")
def whole(klayer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a search that one worker ran without a break."""
    folder = tmp_path_factory.mktemp("whole")
    laid_out(folder)
    done = klayer("run", "study.toml", "--workers", "1", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@pytest.fixture(scope="module")
def halved(klayer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with halving, whose program keeps no checkpoints."""
    folder = tmp_path_factory.mktemp("halved")
    laid_out(folder, HALVING)
    done = klayer("run", "study.toml", "--workers", "1", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def test_a_search_minimizes_zooms_and_reruns_the_best(whole: Path) -> None:
    trials = recorded(whole)
    assert Counter(one[0] for one in trials) == {"coarse": 6, "fine": 3, "finalists": 4}
    assert {one[2] for one in trials} == {"complete"}
    assert all([step for step, _ in one[7]] == [1, 2, 3, 4] for one in trials)
    assert all(one[3] == one[7][-1][1]["loss"] for one in trials)
    best = min((one for one in trials if one[0] == "coarse"), key=lambda one: one[3] or 0)
    for one in trials:
        if one[0] == "fine":
            assert best[6]["rate"] / 4 < one[6]["rate"] < best[6]["rate"] * 4
    chosen = {str(one[6]) for one in trials if one[0] == "finalists"}
    ranked = sorted((one[3], str(one[6])) for one in trials if one[0] != "finalists")
    assert chosen == {point for _, point in ranked[:2]}


def test_a_trial_lacks_what_a_condition_excludes(whole: Path) -> None:
    points = [one[6] for one in recorded(whole)]
    assert {point["optimizer"] for point in points if "momentum" in point} == {"sgd"}
    assert any("momentum" not in point for point in points)


@pytest.mark.long
def test_two_workers_elsewhere_come_to_the_same(klayer: Any, whole: Path, tmp_path: Path) -> None:
    """Paths start from the folder of the study file, wherever the search is run."""
    laid_out(tmp_path / "mine")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = klayer("run", "../mine/study.toml", "--workers", "2", cwd=elsewhere)
    assert (done.returncode, done.stderr) == (0, "")
    assert recorded(elsewhere) == recorded(whole)


def test_commands_show_the_search_by_its_own_metric(klayer_here: Any, whole: Path) -> None:
    status, out, err = klayer_here("status", "study", cwd=whole)
    assert (status, err) == (0, "")
    assert "Loss" in out
    assert not re.search(r"accuracy|image|%", out)
    status, out, err = klayer_here("export", "study", "--steps", cwd=whole)
    assert (status, err) == (0, "")
    assert out.splitlines()[0].endswith(",step,loss")
    assert len(out.splitlines()) == 1 + 4 * len(recorded(whole))


def test_the_winner_is_the_finalist_with_the_best_mean(klayer_here: Any, whole: Path) -> None:
    values: dict[str, list[float]] = {}
    for one in recorded(whole):
        if one[0] == "finalists":
            values.setdefault(json.dumps(one[6], sort_keys=True), []).append(one[3] or 0)
    point, best = min(values.items(), key=lambda entry: fmean(entry[1]))
    _, out, _ = klayer_here("status", "study", "--json", cwd=whole)
    told = json.loads(out)
    assert json.dumps(told["best"]["parameters"], sort_keys=True) == point
    assert told["validation"]["mean"] == pytest.approx(fmean(best))
    assert told["validation"]["values"] == pytest.approx(best)


@pytest.mark.long
def test_a_stopped_run_goes_on_to_the_same(
    klayer: Any, klayer_path: Path, shell_environment: dict[str, str], whole: Path, tmp_path: Path
) -> None:
    laid_out(tmp_path, PACE="0.1")
    process = begun(klayer_path, shell_environment, tmp_path, "--workers", "2")
    wait_until(lambda: _count(tmp_path / "pids") >= 4)
    err = interrupt(process)
    assert process.returncode == 130, err
    assert not any(is_there(int(pid)) for pid in (tmp_path / "pids").read_text().split())
    assert not is_finished(tmp_path)
    done = klayer("run", "study.toml", "--workers", "2", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert recorded(tmp_path) == recorded(whole)


def test_a_killed_worker_leaves_nothing_behind_and_its_trial_gets_one_result(
    klayer: Any, klayer_path: Path, shell_environment: dict[str, str], whole: Path, tmp_path: Path
) -> None:
    laid_out(tmp_path, PACE="0.1")
    process = begun(klayer_path, shell_environment, tmp_path, "--workers", "2")
    wait_until(lambda: _count(tmp_path / "pids") >= 4)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    for worker in _workers_of(process.pid):
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not any(is_there(pid) for pid in pids))
    process.communicate(timeout=90)
    if not is_finished(tmp_path):
        klayer("run", "study.toml", "--workers", "2", cwd=tmp_path)
    assert recorded(tmp_path) == recorded(whole)


def test_halving_drops_the_worst_and_trains_the_others_to_the_end(halved: Path) -> None:
    coarse = [one for one in recorded(halved) if one[0] == "coarse"]
    assert Counter(one[4] for one in coarse) == {1: 3, 2: 1, None: 2}
    assert all([step for step, _ in one[7]] == list(range(1, (one[4] or 4) + 1)) for one in coarse)
    first = sorted(one[7][0][1]["loss"] for one in coarse)
    assert all((one[7][0][1]["loss"] in first[:3]) == (one[4] != 1) for one in coarse)


@pytest.mark.long
def test_checkpoints_change_no_result(klayer: Any, halved: Path, tmp_path: Path) -> None:
    laid_out(tmp_path, HALVING, KEEP="yes")
    done = klayer("run", "study.toml", "--workers", "2", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert recorded(tmp_path) == recorded(halved)


def test_a_search_goes_on_past_trials_that_fail(klayer: Any, tmp_path: Path) -> None:
    laid_out(tmp_path)
    text = TRAIN.replace("while step < 4:", "print('so be it'); assert rate < 0.1\nwhile step < 4:")
    (tmp_path / "train.py").write_text(text)
    done = klayer("run", "study.toml", "--workers", "1", cwd=tmp_path)
    assert done.returncode == 3
    assert re.fullmatch(
        r"klayer: study: \d+ trials? failed; `klayer retry study` .*\n", done.stderr
    )
    trials = recorded(tmp_path)
    failed = [one for one in trials if one[2] == "failed"]
    assert failed
    assert all((one[6]["rate"] >= 0.1) == (one in failed) for one in trials)
    for one in failed:
        reason = one[5] or ""
        assert reason.startswith("the program ended with exit status 1; 0 is success\nso be it\n")
        assert reason.endswith("AssertionError")


def test_what_cannot_train_is_refused_before_anything_is_recorded(
    klayer_here: Any, tmp_path: Path
) -> None:
    laid_out(tmp_path)
    (tmp_path / "train.py").unlink()
    status, _, err = klayer_here("run", "study.toml", "--workers", "1")
    assert status == 2
    assert err.startswith('klayer: objective.command: there is no program "./train.py" in ')
    assert err.count("\n") == 1
    assert not (tmp_path / "klayer.db").exists() or "no search" in klayer_here("status", "study")[2]


@pytest.mark.long
def test_each_worker_has_gpus_of_its_own(klayer: Any, klayer_here: Any, tmp_path: Path) -> None:
    laid_out(tmp_path, PACE="0.1")
    with (tmp_path / "study.toml").open("a") as study:
        study.write("[resources]\ngpus = 2\n")
    gpus = "import os\nopen('gpus', 'a').write(os.environ['CUDA_VISIBLE_DEVICES'] + '\\n')\n"
    text = TRAIN.replace("import json", f"{gpus}import json", 1)
    (tmp_path / "train.py").write_text(text)
    status, _, err = klayer_here("run", "study.toml", "--workers", "1", "--gpus", "3")
    assert status == 2
    assert err == (
        "klayer: resources.gpus: found 2, but this worker has 1 GPU; list as many for each worker "
        "with --gpus, such as --gpus 0,1, or start fewer workers\n"
    )
    done = klayer("run", "study.toml", "--workers", "2", "--gpus", "0,3,5,6", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert set((tmp_path / "gpus").read_text().split()) == {"0,3", "5,6"}


def _count(file: Path) -> int:
    return file.read_text().count("\n") if file.exists() else 0


def _workers_of(run: int) -> list[int]:
    """The processes of a run that hold the guardians of its programs."""
    listed = subprocess.run(
        [shutil.which("ps") or "ps", "-eo", "pid=,ppid=,args="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    parents = {int(row[0]): int(row[1]) for row in rows}

    def descends(pid: int) -> bool:
        while pid in parents and pid != run:
            pid = parents[pid]
        return pid == run

    guardians = [int(row[0]) for row in rows if "guardian.py" in row[-1]]
    return [parents[pid] for pid in guardians if descends(pid)]
