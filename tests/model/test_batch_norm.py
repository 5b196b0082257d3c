"""Batch normalisation against the paper's algorithm, written out unit by unit."""

import numpy as np
import pytest

from model import batch_norm
from model.batch_norm import EPSILON, Statistics

DRAW = np.random.default_rng(2)
M, N, H = 3, 9, 4
X = DRAW.standard_normal((M, N, H)) * [0.5, 1, 3, 1e-4] + [0, 2, -5, 1]
DY = DRAW.standard_normal((M, N, H))
GAMMA = DRAW.standard_normal((M, 1, H))
BETA = DRAW.standard_normal((M, 1, H))


def unit_by_unit(
    x: list[float], gamma: float, beta: float, dy: list[float]
) -> tuple[list[float], list[float], float, float]:
    """Ioffe & Szegedy's algorithm 1 and the gradients of section 3, line by line, for one unit."""
    n = len(x)
    mean = sum(x) / n
    variance = sum((v - mean) ** 2 for v in x) / n
    root = (variance + EPSILON) ** 0.5
    normalised = [(v - mean) / root for v in x]
    y = [gamma * v + beta for v in normalised]
    d_normalised = [d * gamma for d in dy]
    d_variance = sum(
        d * (v - mean) * -0.5 * (variance + EPSILON) ** -1.5
        for d, v in zip(d_normalised, x, strict=True)
    )
    d_mean = sum(-d / root for d in d_normalised) + d_variance * sum(-2 * (v - mean) for v in x) / n
    dx = [
        d / root + d_variance * 2 * (v - mean) / n + d_mean / n
        for d, v in zip(d_normalised, x, strict=True)
    ]
    return y, dx, sum(d * v for d, v in zip(dy, normalised, strict=True)), sum(dy)


@pytest.mark.parametrize("affine", [True, False])
def test_forward_and_backward_follow_the_paper(affine: bool) -> None:
    gamma, beta = (GAMMA, BETA) if affine else (None, None)
    y, cache, statistics = batch_norm.forward(X, gamma, beta)
    dx, d_gamma, d_beta = batch_norm.backward(DY, cache)
    for m in range(M):
        for h in range(H):
            g, b = (float(GAMMA[m, 0, h]), float(BETA[m, 0, h])) if affine else (1.0, 0.0)
            x, dy = X[m, :, h].tolist(), DY[m, :, h].tolist()
            y_, dx_, d_gamma_, d_beta_ = unit_by_unit(x, g, b, dy)
            np.testing.assert_allclose(y[m, :, h], y_, rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(dx[m, :, h], dx_, rtol=1e-8, atol=1e-9 * np.ptp(dx_))
            np.testing.assert_allclose(d_gamma[m, 0, h], d_gamma_, rtol=1e-9)
            np.testing.assert_allclose(d_beta[m, 0, h], d_beta_, rtol=1e-9)
    np.testing.assert_allclose(statistics.mean[:, 0], X.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(statistics.variance[:, 0], X.var(axis=1), rtol=1e-9)


@pytest.mark.parametrize("affine", [True, False])
def test_inference_with_the_batchs_own_statistics_is_the_training_pass(affine: bool) -> None:
    gamma, beta = (GAMMA, BETA) if affine else (None, None)
    y, _, statistics = batch_norm.forward(X, gamma, beta)
    np.testing.assert_allclose(
        batch_norm.inference(X, gamma, beta, statistics), y, rtol=1e-8, atol=1e-9
    )


def test_a_unit_that_never_varies_gives_beta_and_no_gradient_at_x() -> None:
    constant = np.full((1, 5, 1), 7.0)
    y, cache, _ = batch_norm.forward(constant, np.full((1, 1, 1), 3.0), np.full((1, 1, 1), 0.5))
    np.testing.assert_array_equal(y, np.full((1, 5, 1), 0.5))
    dx, _, _ = batch_norm.backward(np.ones((1, 5, 1)), cache)
    np.testing.assert_array_equal(dx, np.zeros((1, 5, 1)))


def test_moving_average() -> None:
    first = Statistics(np.full((1, 1, 1), 2.0), np.full((1, 1, 1), 4.0))
    second = Statistics(np.full((1, 1, 1), 12.0), np.full((1, 1, 1), 8.0))
    kept = batch_norm.moving_average(None, first, 0.9)
    assert (kept.mean.item(), kept.variance.item()) == (2.0, 4.0)
    kept = batch_norm.moving_average(kept, second, 0.9)
    assert kept.mean.item() == pytest.approx(0.9 * 2 + 0.1 * 12, rel=1e-15)
    assert kept.variance.item() == pytest.approx(0.9 * 4 + 0.1 * 8, rel=1e-15)
    assert (first.mean.item(), second.mean.item()) == (2.0, 12.0)


def test_single_precision_stays_single() -> None:
    single = [a.astype(np.float32) for a in (X, GAMMA, BETA, DY)]
    y, cache, statistics = batch_norm.forward(*single[:3])
    kept = batch_norm.moving_average(statistics, statistics, 0.99)
    out = batch_norm.inference(single[0], single[1], single[2], kept)
    arrays = (y, *batch_norm.backward(single[3], cache), kept.mean, kept.variance, out)
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def test_arguments_stay_as_they_were() -> None:
    copies = [a.copy() for a in (X, GAMMA, BETA, DY)]
    _, cache, statistics = batch_norm.forward(X, GAMMA, BETA)
    batch_norm.backward(DY, cache)
    batch_norm.inference(X, GAMMA, BETA, statistics)
    for array, copy in zip((X, GAMMA, BETA, DY), copies, strict=True):
        np.testing.assert_array_equal(array, copy)
