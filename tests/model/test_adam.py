"""Adam and AdamW against the plain formulas and scikit-learn's, and what their constants may be."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

from model import parameters
from model.adam import Adam
from model.members import Member
from model.parameters import Gradients, Parameters
from tests.model.test_descent import buffers_of, drawn, drawn_gradients, explicit

RATES = np.reshape([0.01, 0.05], (2, 1, 1))
# Alike, so that numbers of members become scalars; and each with its own.
ALIKE = (Member((4,), 1, 0.1), Member((4,), 2, 0.1))
OWN = (
    Member((4,), 1, 0.1, beta_1=0.8, beta_2=0.99, epsilon=1e-3, weight_decay=0.1),
    Member((4,), 2, 0.1, beta_1=0.0, beta_2=0.5, weight_decay=2.0),
)
DECAYED = (Member((4,), 1, 0.1, weight_decay=0.3), Member((4,), 2, 0.1))


@dataclass
class Plain:
    """Algorithm 1 of Kingma and Ba, and AdamW's decay, in float64, as PyTorch computes them."""

    members: Sequence[Member]
    arrays: list[dict[str, np.ndarray]]
    decoupled: bool
    means: list[dict[str, np.ndarray]] = field(init=False)
    squares: list[dict[str, np.ndarray]] = field(init=False)
    steps: int = 0

    def __post_init__(self) -> None:
        self.means, self.squares = (
            [{name: np.zeros_like(array) for name, array in layer.items()} for layer in self.arrays]
            for _ in range(2)
        )

    @classmethod
    def of(cls, members: Sequence[Member], stack: Parameters, decoupled: bool) -> "Plain":
        arrays = [{n: a.astype(float) for n, a in s.arrays().items()} for s in stack]
        return cls(members, arrays, decoupled)

    def step(self, gradients: Gradients, rates: np.ndarray) -> None:
        self.steps += 1
        for layer, mean, square, gradient in zip(
            self.arrays, self.means, self.squares, gradients, strict=True
        ):
            for name, g in explicit(gradient).items():
                for i, one in enumerate(self.members):
                    w, m, v, slope = layer[name][i], mean[name][i], square[name][i], g[i]
                    if name == "weights" and self.decoupled:
                        w *= 1 - rates[i] * one.weight_decay
                    elif name == "weights":
                        slope = slope + 2 * one.weight_decay * w
                    m[...] = one.beta_1 * m + (1 - one.beta_1) * slope
                    v[...] = one.beta_2 * v + (1 - one.beta_2) * slope**2
                    m_hat = m / (1 - one.beta_1**self.steps)
                    v_hat = v / (1 - one.beta_2**self.steps)
                    w -= rates[i] * m_hat / (np.sqrt(v_hat) + one.epsilon)


def assert_close(stack: Parameters, optimizer: Adam, plain: Plain, tolerance: float) -> None:
    """W and all vectors of each member, against the largest entry of the array."""
    scale = 1.0 if optimizer.scale is None else optimizer.scale
    for layer, expected in zip(stack, plain.arrays, strict=True):
        arrays = {**layer.arrays(), "weights": layer.weights.astype(float) * scale}
        for name, array in arrays.items():
            for mine, truth in zip(array, expected[name], strict=True):
                assert np.abs(mine - truth).max() <= tolerance * np.abs(truth).max(), name


# Against the formulas


@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("members", [ALIKE, OWN, DECAYED])
def test_steps_are_those_of_the_formulas(members: Sequence[Member], decoupled: bool) -> None:
    """150 steps, in which σ of β1 = 0.9 comes to the end of its range twice."""
    draw = np.random.default_rng(5)
    stack = drawn(draw)
    optimizer = Adam.at_rest(members, stack, decoupled=decoupled)
    plain = Plain.of(members, stack, decoupled)
    for step in range(150):
        rates = RATES * (1 + 0.5 * (step % 3))  # a schedule
        gradients = drawn_gradients(draw, stack)
        optimizer.step_in_place(stack, gradients, rates, buffers_of(stack))
        plain.step(gradients, rates)
        if step % 40 == 0:
            assert_close(stack, optimizer, plain, 1e-9)
    optimizer.fold(stack)
    assert_close(stack, optimizer, plain, 1e-9)


