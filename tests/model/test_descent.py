"""Momentum and weight decay against the plain formulas, number by number, folded or not."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import SGDOptimizer

from model import linear, parameters
from model.descent import Descent
from model.linear import WeightGradient
from model.members import Member
from model.parameters import Gradients, Layer, LayerGradient, Parameters

RATES = np.reshape([0.1, 0.5], (2, 1, 1))
Momenta = tuple[float, float]


def members_with(decays: Sequence[float], momenta: Sequence[float] = (0.0, 0.0)) -> list[Member]:
    return [
        Member((4,), 1, 0.1, weight_decay=w, momentum=m)
        for w, m in zip(decays, momenta, strict=True)
    ]


def drawn(draw: np.random.Generator, dtype: str = "float64") -> Parameters:
    """Two layers of two members; the first lies in memory as a first layer does."""
    first = linear.first_layer_order(2, 3, 4, dtype)
    first[...] = draw.standard_normal(first.shape)
    second = draw.standard_normal((2, 4, 2)).astype(dtype)
    bias, gamma, beta, last = (draw.standard_normal((2, 1, h)).astype(dtype) for h in (4, 4, 4, 2))
    return (Layer(first, bias, gamma, beta), Layer(second, last))


def vectors_of(layer: Layer | LayerGradient) -> dict[str, np.ndarray]:
    """Those that are there, by name."""
    named = {"bias": layer.bias, "gamma": layer.gamma, "beta": layer.beta}
    return {name: array for name, array in named.items() if array is not None}


def drawn_gradients(draw: np.random.Generator, stack: Parameters) -> Gradients:
    """As factors: the first layer's rows are all members' own, the second's are not."""
    found = []
    for index, layer in enumerate(stack):
        m, d, h = layer.weights.shape
        rows = draw.standard_normal((5, d) if index == 0 else (m, 5, d))
        weights = WeightGradient(
            rows.astype(layer.weights.dtype),
            draw.standard_normal((m, 5, h)).astype(layer.weights.dtype),
        )
        vectors = {
            name: draw.standard_normal(array.shape).astype(array.dtype)
            for name, array in vectors_of(layer).items()
        }
        found.append(LayerGradient(weights, **vectors))
    return tuple(found)


def buffers_of(stack: Parameters) -> list[np.ndarray]:
    """Full of what an earlier step left there."""
    arrays = [layer.weights for layer in parameters.zeros_like(stack)]
    for array in arrays:
        array.fill(np.nan)
    return arrays


def weights_of(stack: Parameters, optimizer: Descent) -> list[np.ndarray]:
    """W = s V of each layer, in float64; nothing is changed."""
    scale = 1.0 if optimizer.scale is None else optimizer.scale
    return [layer.weights.astype(float) * scale for layer in stack]


@dataclass
class Plain:
    """v ← μ v − η (g + 2 λ W), W ← W + v, in float64, member by member.

    Nesterov's, as PyTorch has it: W ← W + μ v − η (g + 2 λ W), with the new v.
    """

    members: Sequence[Member]
    arrays: list[dict[str, np.ndarray]]
    nesterov: bool = False
    velocities: list[dict[str, np.ndarray]] = field(init=False)

    def __post_init__(self) -> None:
        self.velocities = [
            {name: np.zeros_like(array) for name, array in layer.items()} for layer in self.arrays
        ]

    @classmethod
    def of(cls, members: Sequence[Member], stack: Parameters, *, nesterov: bool = False) -> "Plain":
        arrays = [{n: a.astype(float) for n, a in s.arrays().items()} for s in stack]
        return cls(members, arrays, nesterov)

    def step(self, gradients: Gradients, rates: np.ndarray) -> None:
        for layer, velocity, gradient in zip(self.arrays, self.velocities, gradients, strict=True):
            for name, g in explicit(gradient).items():
                for i, member in enumerate(self.members):
                    decay = 2 * member.weight_decay * layer[name][i] if name == "weights" else 0.0
                    step = rates[i] * (g[i] + decay)
                    velocity[name][i] *= member.momentum
                    velocity[name][i] -= step
                    layer[name][i] += velocity[name][i]
                    if self.nesterov:
                        ahead = member.momentum * velocity[name][i] - step
                        layer[name][i] += ahead - velocity[name][i]


