"""What holds of every optimizer: members that are taken go on, and spare what they do not need."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from model import parameters
from model.linear import WeightGradient
from model.members import Member
from model.optimizer import Kind, at_rest, penalties
from model.parameters import Gradients, LayerGradient
from tests.model.test_descent import RATES, buffers_of, drawn, drawn_gradients, vectors_of

KINDS: tuple[Kind, ...] = get_args(Kind)
MEMBERS = (
    Member((4,), 1, 0.1, weight_decay=0.4, momentum=0.9, beta_1=0.5),
    Member((4,), 2, 0.1, weight_decay=0.1, beta_2=0.9, epsilon=1e-3),
)
STILL = tuple(replace(member, momentum=0.0) for member in MEMBERS)


def of_members(gradients: Gradients, places: list[int]) -> Gradients:
    return tuple(
        LayerGradient(
            WeightGradient(
                g.weights.x if g.weights.x.ndim == 2 else g.weights.x[places], g.weights.dz[places]
            ),
            **{name: array[places] for name, array in vectors_of(g).items()},
        )
        for g in gradients
    )


@pytest.mark.parametrize("members", [MEMBERS, STILL])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("places", [[1], [1, 0]])
def test_members_that_were_taken_go_on_as_they_would_have(
    kind: Kind, members: tuple[Member, ...], places: list[int]
) -> None:
    """Amid all: weights and moments are kept with scales far from 1."""
    draw = np.random.default_rng(15)
    stack = drawn(draw)
    whole = at_rest(kind, members, stack)
    for _ in range(7):
        whole.step_in_place(stack, drawn_gradients(draw, stack), RATES, buffers_of(stack))
    few, some = parameters.take(stack, places), whole.take(places)
    for name in some.numbers().keys() & whole.numbers().keys():
        mine, theirs = some.numbers()[name], whole.numbers()[name]
        np.testing.assert_array_equal(mine, theirs[places])
        assert not np.shares_memory(mine, theirs)
    for _ in range(80):
        gradients = drawn_gradients(draw, stack)
        theirs = of_members(gradients, places)
        whole.step_in_place(stack, gradients, RATES, buffers_of(stack))
        some.step_in_place(few, theirs, RATES[places], buffers_of(few))
    whole.fold(stack)
    some.fold(few)
    for part, all_of_it in zip(few, stack, strict=True):
        for name, array in part.arrays().items():
            expected = all_of_it.arrays()[name][places]
            np.testing.assert_allclose(array, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_arrays_are_the_members_own(kind: Kind) -> None:
    stack = drawn(np.random.default_rng(16), "float32")
    optimizer = at_rest(kind, MEMBERS, stack)
    for moments in optimizer.moments().values():
        for layer, like in zip(moments, stack, strict=True):
            for name, array in layer.arrays().items():
                assert (array.shape, array.dtype) == (like.arrays()[name].shape, np.float32)
                assert array.strides == like.arrays()[name].strides
    for numbers in optimizer.numbers().values():
        assert (numbers.shape, numbers.dtype) == ((2, 1, 1), np.float64)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_member_is_spared_is_what_some_stacks_lack(kind: Kind) -> None:
    members = (Member((4,), 1, 0.1), MEMBERS[1])
    optimizer = at_rest(kind, members, drawn(np.random.default_rng(16)))
    assert set(optimizer.spared(0)) == set(optimizer.optional)
    assert set(optimizer.spared(1)) < set(optimizer.optional) or kind == "adam"


@pytest.mark.parametrize("kind", KINDS)
def test_the_decay_of_adamw_is_no_part_of_the_cost(kind: Kind) -> None:
    expected = [0, 0] if kind == "adamw" else [0.4, 0.1]
    assert penalties(kind, MEMBERS).ravel().tolist() == expected
