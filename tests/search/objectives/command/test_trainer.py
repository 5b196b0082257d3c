"""Commands as a worker trains them: tried again, at rest and going on, failed with a reason."""

import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from search.errors import KlayerError
from search.objective.report import Assignment
from search.objectives.faults import TrialError
from tests.search.objectives.conftest import is_there, pids_in, wait_until
from tests.search.objectives.own import METRICS, opened, trained

PROGRAM = """
[objective]
kind = "command"
command = ["./program.sh"]
{}
[hyperparameters]
x = {{low = -5.0, high = 5.0, log = false}}
kind = ["a", "b"]
{}
[[stages]]
trials = 1
"""
REPORT = 'report() { printf \'{"step": %s, "loss": %s}\\n\' $1 $2 >> $KLAYER_REPORT; }\n'


def study(more: str = "", metrics: str = METRICS) -> str:
    return PROGRAM.format(more, metrics)


@pytest.fixture
def program(tmp_path: Path) -> Any:
    """Writes the shell script that the study file names."""

    def written(text: str) -> None:
        (tmp_path / "program.sh").write_text("#!/bin/sh\n" + REPORT + text + "\n")
        (tmp_path / "program.sh").chmod(0o755)

    return written


def test_each_report_is_one_of_the_trial(program: Any, tmp_path: Path) -> None:
    program("report 1 0.5; report 2 0.25; echo done")
    with opened(tmp_path, study()) as trainer:
        found = trained(trainer)
    assert [(one.step, one.metrics, one.value) for one in found.reports[0]] == [
        (1, {"loss": 0.5}, 0.5),
        (2, {"loss": 0.25}, 0.25),
    ]
    assert found.states == {}


def test_the_best_value_counts_where_the_file_says_so(program: Any, tmp_path: Path) -> None:
    program("report 1 0.5; report 2 0.25; report 3 1")
    best = METRICS + 'score = "best"\n'
    with opened(tmp_path, study(metrics=best)) as trainer:
        assert trained(trainer).value == 0.25


def test_fixed_parameters_stand_beside_the_searched_ones(program: Any, tmp_path: Path) -> None:
    program('cp "$KLAYER_PARAMETERS" given.json; echo $KLAYER_SEED > seed; report 1 1')
    text = study().replace("[hyper", "[training]\nparameters = {deep = 3, mode = 'q'}\n[hyper")
    with opened(tmp_path, text) as trainer:
        trained(trainer, {"x": 0.5}, seed=2**40 + 3)
    given = (tmp_path / "given.json").read_text()
    assert given.split() == ["{", '"deep":', "3,", '"mode":', '"q",', '"x":', "0.5", "}"]
    assert (tmp_path / "seed").read_text() == "3\n"


def test_threads_and_gpus_are_those_of_the_file(program: Any, tmp_path: Path) -> None:
    program("echo $OMP_NUM_THREADS $CUDA_VISIBLE_DEVICES > given; report 1 1")
    text = study().replace("[hyper", "[resources]\nthreads = 4\ngpus = 2\n[hyper")
    with opened(tmp_path, text, ["3", "5", "7"]) as trainer:
        trained(trainer)
    assert (tmp_path / "given").read_text() == "4 3,5\n"
    with pytest.raises(KlayerError, match=r"resources.gpus: found 2, but this worker has 1"):
        opened(tmp_path, text, ["3"]).__enter__()


