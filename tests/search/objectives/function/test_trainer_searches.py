"""Whole searches over a function, as a user runs them: real processes, a real database."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.search.objectives.own import is_finished, recorded

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
    if parameters["layers"] == 4:
        raise ValueError("no fourth layer")
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
    assert is_finished(folder), done.stderr
    return folder


def test_a_search_maximizes_in_one_process_and_bears_failures(whole: Path) -> None:
    trials = recorded(whole)
    assert Counter(one[0] for one in trials) == {"coarse": 10, "fine": 4, "finalists": 4}
    failed = [one for one in trials if one[2] == "failed"]
    assert failed
    assert all((one[6]["layers"] == 4) == (one in failed) for one in trials)
    for one in failed:
        reason = one[5] or ""
        assert reason.startswith("train.py:single raised ValueError: no fourth layer\n")
        assert "train.py" in reason
        assert one[7] == []
    ranked = sorted((one[3], str(one[6])) for one in trials if one[2] == "complete")
    reruns = {str(one[6]) for one in trials if one[0] == "finalists"}
    assert ranked[-1][1] in reruns
    assert len(set((whole / "pids").read_text().split())) == 1


def test_halving_keeps_the_higher_scores(whole: Path) -> None:
    coarse = [one for one in recorded(whole) if one[0] == "coarse" and one[2] != "failed"]
    at_rung = {one[1]: one[7][1][1]["score"] for one in coarse}
    pruned = [at_rung[one[1]] for one in coarse if one[2] == "pruned"]
    kept = [at_rung[one[1]] for one in coarse if one[2] == "complete"]
    assert max(pruned) < min(kept)


def test_two_workers_come_to_the_same(klayer: Any, whole: Path, tmp_path: Path) -> None:
    laid_out(tmp_path, "single")
    klayer("run", "study.toml", "--workers", "2", cwd=tmp_path)
    assert _short(recorded(tmp_path)) == _short(recorded(whole))


def _short(trials: list[Any]) -> list[Any]:
    """Trials with the first lines of their reasons, as the others name the folder."""
    return [(*one[:5], (one[5] or "").partition("\n")[0], *one[6:]) for one in trials]


def test_cohorts_come_to_the_same_as_trials_alone(klayer: Any, tmp_path: Path) -> None:
    laid_out(tmp_path, "many", "cohort = 4")
    klayer("run", "study.toml", "--workers", "1", cwd=tmp_path)
    assert is_finished(tmp_path)
    sizes = [int(line.split()[1]) for line in (tmp_path / "pids").read_text().splitlines()]
    assert max(sizes) > 1
    alone = tmp_path / "alone"
    alone.mkdir()
    laid_out(alone, "many", "cohort = 4")
    text = (alone / "train.py").read_text() + ALONE
    (alone / "train.py").write_text(text)
    (alone / "study.toml").write_text(
        (alone / "study.toml").read_text().replace("many", "alone").replace("cohort = 4", "")
    )
    klayer("run", "study.toml", "--workers", "1", cwd=alone)
    assert recorded(alone) == recorded(tmp_path)


ALONE = """
def alone(parameters, seed, report):
    for step in range(1, 5):
        report(step=step, score=score(parameters, seed, step))
"""


def test_what_cannot_train_is_refused_before_anything_is_recorded(
    klayer: Any, tmp_path: Path
) -> None:
    laid_out(tmp_path, "nothing")
    done = klayer("run", "study.toml", "--workers", "1", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == ("klayer: train.py has no function nothing; it has score, single, many\n")
