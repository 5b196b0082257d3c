"""A bottleneck is a linear layer ahead of the others: nothing but a product of weights."""

from dataclasses import replace

import numpy as np
import pytest

from model import parameters
from model.dropout import Masks
from model.errors import ModelError
from model.gradient_check import check
from model.inference import Network
from model.members import Architecture, Member, Placement
from model.network import Regularisation
from model.parameters import Layer
from model.rows import Data
from model.schedule import Cycles
from model.training import Recipe, train

DRAW = np.random.default_rng(4)
X = DRAW.standard_normal((60, 9))
LABELS = (X @ DRAW.standard_normal((9, 3))).argmax(axis=1)
DATA = Data(X[:40], LABELS[:40], X[40:], LABELS[40:])
# The second has a skip from its bottleneck to the layer of equal width; the third nowhere.
MEMBERS = (
    Member((2, 6, 5), 1, 0.1, dropout=0.2),
    Member((4, 4, 5), 2, 0.1, skip=True, ema_decay=0.9),
    Member((3, 5, 4), 3, 0.1, weight_decay=0.01),
)
PLACEMENTS: tuple[Placement, ...] = ("none", "before", "after")
RECIPE = Recipe(16, Cycles(1, half_cycle_epochs=2), seed=5, precision="float64")


def architecture_of(placement: Placement = "none") -> Architecture:
    return Architecture(9, 3, "elu", placement, bottleneck=True)


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_gradients_agree_with_central_differences(placement: Placement) -> None:
    architecture = architecture_of(placement)
    masks = Masks(MEMBERS, 1, np.dtype(float), bottleneck=True).draw(12)
    assert [mask is None for mask in masks] == [True, False, False]
    for pass_ in (Regularisation(), Regularisation(masks)):
        found = check(
            architecture, MEMBERS, X[:12], LABELS[:12], entries=1_000, seed=1, regularisation=pass_
        )
        assert all(one.worst <= 1e-6 for one in found)
        assert ("gamma" in {one.name for one in found}) == (placement != "none")
        assert {one.name for one in found if one.layer == 1} == {"weights", "bias"}


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_it_is_the_network_of_the_product_of_its_weights(placement: Placement) -> None:
    *_, last = train(architecture_of(placement), MEMBERS[:1], RECIPE, DATA)
    trained = last.network
    first, second, *others = trained.parameters
    product = Layer(
        first.weights @ second.weights,
        first.bias @ second.weights + second.bias,
        second.gamma,
        second.beta,
    )
    plain = replace(trained.architecture, bottleneck=False)
    member = replace(MEMBERS[0], widths=(6, 5))
    shallow = Network(plain, (member,), (product, *others), trained.statistics[1:])
    np.testing.assert_allclose(trained.scores(X), shallow.scores(X), rtol=1e-9, atol=1e-9)
    assert trained.statistics[0] is None


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_a_member_is_trained_in_a_stack_as_it_is_alone(placement: Placement) -> None:
    architecture = architecture_of(placement)
    *_, together = train(architecture, MEMBERS, RECIPE, DATA)
    for place, member in enumerate(MEMBERS):
        *_, alone = train(architecture, [member], RECIPE, DATA)
        own = alone.network.scores(X)[0]
        np.testing.assert_allclose(together.network.scores(X)[place], own, rtol=1e-9, atol=1e-9)
        for layer, width in zip(together.network.parameters, member.widths, strict=False):
            assert not layer.weights[place, :, width:].any()


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_a_stack_goes_on_from_checkpoints(placement: Placement) -> None:
    epochs = train(architecture_of(placement), MEMBERS, RECIPE, DATA)
    first = next(epochs)
    saved = [first.checkpoint(place) for place in range(3)]
    *_, last = epochs
    *_, again = train(architecture_of(placement), MEMBERS, RECIPE, DATA, saved)
    np.testing.assert_array_equal(last.network.scores(X), again.network.scores(X))


def test_its_weights_begin_with_the_variance_that_a_linear_layer_keeps() -> None:
    wide = Member((400, 400), 1, 0.1)
    first, second, _ = parameters.initialise(Architecture(400, 3, bottleneck=True), [wide], float)
    assert first.weights.var() * 400 == pytest.approx(1, rel=0.02)
    assert second.weights.var() * 400 == pytest.approx(2, rel=0.02)
    normal = replace(wide, initialization="normal", init_sigma=0.5)
    assert normal.deviation(400, linear=True) == 0.5


def test_a_bottleneck_needs_its_units() -> None:
    with pytest.raises(ModelError, match="give its units as the first width"):
        parameters.initialise(Architecture(9, 3, bottleneck=True), [Member((), 1, 0.1)], float)
