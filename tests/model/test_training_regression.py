"""Stacks that learn values and not labels: alone as together, to the oracle's weights, and on."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from model import loss
from model.errors import ModelError
from model.members import Architecture, Member, Placement
from model.parameters import Parameters, initialise
from model.recipe import Recipe
from model.rows import Data
from model.schedule import Constant, Cycles
from model.training import train

DRAW = np.random.default_rng(12)
X = DRAW.standard_normal((80, 6))
VALUES = np.tanh(X @ DRAW.standard_normal((6, 2))) + 0.1 * DRAW.standard_normal((80, 2))
DATA = Data(X[:60], VALUES[:60], X[60:], VALUES[60:])
RECIPE = Recipe(16, Cycles(2, half_cycle_steps=28), seed=5, precision="float64")
MEMBERS = (
    Member((7, 5), 11, 0.1, 0.01, 0.001, 0.9, negative_slope=0.02),
    Member((4, 8), 12, 0.05, 0.0, 0.01, 0.0, "xavier", negative_slope=0.2, jitter=0.1),
    Member((6, 6), 13, 0.1, 0.002, 0.0, 0.5, "normal", 0.3, 0.0, jitter=0.05),
)
KINDS: list[loss.Kind] = sorted(loss.REGRESSION)


def architecture_of(kind: loss.Kind, placement: Placement = "none") -> Architecture:
    return Architecture(6, 2, "leaky_relu", placement, loss=kind)


@pytest.mark.parametrize("placement", ["none", "before", "after"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_member_of_a_stack_equals_that_member_alone(
    kind: loss.Kind, placement: Placement
) -> None:
    architecture = architecture_of(kind, placement)
    together = list(train(architecture, MEMBERS, RECIPE, DATA))
    for place, member in enumerate(MEMBERS):
        alone = list(train(architecture, [member], RECIPE, DATA))
        for epoch, own in zip(together, alone, strict=True):
            ours, theirs = epoch.records[place], own.records[0]
            for name in ("train_cost", "train_loss", "train_measure"):
                assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-9)
            assert ours.validation_measure == pytest.approx(theirs.validation_measure, rel=1e-9)
            said, own_said = epoch.network.predictions(X)[place], own.network.predictions(X)[0]
            np.testing.assert_allclose(said, own_said, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("figures", ["running", "full"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_training_learns_the_values(kind: loss.Kind, precision: str, figures: str) -> None:
    recipe = replace(RECIPE, schedule=Constant(60), precision=precision, figures=figures)
    epochs = list(train(architecture_of(kind), MEMBERS, recipe, DATA))
    spread = VALUES[:60].std(axis=0).mean()
    for first, last in zip(epochs[0].records, epochs[-1].records, strict=True):
        assert last.train_loss < 0.5 * first.train_loss
        assert last.train_measure < min(0.6 * spread, first.train_measure)
        assert last.validation_measure < 0.8 * spread
    assert epochs[-1].network.predictions(X.astype(precision)).dtype == np.dtype(precision)


@pytest.mark.parametrize("kind", KINDS)
def test_records_are_of_the_network_at_the_end_of_the_epoch(kind: loss.Kind) -> None:
    epoch = next(train(architecture_of(kind), MEMBERS, replace(RECIPE, figures="full"), DATA))
    for place, record in enumerate(epoch.records):
        off = epoch.network.predictions(DATA.x)[place] - DATA.targets
        assert record.train_measure == pytest.approx(np.sqrt(np.square(off).mean()), rel=1e-12)
        if kind == "squared_error":
            assert record.train_loss == pytest.approx(np.square(off).mean(), rel=1e-12)


def test_a_training_is_taken_up_where_it_was_put_down() -> None:
    architecture = architecture_of("huber", "after")
    whole = list(train(architecture, MEMBERS, RECIPE, DATA))
    training = train(architecture, MEMBERS, RECIPE, DATA)
    third = [next(training) for _ in range(3)][-1]
    start = [third.checkpoint(place) for place in range(3)]
    again = list(train(architecture, MEMBERS, RECIPE, DATA, start))
    assert [epoch.records for epoch in again] == [epoch.records for epoch in whole[3:]]


def test_values_of_another_shape_are_refused() -> None:
    for targets in (VALUES[:60, :1], VALUES[:60, 0]):
        with pytest.raises(ModelError, match="values to learn must be"):
            next(train(architecture_of("huber"), MEMBERS, RECIPE, replace(DATA, targets=targets)))


def test_a_diverging_member_does_not_touch_its_neighbours() -> None:
    members = [MEMBERS[0], replace(MEMBERS[1], learning_rate=1e20, weight_decay=1e3), MEMBERS[2]]
    architecture = architecture_of("squared_error")
    sound = list(train(architecture, MEMBERS, RECIPE, DATA))
    ill = list(train(architecture, members, RECIPE, DATA))
    last = ill[-1].records[1]
    assert np.isnan([last.train_loss, last.train_measure, last.validation_measure]).all()
    for epoch, other in zip(ill, sound, strict=True):
        assert (epoch.records[0], epoch.records[2]) == (other.records[0], other.records[2])


def begun_with(start: Parameters) -> type[MLPRegressor]:
    """MLPRegressor that begins with our weights."""
    layers = iter(start)

    class Begun(MLPRegressor):
        def _init_coef(self, fan_in, fan_out, dtype):
            layer = next(layers)
            assert layer.weights.shape == (1, fan_in, fan_out)
            return layer.weights[0].astype(dtype), layer.bias[0, 0].astype(dtype)

    return Begun


@pytest.mark.parametrize("widths", [(), (7,), (7, 5)])
@pytest.mark.parametrize(("momentum", "decay"), [(0.0, 0.0), (0.9, 0.01)])
def test_the_oracle_makes_the_same_steps(
    widths: tuple[int, ...], momentum: float, decay: float
) -> None:
    """Its gradient is that of half the sum over the outputs; over two, that is our mean."""
    rate, batch, epochs = 0.02, 20, 3
    x, values = X[:60], VALUES[:60]
    member = Member(widths, 3, rate, weight_decay=decay, momentum=momentum)
    architecture = Architecture(6, 2, loss="squared_error")
    start = initialise(architecture, [member], float)
    oracle = begun_with(start)(
        hidden_layer_sizes=widths,
        solver="sgd",
        alpha=2 * decay * batch,  # its penalty is alpha / (2 · batch) ‖W‖²
        batch_size=batch,
        learning_rate_init=rate,
        max_iter=epochs,
        shuffle=False,
        momentum=momentum,
        nesterovs_momentum=False,
        tol=0.0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        oracle.fit(x, values)
    recipe = Recipe(batch, Constant(epochs), seed=1, shuffle=False, precision="float64")
    *_, last = train(architecture, [member], recipe, Data(x, values, x[:0], values[:0]))
    np.testing.assert_allclose(last.network.predictions(X)[0], oracle.predict(X), rtol=1e-9)