def test_steps_are_those_of_scikit_learn() -> None:
    """Whose ε is added ahead of the correction of v: a tiny one makes no difference."""
    draw = np.random.default_rng(6)
    members = [Member((4,), 1, 0.1, beta_1=0.85, beta_2=0.95, epsilon=1e-14)] * 2
    stack = drawn(draw)
    theirs = [layer.weights[1].copy() for layer in stack]
    peer = AdamOptimizer(theirs, learning_rate_init=0.05, beta_1=0.85, beta_2=0.95, epsilon=1e-14)
    optimizer = Adam.at_rest(members, stack)
    for _ in range(60):
        gradients = drawn_gradients(draw, stack)
        optimizer.step_in_place(stack, gradients, RATES, buffers_of(stack))
        peer.update_params(theirs, [explicit(g)["weights"][1] for g in gradients])
    for layer, weights in zip(stack, theirs, strict=True):
        np.testing.assert_allclose(layer.weights[1], weights, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("decoupled", [False, True])
def test_1000_steps_in_single_precision_keep_to_those_in_double(decoupled: bool) -> None:
    draw = np.random.default_rng(7)
    members = [Member((4,), 1, 0.1, weight_decay=0.01), Member((4,), 2, 0.1, beta_1=0.5)]
    stack = drawn(draw, "float32")
    optimizer = Adam.at_rest(members, stack, decoupled=decoupled)
    plain = Plain.of(members, stack, decoupled)
    for _ in range(1000):
        gradients = drawn_gradients(draw, stack)
        optimizer.step_in_place(stack, gradients, RATES / 10, buffers_of(stack))
        plain.step(gradients, RATES / 10)
    for layer in (*stack, *optimizer.mean, *optimizer.square):
        assert {array.dtype for array in layer.arrays().values()} == {np.dtype(np.float32)}
    assert_close(stack, optimizer, plain, 1e-4)


def test_a_gradient_that_stays_zero_leaves_a_mean_of_zero() -> None:
    """Not of a number so small that processors are slow with it."""
    draw = np.random.default_rng(8)
    stack = drawn(draw, "float32")
    optimizer = Adam.at_rest(ALIKE, stack)
    gradients = drawn_gradients(draw, stack)
    optimizer.step_in_place(stack, gradients, RATES, buffers_of(stack))
    still = tuple(
        type(g)(g.weights.times(np.zeros((2, 1, 1), np.float32)), np.zeros_like(g.bias))
        for g in gradients[1:]
    )
    few = Adam.at_rest(ALIKE, stack[1:])
    few.step_in_place(stack[1:], gradients[1:], RATES, buffers_of(stack[1:]))
    for _ in range(1200):
        few.step_in_place(stack[1:], still, RATES, buffers_of(stack[1:]))
    assert not few.mean[0].weights.any()


# What the optimizer holds


def test_a_scale_is_held_by_adamw_with_decay_alone() -> None:
    stack = drawn(np.random.default_rng(9))
    assert Adam.at_rest(DECAYED, stack).scale is None
    assert Adam.at_rest(ALIKE, stack, decoupled=True).scale is None
    assert Adam.at_rest(DECAYED, stack, decoupled=True).scale is not None


def test_gradients_and_rates_stay_as_they_were() -> None:
    draw = np.random.default_rng(12)
    stack, rates = drawn(draw), RATES.copy()
    gradients = drawn_gradients(draw, stack)
    before = [explicit(g) for g in gradients]
    Adam.at_rest(OWN, stack).step_in_place(stack, gradients, rates, buffers_of(stack))
    np.testing.assert_array_equal(rates, RATES)
    for gradient, arrays in zip(gradients, before, strict=True):
        for name, array in explicit(gradient).items():
            np.testing.assert_array_equal(array, arrays[name])


def test_padding_stays_zero() -> None:
    draw = np.random.default_rng(14)
    stack = drawn(draw)
    for layer in stack:
        for array in layer.arrays().values():
            array[0] = 0
    gradients = tuple(
        type(g)(g.weights.times(np.reshape([0.0, 1.0], (2, 1, 1))), np.zeros_like(g.bias))
        for g in drawn_gradients(draw, stack)
    )
    bare = tuple(type(layer)(layer.weights, layer.bias) for layer in stack)
    for decoupled in (False, True):
        optimizer = Adam.at_rest(OWN, bare, decoupled=decoupled)
        for _ in range(3):
            optimizer.step_in_place(bare, gradients, RATES, buffers_of(bare))
        assert not any(layer.weights[0].any() for layer in bare)
    assert all(layer.weights[1].any() for layer in parameters.copy(bare))
