"""A member taken out of a stack says what it says in the stack, and is left alone from then on."""

import numpy as np
import pytest

from model.alone import alone
from model.errors import ModelError
from model.inference import Network, population_statistics
from model.members import Architecture, Member, Placement
from model.parameters import initialise

DRAW = np.random.default_rng(3)
X = DRAW.standard_normal((40, 5))
MEMBERS = (Member((4, 7), 1, 0.1), Member((6, 2), 2, 0.1), Member((3, 3), 3, 0.1))


def stack(placement: Placement, *, affine: bool = True) -> Network:
    architecture = Architecture(5, 3, batch_norm=placement, batch_norm_affine=affine)
    parameters = initialise(architecture, MEMBERS, float)
    statistics = population_statistics(architecture, MEMBERS, parameters, X)
    return Network(architecture, MEMBERS, parameters, statistics)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("placement", ["none", "before", "after"])
def test_scores_are_those_in_the_stack_without_its_padding(
    placement: Placement, affine: bool
) -> None:
    whole = stack(placement, affine=affine)
    for place, member in enumerate(MEMBERS):
        one = alone(whole, place)
        assert one.members == (member,)
        assert [layer.weights.shape for layer in one.parameters] == [
            (1, 5, member.widths[0]),
            (1, *member.widths),
            (1, member.widths[1], 3),
        ]
        for layer, kept, width in zip(one.parameters, one.statistics, member.widths, strict=False):
            of_units = [*layer.arrays().values()][1:]
            of_units += [] if kept is None else [kept.mean, kept.variance]
            assert {array.shape for array in of_units} == {(1, 1, width)}
        np.testing.assert_allclose(one.scores(X)[0], whole.scores(X)[place], rtol=1e-12, atol=1e-14)


def test_it_stays_as_it_is_while_the_stack_is_trained_on() -> None:
    trained = alone(stack("before"), 0)  # one member without padding: a slice would be a view
    kept = alone(trained, 0)
    said = kept.scores(X)
    for layer in trained.parameters:
        for array in layer.arrays().values():
            array += 1
    np.testing.assert_array_equal(kept.scores(X), said)
    assert not np.allclose(trained.scores(X), said)


@pytest.mark.parametrize("place", [-1, 3])
def test_a_place_that_the_stack_does_not_have_is_refused(place: int) -> None:
    with pytest.raises(ModelError, match=f"0 … 2, not {place}"):
        alone(stack("none"), place)
