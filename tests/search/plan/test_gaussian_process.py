"""The process is scikit-learn's where both have the same parts; its slope that of its evidence."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from threadpoolctl import threadpool_info, threadpool_limits

from search.plan import gaussian_process
from search.plan.gaussian_process import Array, Process

RANDOM = np.random.default_rng(3)
X = RANDOM.random((24, 3))
Y = np.sin(4 * X[:, 0]) + 0.1 * X[:, 1] + 0.05 * RANDOM.standard_normal(24)
AT = RANDOM.random((7, 3))


def oracle(fitted: Process, scaled: Array) -> GaussianProcessRegressor:
    kernel = ConstantKernel(fitted.variance) * Matern(fitted.lengths, nu=2.5)
    kernel += WhiteKernel(fitted.noise)
    model = GaussianProcessRegressor(kernel, alpha=1e-8, optimizer=None)
    return model.fit(X, scaled)


def test_it_expects_what_scikit_learn_expects() -> None:
    fitted = gaussian_process.fit(X, Y)
    expected = oracle(fitted, (Y - Y.mean()) / Y.std()).predict(AT)
    np.testing.assert_allclose(fitted.mean(AT), expected, rtol=1e-6)


def test_it_is_asked_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads may add in another order, and the plan is everybody's."""
    fitted, real = gaussian_process.fit(X, Y), gaussian_process._matern
    threads = set[int]()

    def watched(distance: Array, variance: float) -> Array:
        threads.update(one["num_threads"] for one in threadpool_info())
        return real(distance, variance)

    monkeypatch.setattr(gaussian_process, "_matern", watched)
    with threadpool_limits(2):
        fitted.mean(AT)
        fitted.apart(AT, 2, 1.0)
    assert threads == {1}


def test_the_slope_of_the_evidence_agrees_with_central_differences() -> None:
    squares = (X[:, None, :] - X[None, :, :]) ** 2
    logs = np.array([0.1, -0.4, 0.3, 0.2, -2.0])
    _, slope = gaussian_process._unlikeliness(logs, squares, Y)
    for place in range(len(logs)):
        step = np.zeros_like(logs)
        step[place] = 1e-6
        ahead, _ = gaussian_process._unlikeliness(logs + step, squares, Y)
        behind, _ = gaussian_process._unlikeliness(logs - step, squares, Y)
        assert slope[place] == pytest.approx((ahead - behind) / 2e-6, rel=1e-5, abs=1e-6)


def test_a_column_that_decides_nothing_is_given_a_longer_length() -> None:
    lengths = gaussian_process.fit(X, Y).lengths
    assert lengths[0] < lengths[2]


def test_the_first_of_a_batch_has_the_least_bound_and_the_next_keep_away_from_it() -> None:
    fitted = gaussian_process.fit(X, Y)
    model = oracle(fitted, (Y - Y.mean()) / Y.std())
    near = AT[:1] + np.array([[0.0], [1e-4], [2e-4]])
    offered = np.concatenate([RANDOM.random((40, 3)), near])
    mean = model.predict(offered)
    smooth = fitted.variance - np.array(
        [
            model.kernel_.k1(p[None], X)[0]
            @ np.linalg.solve(model.kernel_(X), model.kernel_.k1(X, p[None])[:, 0])
            for p in offered
        ]
    )
    first, *others = fitted.apart(offered, 3, 2.0)
    assert first == int(np.argmin(mean - 2.0 * np.sqrt(smooth)))
    assert len({first, *others}) == 3
    assert len({first, *others} & {40, 41, 42}) <= 1


@pytest.mark.parametrize("numbers", [[1.0], [2.0, 2.0, 2.0]])
def test_numbers_that_do_not_differ_are_expected_everywhere(numbers: list[float]) -> None:
    fitted = gaussian_process.fit(X[: len(numbers)], np.array(numbers))
    np.testing.assert_array_equal(fitted.mean(AT), 0.0)


def test_a_point_that_stands_twice_has_the_mean_of_its_numbers() -> None:
    fitted = gaussian_process.fit(np.array([[0.2], [0.2], [0.8]]), np.array([1.0, 3.0, 2.0]))
    np.testing.assert_allclose(fitted.mean(np.array([[0.2]])), 0.0, atol=1e-6)
