"""Averaged weights are the mean of those after each step, and what a network is judged by."""

from dataclasses import replace

import numpy as np
import pytest

from model import parameters
from model.average import Average
from model.members import Architecture, Member
from model.optimizer import Kind
from model.recipe import Recipe
from model.rows import Data
from model.schedule import Constant
from model.training import train
from tests.model.test_descent import buffers_of, drawn
from tests.model.test_training_stacks import DATA, assert_same_epochs, assert_same_member

DECAYS = (0.9, 0.0)
MEMBERS = [Member((7, 5), 3, 0.01, weight_decay=0.3), Member((4, 6), 4, 0.02)]


def averaged(*decays: float) -> list[Member]:
    return [replace(m, ema_decay=d) for m, d in zip(MEMBERS, decays, strict=True)]


@pytest.mark.parametrize("scaled", [True, False])
def test_it_is_the_weighted_mean_of_all_steps(scaled: bool) -> None:
    draw = np.random.default_rng(1)
    stack = drawn(draw)
    average = Average.at_rest([Member((4,), 1, 0.1, ema_decay=d) for d in DECAYS], stack)
    assert average is not None
    seen = []
    for step in range(12):
        for layer in stack:
            for array in layer.arrays().values():
                array += draw.standard_normal(array.shape)
        scale = np.reshape([0.9**step, 2.0], (2, 1, 1)) if scaled else None
        average.update_in_place(stack, scale, buffers_of(stack))
        one = [layer.arrays() for layer in parameters.copy(stack)]
        for arrays in one if scaled else ():
            arrays["weights"] *= scale
        seen.append(one)
    for place, decay in enumerate(DECAYS):
        shares = decay ** np.arange(12.0)[::-1]
        shares /= shares.sum()
        for number, layer in enumerate(average.parameters):
            for name, array in layer.arrays().items():
                whole = np.stack([one[number][name][place] for one in seen])
                expected = np.tensordot(shares, whole, 1)
                np.testing.assert_allclose(array[place], expected, rtol=1e-12, atol=1e-13)


def test_there_is_none_where_no_member_has_one() -> None:
    stack = drawn(np.random.default_rng(1))
    assert Average.at_rest([Member((4,), 1, 0.1)] * 2, stack) is None


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
@pytest.mark.parametrize("placement", ["none", "after"])
def test_a_stack_equals_its_members_alone(kind: Kind, placement: str) -> None:
    architecture = Architecture(6, 3, "leaky_relu", batch_norm=placement)
    recipe = Recipe(16, Constant(6), seed=5, precision="float64", optimizer=kind)
    members = averaged(*DECAYS)
    together = list(train(architecture, members, recipe, DATA))
    for position, member in enumerate(members):
        alone = list(train(architecture, [member], recipe, DATA))
        assert_same_epochs(together, position, alone, 1e-7)
        assert_same_member(together[-1].network, position, alone[-1].network, 1e-6)


def test_training_is_as_without_and_judged_by_the_average() -> None:
    """Whose statistics are those of the training set."""
    architecture = Architecture(6, 3, batch_norm="before")
    recipe = Recipe(16, Constant(3), seed=5, precision="float64")
    *_, plain = train(architecture, MEMBERS, recipe, DATA)
    *_, mean = train(architecture, averaged(0.9, 0.9), recipe, DATA)
    for one, other in zip(plain.records, mean.records, strict=True):
        assert one.train_loss == other.train_loss
        assert one.validation_loss != other.validation_loss
    rows = Data(DATA.x, DATA.targets, DATA.x, DATA.targets)
    architecture = replace(architecture, batch_norm_statistics="training_set")
    *_, whole = train(architecture, averaged(0.9, 0.9), replace(recipe, figures="full"), rows)
    for record in whole.records:
        assert record.train_cost == pytest.approx(record.validation_cost, rel=1e-12)
