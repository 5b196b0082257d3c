"""An independent oracle: scikit-learn's MLPClassifier makes the same steps to the same weights."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from model.members import Architecture, Member
from model.optimizer import Kind
from model.parameters import Parameters, initialise
from model.recipe import Recipe
from model.rows import Data
from model.schedule import Constant
from model.training import train

BATCH, EPOCHS, RATE = 100, 2, 0.05


def begun_with(start: Parameters) -> type[MLPClassifier]:
    """MLPClassifier that begins with our weights."""
    layers = iter(start)

    class Begun(MLPClassifier):
        def _init_coef(self, fan_in, fan_out, dtype):
            layer = next(layers)
            assert layer.weights.shape == (1, fan_in, fan_out)
            return layer.weights[0].astype(dtype), layer.bias[0, 0].astype(dtype)

    return Begun


@pytest.mark.parametrize("widths", [(), (30,), (30, 20), (20, 15, 10)])
@pytest.mark.parametrize(
    ("kind", "momentum", "decay"),
    [
        ("sgd", 0.0, 0.0),
        ("sgd", 0.9, 0.0),
        ("sgd", 0.9, 0.01),
        ("sgd", 0.0, 0.01),
        ("sgd", 0.0, 5.0),
        ("nesterov", 0.9, 0.01),
        ("adam", 0.0, 0.0),
        ("adam", 0.0, 0.01),
    ],
)
def test_two_epochs_give_the_same_weights(
    widths: tuple[int, ...], kind: Kind, momentum: float, decay: float
) -> None:
    pixels, labels = load_digits(return_X_y=True)
    # Whole batches, since the oracle's penalty depends on their size.
    x, labels = pixels[:1500] / 8 - 1, labels[:1500]
    # The oracle's ε is no part of what the mean square is corrected for: a tiny one is the same.
    # And Adam makes whole steps of slopes that are zero but for rounding.
    rate, epsilon, close = (0.002, 1e-14, 1e-6) if kind == "adam" else (RATE, 1e-8, 1e-10)
    member = Member(
        widths, 3, rate, weight_decay=decay, momentum=momentum, beta_2=0.99, epsilon=epsilon
    )
    architecture = Architecture(64, 10)
    start = initialise(architecture, [member], float)
    oracle = begun_with(start)(
        hidden_layer_sizes=widths,
        activation="relu",
        solver="adam" if kind == "adam" else "sgd",
        alpha=2 * decay * BATCH,  # its penalty is alpha / (2 · batch) ‖W‖²
        batch_size=BATCH,
        learning_rate_init=rate,
        max_iter=EPOCHS,
        shuffle=False,
        momentum=momentum,
        nesterovs_momentum=kind == "nesterov",
        beta_2=0.99,
        epsilon=epsilon,
        tol=0.0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        oracle.fit(x, labels)

    recipe = Recipe(
        BATCH, Constant(EPOCHS), seed=1, shuffle=False, precision="float64", optimizer=kind
    )
    data = Data(x, labels, x[:0], labels[:0])
    *_, last = train(architecture, [member], recipe, data)
    for layer, weights, bias in zip(
        last.network.parameters, oracle.coefs_, oracle.intercepts_, strict=True
    ):
        np.testing.assert_allclose(layer.weights[0], weights, rtol=close, atol=close / 100)
        np.testing.assert_allclose(layer.bias[0, 0], bias, rtol=close, atol=close / 100)
    assert not np.isclose(last.network.parameters[-1].weights, start[-1].weights).all()
    np.testing.assert_allclose(
        last.network.probabilities(x)[0],
        oracle.predict_proba(x),
        rtol=100 * close,
        atol=close / 100,
    )
    assert last.network.figures(x, labels).measure[0] == oracle.score(x, labels)
