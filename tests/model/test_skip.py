"""Skip connections: where they are, what they add, and that neighbours do not matter."""

from dataclasses import replace

import numpy as np
import pytest

from model import network, parameters, skip
from model.gradient_check import check
from model.inference import Network, population_statistics
from model.members import Architecture, Member, Placement
from model.mixup import Partners
from model.network import Regularisation
from model.portrait import weight_gradients
from model.rows import Data
from model.schedule import Cycles
from model.state import State
from model.training import Recipe, train

DRAW = np.random.default_rng(3)
X = DRAW.standard_normal((60, 6))
LABELS = (X @ DRAW.standard_normal((6, 3))).argmax(axis=1)
DATA = Data(X[:40], LABELS[:40], X[40:], LABELS[40:])
# The stack's widths agree in both layers; those of the second and the fourth nowhere or once.
MEMBERS = (
    Member((5, 5, 5), 1, 0.1, skip=True, dropout=0.2),
    Member((4, 6, 5), 2, 0.1, skip=True),
    Member((5, 5, 5), 3, 0.1),
    Member((6, 4, 4), 4, 0.1, skip=True, weight_decay=0.01),
)
PLACEMENTS: tuple[Placement, ...] = ("none", "before", "after")
RECIPE = Recipe(16, Cycles(1, half_cycle_epochs=2), seed=5, precision="float64")


def test_a_skip_is_where_a_member_s_own_widths_agree() -> None:
    found = [at.tolist() for at in skip.places(MEMBERS)]
    assert found == [[], [0], [0, 3]]
    assert skip.places(MEMBERS[1:3]) == ()
    assert skip.places([Member((), 1, 0.1, skip=True), Member((), 1, 0.1)]) == ()
    assert skip.places([Member((6,), 1, 0.1, skip=True)]) == ()  # the data are no hidden layer


def test_inputs_are_added_for_some_members_up_to_their_units() -> None:
    y, x = np.ones((3, 2, 4)), np.full((3, 2, 3), 5.0)
    found = skip.added(y, x, np.array([0, 2]))
    np.testing.assert_array_equal(found[:, 0], [[6, 6, 6, 1], [1, 1, 1, 1], [6, 6, 6, 1]])
    np.testing.assert_array_equal(y, 1)
    assert skip.added(y, x, np.array([], int)) is y
    np.testing.assert_array_equal(skip.added(y, 2 * y, np.arange(3)), 3)


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("kind", ["relu", "elu"])
def test_gradients_agree_with_central_differences(kind: str, placement: Placement) -> None:
    architecture = Architecture(6, 3, kind, placement)  # type: ignore[arg-type]
    masks = tuple(np.where(DRAW.random((4, 12, width)) < 0.8, 1.25, 0.0) for width in (6, 6, 5))
    partners = Partners(LABELS[12:24], None, 0.3)
    for pass_ in (network.NOTHING, Regularisation(masks, partners=partners)):
        found = check(
            architecture, MEMBERS, X[:12], LABELS[:12], entries=1_000, seed=2, regularisation=pass_
        )
        assert all(one.worst <= 1e-6 for one in found)
        assert sum(one.checked for one in found) >= 3 * sum(one.kinked for one in found)


def test_without_its_layers_a_network_passes_the_input_of_its_first_on() -> None:
    """With W = 0 behind the first layer, each skip hands on what came."""
    architecture, member = Architecture(6, 3, "elu"), MEMBERS[0]
    stack = parameters.initialise(architecture, [member], float)
    for layer in stack[1:3]:
        layer.weights[...] = 0
    shallow = Network(architecture, (replace(member, widths=(5,)),), (stack[0], stack[3]), (None,))
    deep = Network(architecture, (member,), stack, (None,) * 3)
    np.testing.assert_array_equal(deep.scores(X), shallow.scores(X))


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_inference_says_what_the_pass_over_the_same_rows_does(placement: Placement) -> None:
    architecture = Architecture(6, 3, "relu", placement)
    stack = parameters.initialise(architecture, MEMBERS, float)
    shape = network.activation_shape(architecture, MEMBERS, float)
    places = skip.places(MEMBERS)
    passed = network.forward(architecture, stack, shape, X, LABELS, skips=places)
    kept = population_statistics(architecture, MEMBERS, stack, X)
    said = Network(architecture, MEMBERS, stack, kept).scores(X)
    np.testing.assert_allclose(said, passed.scores, rtol=1e-9, atol=1e-9)
    plain = network.forward(architecture, stack, shape, X, LABELS)
    for place in range(4):
        same = np.allclose(plain.scores[place], passed.scores[place])
        assert same == (place in (1, 2))


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_member_is_trained_in_a_stack_as_it_is_alone(
    placement: Placement, optimizer: str
) -> None:
    architecture = Architecture(6, 3, "elu", placement)
    recipe = replace(RECIPE, optimizer=optimizer)  # type: ignore[arg-type]
    *_, together = train(architecture, MEMBERS, recipe, DATA)
    for place, member in enumerate(MEMBERS):
        *_, alone = train(architecture, [member], recipe, DATA)
        own = alone.network.scores(X)[0]
        np.testing.assert_allclose(together.network.scores(X)[place], own, rtol=1e-9, atol=1e-9)
        for layer, width in zip(together.network.parameters, member.widths, strict=False):
            assert not layer.weights[place, :, width:].any()


def test_a_member_without_a_skip_is_what_it_is_beside_others_without() -> None:
    """Bit for bit, in stacks of one shape."""
    architecture = Architecture(6, 3, "elu")
    others = tuple(replace(member, skip=False) for member in MEMBERS)
    *_, mixed = train(architecture, MEMBERS, RECIPE, DATA)
    *_, plain = train(architecture, others, RECIPE, DATA)
    for place in range(4):
        one, other = (done.network.scores(X)[place] for done in (mixed, plain))
        assert np.array_equal(one, other) == (place in (1, 2))


def test_a_stack_that_is_cut_down_or_taken_up_goes_on_with_its_skips() -> None:
    architecture = Architecture(6, 3, "elu", "before")
    epochs = train(architecture, MEMBERS, RECIPE, DATA)
    first = next(epochs)
    saved = [first.checkpoint(place) for place in (0, 3)]
    cut = epochs.send([0, 3])
    taken = next(train(architecture, [MEMBERS[0], MEMBERS[3]], RECIPE, DATA, saved))
    np.testing.assert_array_equal(cut.network.scores(X), taken.network.scores(X))
    state = State.initial(architecture, MEMBERS, np.dtype(float)).take([2, 3])
    assert [at.tolist() for at in state.skips] == [[], [], [1]]
    assert State.initial(architecture, MEMBERS, np.dtype(float)).take([2]).skips == ()


def test_pictures_are_of_the_gradients_of_the_network_with_its_skips() -> None:
    architecture = Architecture(6, 3, "elu")
    stack = parameters.initialise(architecture, MEMBERS, float)
    shape = network.activation_shape(architecture, MEMBERS, float)
    whole = network.forward(
        architecture, stack, shape, DATA.x, DATA.targets, skips=skip.places(MEMBERS)
    )
    found = weight_gradients(Network(architecture, MEMBERS, stack, (None,) * 3), RECIPE, DATA)
    decay = np.array([0, 0, 0, 0.01]).reshape(-1, 1, 1)
    for layer, gradient, one in zip(
        stack, network.backward(architecture, whole), found, strict=True
    ):
        expected = gradient.weights.product() + 2 * decay * layer.weights
        np.testing.assert_allclose(one, expected, rtol=1e-9, atol=1e-12)
