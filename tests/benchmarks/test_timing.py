"""Timed processes: they start together, have one thread, and say why they failed."""

import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.contenders.step_products import operations
from benchmarks.problem import Problem
from benchmarks.timing import NotMeasuredError, Work, environment, measure, output

GIVEN = {"folder": "", "problem": {}}


def test_every_process_reports_its_timed_steps() -> None:
    work = Work("product", "products", {"size": 64})
    taken = measure(work, GIVEN, processes=2, times=3)
    assert [len(one) for one in taken] == [3, 3]
    assert all(seconds > 0 for one in taken for seconds in one)


def test_a_larger_product_takes_longer() -> None:
    def fastest(size: int) -> float:
        (taken,) = measure(Work("", "products", {"size": size}), GIVEN, 1, 5)
        return min(taken)

    assert fastest(512) > 4 * fastest(64)


def test_the_products_of_a_step_are_those_of_the_first_layer_of_a_training() -> None:
    one, eight = (operations(Problem(), members) for members in (1, 8))
    assert eight == 8 * one
    assert 0.96 < one / Problem().epoch_operations < 1


def test_the_products_of_an_epoch_take_longer_for_more_rows() -> None:
    def fastest(rows: int) -> float:
        problem = asdict(Problem(rows=rows, inputs=64, widths=(20, 20)))
        work = Work("", "step_products", {"members": 2})
        (taken,) = measure(work, {"folder": "", "problem": problem}, 1, 5)
        return min(taken)

    assert fastest(4_000) > 4 * fastest(400)


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (Work("", "nobody"), "No module named 'benchmarks.contenders.nobody'"),
        (Work("", "products", {"size": -1}), "negative dimensions are not allowed"),
    ],
)
def test_the_reason_of_a_failure_is_told(work: Work, reason: str) -> None:
    with pytest.raises(NotMeasuredError, match=reason):
        measure(work, GIVEN, processes=2, times=1)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_what_a_command_writes_is_returned() -> None:
    assert output(python("print('found')"), 60) == "found\n"


@pytest.mark.parametrize(
    ("code", "reason"),
    [("raise ValueError('no room')", "ValueError: no room"), ("exit(3)", "exit status 3")],
)
def test_the_reason_of_a_command_that_failed_is_told(code: str, reason: str) -> None:
    with pytest.raises(NotMeasuredError, match=reason):
        output(python(code), 60)


def test_a_command_that_takes_too_long_is_ended_with_its_processes(tmp_path: Path) -> None:
    # The forked process is killed too: it would write its time for ever.
    path = tmp_path / "alive"
    code = (
        "import os, pathlib, time\nos.fork()\nwhile True:\n"
        f"    pathlib.Path({str(path)!r}).write_text(str(time.time()))\n    time.sleep(0.01)"
    )
    with pytest.raises(NotMeasuredError, match="not finished after 1 seconds"):
        output(python(code), 1)
    time.sleep(0.2)
    last = path.stat().st_mtime_ns
    time.sleep(0.2)
    assert path.stat().st_mtime_ns == last


def test_a_child_gets_one_thread_and_no_setting_of_the_shell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("KLAYER_BLAS_KERNELS", "default")
    child = environment()
    assert child["OMP_NUM_THREADS"] == child["OPENBLAS_NUM_THREADS"] == "1"
    assert not {"OPENBLAS_CORETYPE", "KLAYER_BLAS_KERNELS"} & child.keys()
    assert environment("Haswell")["OPENBLAS_CORETYPE"] == "Haswell"
    assert "OMP_NUM_THREADS" not in environment(threads=False)