def test_paths_start_from_the_folder_of_the_study_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work/program.sh").write_text(
        '#!/bin/sh\necho "{\\"loss\\": 1}" >> $KLAYER_REPORT; pwd > here\n'
    )
    (tmp_path / "work/program.sh").chmod(0o755)
    monkeypatch.chdir("/")
    with opened(tmp_path, study('folder = "work"')) as trainer:
        assert trained(trainer).value == 1
    assert (tmp_path / "work/here").read_text() == f"{tmp_path}/work\n"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("", 'objective.command: there is no program "./program.sh" in '),
        ('folder = "nowhere"', "objective.folder: there is no folder "),
    ],
)
def test_what_is_not_there_is_found_before_anything_is_trained(
    more: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(TrialError, match=message):
        opened(tmp_path, study(more)).__enter__()


def test_a_program_that_is_gone_is_no_fault_of_the_trial(program: Any, tmp_path: Path) -> None:
    """Every trial would fail, and the search would be at its end without having been trained."""
    program("report 1 1")
    with opened(tmp_path, study()) as trainer:
        assert trained(trainer).value == 1
        (tmp_path / "program.sh").unlink()
        with pytest.raises(KlayerError, match="there is no program") as gone:
            trained(trainer)
        assert not isinstance(gone.value, TrialError)
        program("report 1 2")
        assert trained(trainer).value == 2


def test_a_program_in_path_is_found_in_that_of_the_study_file(tmp_path: Path) -> None:
    text = study().replace('"./program.sh"', '"no-such-program"')
    with pytest.raises(TrialError, match=r'no program "no-such-program" in PATH; give a program'):
        opened(tmp_path, text).__enter__()
    (tmp_path / "no-such-program").write_text("#!/bin/sh\n")
    (tmp_path / "no-such-program").chmod(0o755)
    own = f'environment = {{PATH = "{tmp_path}:/usr/bin:/bin"}}\n'
    with opened(tmp_path, text.replace("[hyper", own + "[hyper")) as trainer:
        assert trained(trainer).reason == "it reported no loss, by which trials are ranked"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("report 1 NaN", "step 1 reports NaN as loss, by which trials are ranked; report a fini"),
        ("report 1 1; report 1 2", "step 1 is reported twice"),
        ("report 2 1; report 1 2", "step 1 is reported after step 2"),
        ("report 1 '\"low\"'", 'step 1 reports "low" as loss; report a number'),
        ("echo loss=3 >> $KLAYER_REPORT", "line 1 of the report file is not JSON"),
        ('echo "{}" >> $KLAYER_REPORT', "step 1 reports no loss"),
        ("true", "it reported no loss, by which trials are ranked"),
        ("report 1 1; exit 3", "the program ended with exit status 3; 0 is success"),
        ("kill -9 $$", "the program was ended by SIGKILL"),
        ("report 1 1; sleep 60", "it ran for longer than its time limit of 1 seconds"),
    ],
)
def test_a_trial_fails_with_its_reason(
    text: str, reason: str, program: Any, tmp_path: Path
) -> None:
    program(f"echo on my way\n{text}")
    with opened(tmp_path, study("time_limit_seconds = 1")) as trainer:
        found = trained(trainer)
    assert found.reason.startswith(reason)
    assert found.reason.splitlines()[-1] == "on my way"
    last = found.reports[0][-1]
    assert (last.value, last.diverged) == (None, False)


def test_a_reason_ends_with_what_the_program_printed_last(program: Any, tmp_path: Path) -> None:
    program("seq 1 10000; echo no memory >&2; exit 1")
    with opened(tmp_path, study()) as trainer:
        reason = trained(trainer).reason
    assert reason.startswith("the program ended with exit status 1; 0 is success\n")
    assert reason.endswith("\n10000\nno memory")
    assert len(reason) <= 2000


def test_a_failed_trial_is_tried_again_and_reports_no_step_twice(
    program: Any, tmp_path: Path
) -> None:
    program("echo x >> tries; report 1 3; [ $(wc -l < tries) = 3 ] || exit 1; report 2 1")
    with opened(tmp_path, study("tries = 3")) as trainer:
        found = trained(trainer)
    assert found.steps == [1, 2]
    assert found.value == 1
    (tmp_path / "tries").unlink()
    with opened(tmp_path, study("tries = 2")) as trainer:
        assert trained(trainer).reason == "the program ended with exit status 1; 0 is success"
    assert (tmp_path / "tries").read_text() == "x\nx\n"


def test_a_trial_that_reports_more_than_its_steps_ends_there(program: Any, tmp_path: Path) -> None:
    program("for i in $(seq 1 1000); do report $i $i; sleep 0.05; done")
    with opened(tmp_path, study("steps = 3")) as trainer:
        assert trained(trainer).steps == [1, 2, 3]


def test_closing_ends_the_program_with_all_that_it_started(program: Any, tmp_path: Path) -> None:
    program("sleep 600 & echo $! >> pids; echo $$ >> pids; wait")
    with opened(tmp_path, study()) as trainer:
        training = trainer.train(trainer.objective.training, [Assignment({}, 7)], 0)  # type: ignore[attr-defined]
        assert next(training) == {}
        pids = pids_in(tmp_path / "pids", 2)
        training.close()
    wait_until(lambda: not any(is_there(pid) for pid in pids))


