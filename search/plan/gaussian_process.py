"""A Gaussian process through noisy numbers: Matérn 5/2, one length a column, by its evidence.

C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning" (2006), chapters 2 and
5. Numbers are scaled to mean 0 and variance 1. Lengths, variance and noise maximise the evidence
times priors, which keep them sound where there are few numbers.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

Array = npt.NDArray[np.float64]

_ROOT = math.sqrt(5.0)
_JITTER = 1e-8  # on the diagonal, so that a point that stands twice leaves the matrix invertible
_MOST_ITERATIONS = 30
# Of the logarithms: of a length beside √(d / 8) for d columns, of the variance, of the noise's
# variance. Means and standard deviations of their normal priors.
_LENGTH, _VARIANCE, _NOISE = (0.0, 1.0), (0.0, 1.0), (-3.0, 1.5)
_BOUNDS = (-4.0, 4.0), (-4.0, 3.0), (-9.0, 1.5)


@dataclass(frozen=True)
class Process:
    """A fitted process.

    Attributes:
        x: Where it was told numbers, (n, d).
        lengths: Of each column, (d,): over what distance the function changes.
        variance: Of the function.
        noise: Variance of a number about the function.
        factor: Lower Cholesky factor of the covariance of the told numbers, (n, n).
        weights: The inverse of that covariance times the scaled numbers, (n,).
    """

    x: Array
    lengths: Array
    variance: float
    noise: float
    factor: Array
    weights: Array

    def mean(self, at: Array) -> Array:
        """The expected function at points (k, d), (k,), as scaled numbers."""
        with threadpool_limits(1):
            found: Array = self._covariance(at, self.x) @ self.weights
        return found

    def apart(self, at: Array, count: int, deviations: float) -> list[int]:
        """The places of `count` of the points (k, d) that may well be low, and keep apart.

        Each has the least expected value less so many standard deviations, given that those before
        it turn out as expected (T. Desautels, A. Krause, J. Burdick, "Parallelizing Exploration-
        Exploitation Tradeoffs in Gaussian Process Bandit Optimization", JMLR 15, 2014, algorithm
        1).
        """
        from scipy.linalg import solve_triangular

        with threadpool_limits(1):
            across = self._covariance(at, self.x)
            mean = across @ self.weights
            root = solve_triangular(self.factor, across.T, lower=True)
            left = self.variance - (root * root).sum(0)
            known: list[Array] = []
            chosen: list[int] = []
            for _ in range(count):
                bound = mean - deviations * np.sqrt(np.maximum(left, 0.0))
                bound[chosen] = np.inf
                one = int(np.argmin(bound))
                chosen.append(one)
                told = self._covariance(at, at[one : one + 1])[:, 0] - root.T @ root[:, one]
                for before in known:
                    told -= before * before[one]
                told /= math.sqrt(max(told[one], 0.0) + self.noise + _JITTER)
                known.append(told)
                left = left - told * told
        return chosen

    def _covariance(self, one: Array, other: Array) -> Array:
        a, b = one / self.lengths, other / self.lengths
        squares = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2.0 * (a @ b.T)
        return _matern(np.sqrt(np.maximum(squares, 0.0)), self.variance)


def fit(x: Array, y: Array) -> Process:
    """The process that explains numbers `y` (n,) at points `x` (n, d) best; n and d at least 1.

    The same numbers give the same process on one kind of machine, whatever threads it has.
    """
    with threadpool_limits(1):
        return _fit(x, y)


def _fit(x: Array, y: Array) -> Process:
    from scipy.linalg import cho_solve, cholesky
    from scipy.optimize import minimize

    columns = x.shape[1]
    spread = float(y.std())
    scaled = (y - y.mean()) / (spread if spread > 0 else 1.0)
    squares = (x[:, None, :] - x[None, :, :]) ** 2
    usual = 0.5 * math.log(columns / 8.0) + _LENGTH[0]
    means = np.array([*[usual] * columns, _VARIANCE[0], _NOISE[0]])
    deviations = np.array([*[_LENGTH[1]] * columns, _VARIANCE[1], _NOISE[1]])
    bounds = [_BOUNDS[0]] * columns + list(_BOUNDS[1:])

    def cost(logs: Array) -> tuple[float, Array]:
        value, slope = _unlikeliness(logs, squares, scaled)
        off = (logs - means) / deviations
        return value + 0.5 * float(off @ off), slope + off / deviations

    found: Any = minimize(
        cost,
        means,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": _MOST_ITERATIONS},
    )
    lengths, variance, noise = _parts(found.x)
    covariance = _matern(np.sqrt((squares / lengths**2).sum(-1)), variance)
    covariance += (noise + _JITTER) * np.eye(len(x))
    factor = cholesky(covariance, lower=True)
    return Process(x, lengths, variance, noise, factor, cho_solve((factor, True), scaled))


def _parts(logs: Array) -> tuple[Array, float, float]:
    """Lengths (d,), variance and noise, of the logarithms (d + 2,)."""
    return np.exp(logs[:-2]), math.exp(logs[-2]), math.exp(logs[-1])


def _matern(distance: Array, variance: float) -> Array:
    """Equation 4.17 of the book, for distances that are scaled by the lengths."""
    r = _ROOT * distance
    found: Array = variance * (1.0 + r + r * r / 3.0) * np.exp(-r)
    return found


def _unlikeliness(logs: Array, squares: Array, y: Array) -> tuple[float, Array]:
    """Minus the logarithm of the evidence, up to a constant, and its slope (d + 2,).

    Equations 2.30 and 5.9 of the book.

    Args:
        logs: Of the lengths, the variance and the noise, (d + 2,).
        squares: Squared differences of the points in each column, (n, n, d).
        y: Scaled numbers, (n,).
    """
    from scipy.linalg import cho_solve, cholesky

    lengths, variance, noise = _parts(logs)
    shares = squares / lengths**2
    distance = np.sqrt(shares.sum(-1))
    smooth = _matern(distance, variance)
    one = np.eye(len(y))
    factor = cholesky(smooth + (noise + _JITTER) * one, lower=True)
    weights = cho_solve((factor, True), y)
    value = 0.5 * float(y @ weights) + float(np.log(np.diag(factor)).sum())
    outer = 0.5 * (cho_solve((factor, True), one) - np.outer(weights, weights))
    r = _ROOT * distance
    along = outer * (variance * (5.0 / 3.0) * (1.0 + r) * np.exp(-r))
    slope = np.array(
        [
            *np.einsum("ij,ijk->k", along, shares),
            (outer * smooth).sum(),
            noise * np.trace(outer),
        ]
    )
    return value, slope