def explicit(gradient: LayerGradient) -> dict[str, np.ndarray]:
    """Every array in float64, the weights' multiplied out member by member."""
    x, dz = gradient.weights.x.astype(float), gradient.weights.dz.astype(float)
    weights = np.stack([(x if x.ndim == 2 else x[i]).T @ dz[i] for i in range(2)])
    return {"weights": weights} | {n: a.astype(float) for n, a in vectors_of(gradient).items()}


def assert_close(stack: Parameters, optimizer: Descent, plain: Plain, tolerance: float) -> None:
    """W and all vectors of each member, against the largest entry of the array."""
    for layer, whole, expected in zip(
        stack, weights_of(stack, optimizer), plain.arrays, strict=True
    ):
        for name, array in {**layer.arrays(), "weights": whole}.items():
            for mine, truth in zip(array, expected[name], strict=True):
                assert np.abs(mine - truth).max() <= tolerance * np.abs(truth).max(), name


# Against the formulas

# The second member's η is 0.5, so that 2 λ η is 1 for λ = 1, and more for what is above it.
DECAYS = [
    (0.0, 0.0),
    (0.01, 0.0),
    (0.0, 0.2),
    (0.1, 0.2),
    (4.0, 0.9),
    (0.01, 1.0),
    (0.0, 3.0),
    (7.0, 1e6),
    (1e-12, 1.9),
]


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momenta", [(0.0, 0.0), (0.9, 0.0), (0.5, 0.8)])
@pytest.mark.parametrize("decays", DECAYS)
def test_steps_are_those_of_the_formulas(
    momenta: Momenta, decays: tuple[float, float], nesterov: bool
) -> None:
    draw = np.random.default_rng(5)
    members, stack = members_with(decays, momenta), drawn(draw)
    optimizer = Descent.at_rest(members, stack, nesterov=nesterov)
    plain = Plain.of(members, stack, nesterov=nesterov)
    buffers = buffers_of(stack)
    for step in range(20):
        rates = RATES * (1 + 0.5 * (step % 3))  # a schedule
        gradients = drawn_gradients(draw, stack)
        optimizer.step_in_place(stack, gradients, rates, buffers)
        plain.step(gradients, rates)
        assert_close(stack, optimizer, plain, 1e-10)
    optimizer.fold(stack)
    assert_close(stack, optimizer, plain, 1e-10)


@pytest.mark.parametrize("nesterov", [False, True])
def test_steps_are_those_of_scikit_learn(nesterov: bool) -> None:
    draw = np.random.default_rng(20)
    member, stack = members_with((0.0, 0.0), (0.9, 0.9)), drawn(draw)
    theirs = [layer.weights[0].copy() for layer in stack]
    peer = SGDOptimizer(theirs, learning_rate_init=0.1, momentum=0.9, nesterov=nesterov)
    optimizer = Descent.at_rest(member, stack, nesterov=nesterov)
    for _ in range(20):
        gradients = drawn_gradients(draw, stack)
        optimizer.step_in_place(stack, gradients, RATES, buffers_of(stack))
        peer.update_params(theirs, [explicit(g)["weights"][0] for g in gradients])
    for layer, weights in zip(stack, theirs, strict=True):
        np.testing.assert_allclose(layer.weights[0], weights, rtol=1e-10, atol=1e-12)


