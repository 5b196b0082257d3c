"""Functions as a worker trains them: one process for many trials, cohorts, rest and failure."""

import os
import sys
from pathlib import Path

import pytest

from search.errors import KlayerError
from search.objective.report import Assignment
from search.objectives.faults import TrialError
from tests.search.objectives.conftest import is_there, pids_in, wait_until
from tests.search.objectives.own import METRICS, opened, trained

STUDY = """
[objective]
kind = "function"
function = "train.py:train"
{}
[hyperparameters]
x = {{low = -5.0, high = 5.0, log = false}}
{}
[[stages]]
trials = 1
"""


def study(more: str = "", metrics: str = METRICS) -> str:
    return STUDY.format(more, metrics)


def source(folder: Path, *lines: str, head: str = "parameters, seed, report") -> None:
    body = "\n".join(f"    {line}" for line in lines)
    (folder / "train.py").write_text(f"import os, time\ndef train({head}):\n{body}\n")


def test_one_process_trains_one_trial_after_another(tmp_path: Path) -> None:
    source(tmp_path, "report(loss=parameters['x'], pid=os.getpid())")
    metrics = METRICS + 'score = true\n[[metrics]]\nname = "pid"\ndirection = "minimize"\n'
    with opened(tmp_path, study(metrics=metrics)) as trainer:
        found = [trained(trainer, {"x": x}).reports[0][0] for x in (0.5, 1.5)]
    assert [one.value for one in found] == [0.5, 1.5]
    pid, other = (int(one.metrics["pid"]) for one in found)
    assert pid == other != os.getpid()
    wait_until(lambda: not is_there(pid))


@pytest.mark.parametrize(
    ("lines", "steps", "value"),
    [
        (["return 0.5"], [1], 0.5),
        (["return {'loss': 0.5}"], [1], 0.5),
        (["report(loss=2)", "report(loss=1)"], [1, 2], 1.0),
        (["report(loss=2)", "return 0.5"], [1, 1], 0.5),
        (["yield {'loss': 2}", "yield {'step': 4, 'loss': 1}"], [1, 4], 1.0),
        (["yield {'loss': 2}", "return 0.5"], [1, 1], 0.5),
    ],
)
def test_a_score_is_returned_reported_or_yielded(
    lines: list[str], steps: list[int], value: float, tmp_path: Path
) -> None:
    source(tmp_path, *lines)
    with opened(tmp_path, study()) as trainer:
        found = trained(trainer)
    assert (found.steps, found.value) == (steps, value)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["return float('nan')"], "step 1 reports NaN as loss, by which trials are ranked"),
        (["report(loss=1)", "return {'los': 1}"], 'step 2 reports "los", which is no metric'),
        (["return None"], "it reported no loss, by which trials are ranked"),
        (
            ["raise ValueError('no luck')"],
            "train.py:train raised ValueError: no luck",
        ),
        (["report(step=2, loss=1)", "report(step=2, loss=1)"], "step 2 is reported twice"),
        (["os._exit(3)"], "the process of train.py:train ended with"),
        (["time.sleep(60)"], "it ran for longer than its time limit of 1 seconds"),
    ],
)
def test_a_trial_fails_with_its_reason_and_its_output_and_the_next_is_trained(
    lines: list[str], reason: str, tmp_path: Path
) -> None:
    source(tmp_path, "if seed == 8:", "    return 3", "print('hm')", *lines)
    with opened(tmp_path, study("time_limit_seconds = 1")) as trainer:
        found = trained(trainer)
        assert trained(trainer, seed=8).value == 3
    assert found.reason.startswith(reason)
    assert "hm" in found.reason.splitlines()
    assert not found.reports[0][-1].diverged


def test_seeds_are_below_those_that_libraries_take(tmp_path: Path) -> None:
    source(tmp_path, "return seed")
    with opened(tmp_path, study()) as trainer:
        assert trained(trainer, seed=2**33 + 5).value == 5


def test_a_failed_trial_is_tried_again(tmp_path: Path) -> None:
    source(
        tmp_path,
        "with open('tries', 'a+') as tries:",
        "    tries.write('x')",
        "    count = tries.tell()",
        "report(loss=count)",
        "assert count == 3",
        "report(loss=count)",
    )
    with opened(tmp_path, study("tries = 3")) as trainer:
        found = trained(trainer)
    assert [(one.step, one.value) for one in found.reports[0]] == [(1, 1.0), (2, 3.0)]


COHORT = "points, seeds, report"


def test_a_cohort_is_trained_at_once(tmp_path: Path) -> None:
    source(
        tmp_path,
        "for step in (1, 2):",
        "    for place, point in enumerate(points):",
        "        report(place, loss=point['x'] + step)",
        "return [None, 0.5, None]",
        head=COHORT,
    )
    with opened(tmp_path, study("cohort = 3")) as trainer:
        found = trained(trainer, {"x": 1}, {"x": 2}, {"x": 3})
    assert [[one.step for one in found.reports[place]] for place in range(3)] == [
        [1, 2],
        [1, 2, 2],
        [1, 2],
    ]
    assert [found.reports[place][-1].value for place in range(3)] == [3, 0.5, 5]