def test_it_can_be_stopped_at_any_time(program: Any, tmp_path: Path) -> None:
    program("sleep 600")
    with opened(tmp_path, study()) as trainer:
        training = trainer.train(trainer.objective.training, [Assignment({}, 7)], 0)  # type: ignore[attr-defined]
        for _ in range(3):
            began = time.monotonic()
            assert next(training) == {}
            assert time.monotonic() - began < 5
        training.close()


KEEPS = f"""\
#!{sys.executable}
import json, os, time
from pathlib import Path
folder = Path(os.environ["KLAYER_CHECKPOINTS"])
saved = folder / "step"
step = int(saved.read_text()) if saved.exists() else 0
Path("begun").open("a").write(f"{{step}}\\n")
while step < 6:
    step += 1
    draft = folder / "draft"
    BEFORE
    with open(os.environ["KLAYER_REPORT"], "a") as reports:
        reports.write(json.dumps({{"step": step, "loss": 1 / step}}) + "\\n")
    AFTER
"""
SAVE = "draft.write_text(str(step)); draft.rename(saved)"


@pytest.mark.parametrize(
    ("before", "after", "begun"),
    [
        (SAVE, "time.sleep(60 if step in (2, 4) else 0)", ["0", "2", "4"]),
        # It may be ended between its report and its save, and then does one step again.
        ("pass", f"{SAVE}; time.sleep(0.5)", ["0", "[12]", "[34]"]),
        ("pass", "pass", ["0", "0", "0"]),
        (f"{SAVE}; time.sleep(0.5)", "pass", None),  # ended before it reports what it has saved
    ],
    ids=["saves and reports", "reports and saves", "keeps nothing", "runs ahead"],
)
def test_a_trial_goes_on_from_its_checkpoints_to_the_same_reports(
    before: str, after: str, begun: list[str] | None, tmp_path: Path
) -> None:
    text = KEEPS.replace("BEFORE", before).replace("AFTER", after)
    (tmp_path / "program.sh").write_text(text)
    (tmp_path / "program.sh").chmod(0o755)
    with opened(tmp_path, study("steps = 6")) as trainer:
        first = trained(trainer, until=2)
        second = trained(trainer, start=[first.states[0]], until=4)
        last = trained(trainer, start=[second.states[0]])
    assert [first.steps, second.steps, last.steps] == [[1, 2], [3, 4], [5, 6]]
    assert last.value == 1 / 6
    assert last.states == {}
    if begun is not None:
        assert re.fullmatch(r"\n".join(begun) + r"\n", (tmp_path / "begun").read_text())


def test_checkpoints_that_cannot_be_read_cost_no_try(program: Any, tmp_path: Path) -> None:
    program(
        'if [ -e "$KLAYER_CHECKPOINTS/half" ]; then echo broken; exit 1; fi\n'
        'echo half > "$KLAYER_CHECKPOINTS/half"; for i in 1 2 3; do report $i $i; sleep 0.2; done'
    )
    with opened(tmp_path, study()) as trainer:
        first = trained(trainer, until=1)
        assert trained(trainer, start=[first.states[0]]).steps == [2, 3]


def test_a_trial_without_a_value_where_it_is_compared_has_failed(
    program: Any, tmp_path: Path
) -> None:
    program("report 10 1; sleep 60")
    with opened(tmp_path, study()) as trainer:
        found = trained(trainer, until=5)
    assert found.reason == "it reported no loss up to step 5, by which trials are ranked"
    assert found.states == {}


def test_a_trial_that_ends_before_it_is_compared_is_at_its_end(
    program: Any, tmp_path: Path
) -> None:
    program("report 1 1; report 2 1")
    with opened(tmp_path, study()) as trainer:
        found = trained(trainer, until=5)
    assert (found.steps, found.value, found.states) == ([1, 2], 1, {})


def test_nothing_is_evaluated_at_the_end(program: Any, tmp_path: Path) -> None:
    program("true")
    with opened(tmp_path, study()) as trainer, pytest.raises(KlayerError, match="nothing to eval"):
        trainer.evaluate(trainer.objective.training, [], 0)  # type: ignore[attr-defined]