def test_a_decay_that_takes_all_weights_away_leaves_the_step_alone() -> None:
    draw = np.random.default_rng(6)
    stack = drawn(draw)
    optimizer = Descent.at_rest(members_with((0.0, 1.0)), stack)
    buffers = buffers_of(stack)
    for _ in range(3):
        gradients = drawn_gradients(draw, stack)
        optimizer.step_in_place(stack, gradients, RATES, buffers)
        assert optimizer.scale is not None
        assert optimizer.scale.ravel().tolist() == [1, 1]
        for layer, gradient in zip(stack, gradients, strict=True):
            expected = -0.5 * explicit(gradient)["weights"][1]
            np.testing.assert_allclose(layer.weights[1], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("decay", [0.001, 0.9, 1.0, 3.0, 1e200])
def test_members_without_decay_are_as_if_no_other_had_one(decay: float) -> None:
    def after(decays: tuple[float, float]) -> Parameters:
        draw = np.random.default_rng(7)
        stack = drawn(draw)
        optimizer = Descent.at_rest(members_with(decays), stack)
        with np.errstate(all="ignore"):
            for _ in range(300):
                optimizer.step_in_place(
                    stack, drawn_gradients(draw, stack), RATES, buffers_of(stack)
                )
            optimizer.fold(stack)
        return stack

    for layer, alone in zip(after((0.0, decay)), after((0.0, 0.0)), strict=True):
        for name, array in layer.arrays().items():
            np.testing.assert_array_equal(array[0], alone.arrays()[name][0])
        assert not np.isclose(layer.weights[1], alone.weights[1]).any()


@pytest.mark.parametrize("factors", [(0.9, 0.99), (0.992, 0.5), (-0.9, -1.02)])
def test_2000_steps_in_single_precision_keep_to_those_in_double(
    factors: tuple[float, float],
) -> None:
    """Each step multiplies W by a factor; s alone would leave float32 after some hundred."""
    draw = np.random.default_rng(8)
    decays = [(1 - f) / (2 * rate) for f, rate in zip(factors, RATES.ravel(), strict=True)]
    members, stack = members_with(decays), drawn(draw, "float32")
    optimizer, plain = Descent.at_rest(members, stack), Plain.of(members, stack)
    buffers, folded = buffers_of(stack), np.zeros(2)
    for _ in range(2000):
        gradients = drawn_gradients(draw, stack)
        optimizer.step_in_place(stack, gradients, RATES, buffers)
        plain.step(gradients, RATES)
        assert optimizer.scale is not None
        folded += np.abs(optimizer.scale.ravel() - 1) < 1e-7  # what rounding the factor lost
    steps = np.log(1e3) / np.abs(np.log(np.abs(factors)))  # until s leaves its range
    np.testing.assert_array_equal(folded, np.floor(2000 / np.ceil(steps)))
    assert folded.min() >= 2
    assert folded[0] != folded[1]
    assert_close(stack, optimizer, plain, 3e-5)
    optimizer.fold(stack)
    assert_close(stack, optimizer, plain, 3e-5)


@pytest.mark.parametrize(("momentum", "folded_every"), [(0.0, 400), (0.0, 1), (0.0, 5), (0.9, 400)])
def test_a_tiny_weight_decay_is_not_rounded_away(momentum: float, folded_every: int) -> None:
    """1 - 2 λ η is 1 in float32 for λ η = 1e-8; the decay of many steps must show all the same."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((1, 300, 20)).astype(np.float32)
    noise = [rng.standard_normal(weights.shape).astype(np.float32) for _ in range(400)]

    def decayed(weight_decay: float) -> float:
        stack = (Layer(weights.copy(), np.zeros((1, 1, 20), np.float32)),)
        members = [Member((), 1, 0.01, weight_decay=weight_decay, momentum=momentum)]
        optimizer = Descent.at_rest(members, stack)
        rows = np.eye(300, dtype=np.float32)
        for step, one in enumerate(noise, start=1):
            gradient = WeightGradient(rows, np.float32(1e-3) * one)
            gradients = (LayerGradient(gradient, np.zeros((1, 1, 20), np.float32)),)
            optimizer.step_in_place(stack, gradients, np.full((1, 1, 1), 0.01), buffers_of(stack))
            if step % folded_every == 0:
                optimizer.fold(stack)
        return float(np.square(stack[0].weights, dtype=float).sum())

    lost = 1 - decayed(1e-6) / decayed(0.0)
    steps = 400 if momentum == 0 else 400 / (1 - momentum)
    assert lost == pytest.approx(2 * 2 * 1e-6 * 0.01 * steps, rel=0.3)


# What the optimizer holds


def test_no_velocity_is_held_where_nothing_moves() -> None:
    stack = drawn(np.random.default_rng(9))
    assert Descent.at_rest(members_with((0.1, 0.0)), stack).velocity is None
    assert Descent.at_rest(members_with((0.1, 0.0), (0.0, 0.1)), stack).velocity is not None


@pytest.mark.parametrize(
    ("decays", "momenta", "scaled"),
    [
        ((0.1, 0.0), (0.0, 0.0), True),
        ((0.0, 0.0), (0.0, 0.0), False),
        ((0.1, 0.1), (0.0, 0.9), False),
    ],
)
def test_a_scale_is_held_where_there_is_decay_and_nothing_moves(
    decays: tuple[float, float], momenta: Momenta, scaled: bool
) -> None:
    stack = drawn(np.random.default_rng(9), "float32")
    optimizer = Descent.at_rest(members_with(decays, momenta), stack)
    if not scaled:
        assert optimizer.scale is None
    else:
        assert optimizer.scale is not None
        assert optimizer.scale.dtype == np.float64  # in float32 it would round in each step
        assert optimizer.scale.ravel().tolist() == [1, 1]


def test_a_step_within_the_range_costs_the_weights_no_pass() -> None:
    """V moves by the gradient alone: where that is zero, it stays as it is."""
    draw = np.random.default_rng(10)
    stack = drawn(draw)
    before = parameters.copy(stack)
    optimizer = Descent.at_rest(members_with((0.5, 0.1)), stack)
    still = [
        LayerGradient(WeightGradient(g.weights.x, 0 * g.weights.dz), **vectors_of(g))
        for g in drawn_gradients(draw, stack)
    ]
    optimizer.step_in_place(stack, tuple(still), RATES, buffers_of(stack))
    for layer, old in zip(stack, before, strict=True):
        np.testing.assert_array_equal(layer.weights, old.weights)
    np.testing.assert_allclose(optimizer.scale, np.reshape([0.9, 0.9], (2, 1, 1)), rtol=1e-15)


def test_folding_changes_how_weights_are_kept_and_not_what_they_are() -> None:
    draw = np.random.default_rng(11)
    stack = drawn(draw)
    optimizer = Descent.at_rest(members_with((0.5, 0.1)), stack)
    optimizer.step_in_place(stack, drawn_gradients(draw, stack), RATES, buffers_of(stack))
    expected, vectors = weights_of(stack, optimizer), [layer.bias.copy() for layer in stack]
    optimizer.fold(stack)
    assert optimizer.scale is not None
    assert optimizer.scale.ravel().tolist() == [1, 1]
    for layer, whole, bias in zip(stack, expected, vectors, strict=True):
        np.testing.assert_array_equal(layer.weights, whole)
        np.testing.assert_array_equal(layer.bias, bias)
    optimizer.fold(stack)
    for layer, whole in zip(stack, expected, strict=True):
        np.testing.assert_array_equal(layer.weights, whole)


@pytest.mark.parametrize("momenta", [(0.0, 0.0), (0.9, 0.0)])
def test_gradients_and_rates_stay_as_they_were(momenta: Momenta) -> None:
    draw = np.random.default_rng(12)
    stack, rates = drawn(draw), RATES.copy()
    gradients = drawn_gradients(draw, stack)
    factors = [(g.weights.x.copy(), g.weights.dz.copy()) for g in gradients]
    vectors = [{n: a.copy() for n, a in vectors_of(g).items()} for g in gradients]
    optimizer = Descent.at_rest(members_with((0.1, 0.2), momenta), stack)
    optimizer.step_in_place(stack, gradients, rates, buffers_of(stack))
    np.testing.assert_array_equal(rates, RATES)
    for gradient, (x, dz), kept in zip(gradients, factors, vectors, strict=True):
        np.testing.assert_array_equal(gradient.weights.x, x)
        np.testing.assert_array_equal(gradient.weights.dz, dz)
        for name, array in vectors_of(gradient).items():
            np.testing.assert_array_equal(array, kept[name])


# Taking members


def test_taking_members_takes_their_velocities() -> None:
    draw = np.random.default_rng(13)
    stack = drawn(draw)
    optimizer = Descent.at_rest(members_with((0.1, 0.0), (0.9, 0.0)), stack)
    optimizer.step_in_place(stack, drawn_gradients(draw, stack), RATES, buffers_of(stack))
    taken = optimizer.take([0])
    assert taken.momentum.tolist() == [[[0.9]]]
    assert taken.weight_decay.tolist() == [[[0.1]]]
    assert taken.velocity is not None
    assert optimizer.velocity is not None
    for part, whole in zip(taken.velocity, optimizer.velocity, strict=True):
        for name, array in part.arrays().items():
            np.testing.assert_array_equal(array, whole.arrays()[name][[0]])


def test_a_member_that_does_not_move_has_no_velocity_once_the_others_left() -> None:
    """But a scale, if it decays: as where it is taken up without them."""
    stack = drawn(np.random.default_rng(13))
    moving, still = members_with((0.1, 0.2), (0.9, 0.0))
    taken = Descent.at_rest([moving, still], stack).take([1])
    assert taken.velocity is None
    assert taken.scale is not None
    assert taken.scale.ravel().tolist() == [1]
    assert Descent.at_rest([still, moving], stack).take([1]).scale is None


@pytest.mark.parametrize("places", [[1], [0], [1, 0], [0, 1]])
@pytest.mark.parametrize("momenta", [(0.0, 0.0), (0.9, 0.5)])
def test_members_that_were_taken_go_on_as_they_would_have(
    places: list[int], momenta: Momenta
) -> None:
    """Amid the folds: some weights are kept as s V, with an s far from 1."""
    draw = np.random.default_rng(15)
    stack = drawn(draw)
    optimizer = Descent.at_rest(members_with((2.0, 0.1), momenta), stack)
    for _ in range(7):
        optimizer.step_in_place(stack, drawn_gradients(draw, stack), RATES, buffers_of(stack))
    few, some = parameters.take(stack, places), optimizer.take(places)
    if some.scale is not None:
        assert optimizer.scale is not None
        assert (optimizer.scale != 1).all()
        np.testing.assert_array_equal(some.scale, optimizer.scale[places])
        assert not np.shares_memory(some.scale, optimizer.scale)
    for _ in range(30):
        gradients = drawn_gradients(draw, stack)
        theirs = tuple(
            LayerGradient(
                WeightGradient(
                    g.weights.x if g.weights.x.ndim == 2 else g.weights.x[places],
                    g.weights.dz[places],
                ),
                **{name: array[places] for name, array in vectors_of(g).items()},
            )
            for g in gradients
        )
        optimizer.step_in_place(stack, gradients, RATES, buffers_of(stack))
        some.step_in_place(few, theirs, RATES[places], buffers_of(few))
    optimizer.fold(stack)
    some.fold(few)
    for part, whole in zip(few, stack, strict=True):
        for name, array in part.arrays().items():
            expected = whole.arrays()[name][places]
            np.testing.assert_allclose(array, expected, rtol=1e-12, atol=1e-14)


# Precision


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("decay", [0.0, 0.1, 9.0])
def test_single_precision_stays_single(decay: float, momentum: float) -> None:
    draw = np.random.default_rng(16)
    stack = drawn(draw, "float32")
    optimizer = Descent.at_rest(members_with((decay,) * 2, (momentum,) * 2), stack)
    for _ in range(20):
        optimizer.step_in_place(stack, drawn_gradients(draw, stack), RATES, buffers_of(stack))
    optimizer.fold(stack)
    for layer in (*stack, *(optimizer.velocity or ())):
        assert {array.dtype for array in layer.arrays().values()} == {np.dtype(np.float32)}
