"""Whole searches over a function, as a user runs them: real processes, a real database."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.search.objectives.own import recorded

SEARCH = """\
[objective]
kind = "function"
function = "train.py:FUNCTION"
steps = 4
step = "epoch"
COHORT

[hyperparameters]
rate = {low = 1e-4, high = 1.0}
layers = {low = 1, high = 4}

[[metrics]]
name = "score"
direction = "maximize"

[[stages]]
name = "coarse"
trials = 10
halving = {keep = 0.5, at = [2]}

[[stages]]
name = "fine"
trials = 4
zoom = {rule = "decades", decades = 0.5}

[final]
finalists = 2
seeds = 2
"""

TRAIN = """\
import math, os
import model  # the user's own, not klayer's

def score(point, seed, step):
    return -((math.log10(point["rate"]) + 2) ** 2) + step / 10 + seed % 100 / 1000 + model.more()

def single(parameters, seed, report):
    with open("pids", "a") as pids:
        pids.write(f"{os.getpid()}\\n")
    for step in range(1, 5):
        yield {"step": step, "score": score(parameters, seed, step)}

def many(points, seeds, report):
    with open("pids", "a") as pids:
        pids.write(f"{os.getpid()} {len(points)}\\n")
    for step in range(1, 5):
        for place, (point, seed) in enumerate(zip(points, seeds)):
            report(place, step=step, score=score(point, seed, step))
"""


def laid_out(folder: Path, function: str, more: str = "") -> None:
    text = SEARCH.replace("FUNCTION", function).replace("COHORT", more)
    (folder / "study.toml").write_text(text)
    (folder / "train.py").write_text(TRAIN)
    (folder / "model.py").write_text("def more(): return 0.5\n")


@pytest.fixture(scope="module")
def whole(klayer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a search of one trial at a time, which one worker ran."""
    folder = tmp_path_factory.mktemp("whole")
    laid_out(folder, "single")
    done = klayer("run", "study.toml", "--workers", "1", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def test_a_search_maximizes_in_one_process(whole: Path) -> None:
    trials = recorded(whole)
    assert Counter(one[0] for one in trials) == {"coarse": 10, "fine": 4, "finalists": 4}
    assert Counter(one[2] for one in trials) == {"complete": 13, "pruned": 5}
    ranked = sorted((one[3], str(one[6])) for one in trials if one[2] == "complete")
    assert ranked[-1][1] in {str(one[6]) for one in trials if one[0] == "finalists"}
    assert len(set((whole / "pids").read_text().split())) == 1


def test_halving_keeps_the_higher_scores(whole: Path) -> None:
    coarse = [one for one in recorded(whole) if one[0] == "coarse"]
    at_rung = {one[1]: one[7][1][1]["score"] for one in coarse}
    pruned = [at_rung[one[1]] for one in coarse if one[2] == "pruned"]
    kept = [at_rung[one[1]] for one in coarse if one[2] == "complete"]
    assert max(pruned) < min(kept)


def test_two_workers_come_to_the_same(klayer: Any, whole: Path, tmp_path: Path) -> None:
    laid_out(tmp_path, "single")
    done = klayer("run", "study.toml", "--workers", "2", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert recorded(tmp_path) == recorded(whole)


def test_cohorts_come_to_the_same_as_trials_alone(klayer: Any, whole: Path, tmp_path: Path) -> None:
    laid_out(tmp_path, "many", "cohort = 4")
    done = klayer("run", "study.toml", "--workers", "1", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    sizes = [int(line.split()[1]) for line in (tmp_path / "pids").read_text().splitlines()]
    assert max(sizes) > 1
    assert recorded(tmp_path) == recorded(whole)


def test_what_cannot_train_is_refused_before_anything_is_recorded(
    klayer: Any, tmp_path: Path
) -> None:
    laid_out(tmp_path, "nothing")
    done = klayer("run", "study.toml", "--workers", "1", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "klayer: objective.function: train.py has no function nothing; it has score, single, many\n"
    )