def test_one_of_a_cohort_fails_alone(tmp_path: Path) -> None:
    source(
        tmp_path,
        "for step in (1, 2):",
        "    report(0, loss=1)",
        "    report(1, loss=float('nan'))",
        "    report(2, loss=3)",
        head=COHORT,
    )
    with opened(tmp_path, study("cohort = 3")) as trainer:
        found = trained(trainer, {}, {}, {})
    assert [found.reports[place][-1].value for place in range(3)] == [1, None, 3]
    assert found.reports[1][-1].reason == (
        "step 1 reports NaN as loss, by which trials are ranked; report a finite number"
    )


def test_a_cohort_fails_as_a_whole_where_its_process_dies(tmp_path: Path) -> None:
    source(tmp_path, "report(0, loss=1)", "os._exit(1)", head=COHORT)
    with opened(tmp_path, study("cohort = 3")) as trainer:
        found = trained(trainer, {}, {})
    for place in range(2):
        reason = found.reports[place][-1].reason or ""
        assert reason.startswith("the process of train.py:train ended with exit status 1")


def test_trials_of_a_cohort_that_are_dropped_report_no_more(tmp_path: Path) -> None:
    source(
        tmp_path,
        "for step in range(1, 5):",
        "    report(0, loss=1)",
        "    report(1, loss=2)",
        "    time.sleep(0.2)",
        head=COHORT,
    )
    with opened(tmp_path, study("cohort = 2")) as trainer:
        found = trained(trainer, {}, {}, going=lambda reports: [0] if 1 in reports else None)
    assert [len(found.reports[place]) for place in range(2)] == [4, 1]


KEEPS = """\
from pathlib import Path
def train(parameters, seed, report, checkpoints):
    saved = checkpoints / "step"
    step = int(saved.read_text()) if saved.exists() else 0
    with open("begun", "a") as begun:
        begun.write(f"{step}\\n")
    while step < 6:
        step += 1
        BEFORE
        report(step=step, loss=1 / step)
        AFTER
"""
SAVE = "saved.write_text(str(step))"


@pytest.mark.parametrize(
    ("before", "after", "begun"),
    [(SAVE, "pass", "0 2 4"), ("pass", SAVE, "0 1 3"), ("pass", "pass", "0 0 0")],
    ids=["saves and reports", "reports and saves", "keeps nothing"],
)
def test_a_trial_goes_on_from_its_checkpoints_to_the_same_reports(
    before: str, after: str, begun: str, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text(KEEPS.replace("BEFORE", before).replace("AFTER", after))
    with opened(tmp_path, study("steps = 6")) as trainer:
        first = trained(trainer, until=2)
        second = trained(trainer, start=[first.states[0]], until=4)
        last = trained(trainer, start=[second.states[0]])
    assert [first.steps, second.steps, last.steps] == [[1, 2], [3, 4], [5, 6]]
    assert last.value == 1 / 6
    assert (tmp_path / "begun").read_text().split() == begun.split()


def test_a_cohort_rests_where_all_have_come_to_a_rung(tmp_path: Path) -> None:
    source(
        tmp_path,
        "for step in range(1, 5):",
        "    for place in range(len(points)):",
        "        report(place, loss=seeds[place] + step)",
        head=COHORT,
    )
    with opened(tmp_path, study("cohort = 2\nsteps = 4")) as trainer:
        first = trained(trainer, {}, {}, until=2)
        last = trained(trainer, {}, start=[first.states[1]], seed=8)
    assert [[one.step for one in first.reports[place]] for place in range(2)] == [[1, 2], [1, 2]]
    assert [(one.step, one.value) for one in last.reports[0]] == [(3, 11), (4, 12)]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("", "objective.function: there is no file train.py in "),
        ('folder = "nowhere"', "objective.folder: there is no folder "),
        ('python = "no/python"', "could not be started"),
    ],
)
def test_what_is_not_there_is_found_before_anything_is_trained(
    more: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(TrialError, match=message):
        opened(tmp_path, study(more)).__enter__()


def test_a_function_that_cannot_be_loaded_any_more_fails_no_trial(tmp_path: Path) -> None:
    source(tmp_path, "os._exit(1)")
    with opened(tmp_path, study()) as trainer:
        trained(trainer)
        (tmp_path / "train.py").unlink()
        with pytest.raises(KlayerError, match="there is no file") as caught:
            trained(trainer)
    assert not isinstance(caught.value, TrialError)


def test_the_users_interpreter_is_found_from_the_folder_of_the_study(
    tmp_path: Path, users_python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source(tmp_path, "import sys", "with open('python', 'w') as f: f.write(sys.executable)")
    (tmp_path / "venv").symlink_to(Path(users_python).parents[1])
    monkeypatch.chdir("/")
    with opened(tmp_path, study('python = "venv/bin/python"')) as trainer:
        trained(trainer)
    assert (tmp_path / "python").read_text() == str(tmp_path / "venv/bin/python")
    with opened(tmp_path, study()) as trainer:
        trained(trainer)
    assert (tmp_path / "python").read_text() == sys.executable


def test_closing_ends_the_process_and_what_it_started(tmp_path: Path) -> None:
    source(
        tmp_path,
        "import subprocess",
        "child = subprocess.Popen(['sleep', '600'])",
        "with open('pids', 'a') as f: f.write(f'{child.pid}\\n{os.getpid()}\\n')",
        "time.sleep(600)",
    )
    with opened(tmp_path, study()) as trainer:
        training = trainer.train(trainer.objective.training, [Assignment({}, 7)], 0)  # type: ignore[attr-defined]
        assert next(training) == {}
        pids = pids_in(tmp_path / "pids", 2)
        training.close()
    wait_until(lambda: not any(is_there(pid) for pid in pids))
