"""Timed processes: they start together, have one thread, and say why they failed."""

from dataclasses import asdict

import pytest

from benchmarks.contenders.step_products import operations
from benchmarks.problem import Problem
from benchmarks.timing import NotMeasuredError, Work, environment, measure

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
