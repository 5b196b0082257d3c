"""Momentum and weight decay against the formulas, number by number."""

import numpy as np
import pytest

from model import parameters
from model.members import Member
from model.optimizer import Momentum
from model.parameters import Layer, Parameters

DRAW = np.random.default_rng(5)
RATES = np.reshape([0.1, 0.3], (2, 1, 1))


def drawn() -> Parameters:
    shapes = ((2, 3, 4), (2, 1, 4), (2, 1, 4), (2, 1, 4))
    return (Layer(*(DRAW.standard_normal(shape) for shape in shapes)),)


@pytest.mark.parametrize("momenta", [(0.0, 0.0), (0.9, 0.0), (0.5, 0.8)])
@pytest.mark.parametrize("decays", [(0.0, 0.0), (0.01, 0.0), (0.1, 0.2)])
def test_three_steps(momenta: tuple[float, float], decays: tuple[float, float]) -> None:
    members = [
        Member((), 1, 0.1, momentum=m, weight_decay=w) for m, w in zip(momenta, decays, strict=True)
    ]
    stack = drawn()
    optimizer = Momentum.at_rest(members, stack, float)
    expected = {name: array.copy() for name, array in stack[0].arrays().items()}
    velocity = {name: np.zeros_like(array) for name, array in expected.items()}
    for _ in range(3):
        gradients = drawn()
        for name, gradient in gradients[0].arrays().items():
            for i in range(2):
                g = gradient[i] + (2 * decays[i] * expected[name][i] if name == "weights" else 0)
                velocity[name][i] = momenta[i] * velocity[name][i] - RATES[i] * g
                expected[name][i] += velocity[name][i]
        optimizer.step_in_place(stack, gradients, RATES)
    for name, array in stack[0].arrays().items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-12, atol=1e-14)


def test_no_velocity_is_held_where_nothing_moves() -> None:
    still = [Member((), 1, 0.1), Member((), 2, 0.1)]
    assert Momentum.at_rest(still, drawn(), float).velocity is None


def test_taking_members_takes_their_velocities() -> None:
    members = [Member((), 1, 0.1, momentum=0.9, weight_decay=0.1), Member((), 2, 0.1)]
    stack = drawn()
    optimizer = Momentum.at_rest(members, stack, float)
    optimizer.step_in_place(stack, drawn(), RATES)
    taken = optimizer.take([1], parameters.take(stack, [1]))
    assert taken.momentum.tolist() == [[[0.0]]]
    assert taken.weight_decay.tolist() == [[[0.0]]]
    assert taken.velocity is not None
    assert optimizer.velocity is not None
    for name, array in taken.velocity[0].arrays().items():
        np.testing.assert_array_equal(array, optimizer.velocity[0].arrays()[name][[1]])


def test_single_precision_stays_single() -> None:
    members = [Member((), s, 0.1, momentum=0.9, weight_decay=0.1) for s in (1, 2)]
    stack = parameters.copy(
        tuple(
            Layer(**{name: array.astype(np.float32) for name, array in layer.arrays().items()})
            for layer in drawn()
        )
    )
    optimizer = Momentum.at_rest(members, stack, np.float32)
    optimizer.step_in_place(stack, parameters.copy(stack), RATES.astype(np.float32))
    assert optimizer.velocity is not None
    for layer in (*stack, *optimizer.velocity):
        assert {array.dtype for array in layer.arrays().values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_tiny_weight_decay_is_not_rounded_away(momentum: float) -> None:
    """1 - 2 λ η is 1 in float32 for λ η = 1e-8; the decay of many steps must show all the same."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((1, 300, 20)).astype(np.float32)
    noise = [rng.standard_normal(weights.shape).astype(np.float32) for _ in range(400)]

    def decayed(weight_decay: float) -> float:
        stack = (Layer(weights.copy(), np.zeros((1, 1, 20), np.float32)),)
        members = [Member((), 1, 0.01, weight_decay=weight_decay, momentum=momentum)]
        optimizer = Momentum.at_rest(members, stack, np.float32)
        for one in noise:
            gradient = (Layer(1e-3 * one, np.zeros((1, 1, 20), np.float32)),)
            optimizer.step_in_place(stack, gradient, np.full((1, 1, 1), 0.01, np.float32))
        return float(np.square(stack[0].weights, dtype=float).sum())

    lost = 1 - decayed(1e-6) / decayed(0.0)
    steps = 400 if momentum == 0 else 400 / (1 - momentum)
    assert lost == pytest.approx(2 * 2 * 1e-6 * 0.01 * steps, rel=0.3)
