"""Members that learn from a fold each are trained as on that fold alone."""

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
import pytest

from model import loss
from model.buffers import Buffers
from model.epochs import Epoch
from model.errors import ModelError
from model.members import Architecture, Member
from model.recipe import Recipe
from model.rows import Data, Folds
from model.schedule import Cycles
from model.training import train
from tests.model.test_training_stacks import assert_same_member

DRAW = np.random.default_rng(3)
X = DRAW.standard_normal((60, 5))
LABELS = (X @ DRAW.standard_normal((5, 3)) + 0.3 * DRAW.standard_normal((60, 3))).argmax(axis=1)
VALUES = X @ DRAW.standard_normal((5, 3))
# 4 updates an epoch, the last batch smaller, two cycles.
RECIPE = Recipe(16, Cycles(2, half_cycle_epochs=2), seed=5, precision="float64")
MEMBERS = (
    Member((7, 5), 11, 0.1, 0.01, 0.001, 0.9, negative_slope=0.02, jitter=0.1),
    Member((4, 8), 12, 0.05, 0.0, 0.01, 0.0, "xavier", negative_slope=0.2, jitter=0.1),
)


def folds_of(kind: loss.Kind, *, weighted: bool = False) -> list[Data]:
    targets = VALUES if kind in loss.REGRESSION else LABELS
    weights = np.array([0.5, 2.0, 1.0])[LABELS]
    made = []
    for fold in range(3):
        held_out = np.arange(60) % 3 == fold
        x = X * (1 + fold)  # each fold is standardised in its own way
        own = {"weights": weights[~held_out], "validation_weights": weights[held_out]}
        one = Data(x[~held_out], targets[~held_out], x[held_out], targets[held_out])
        made.append(replace(one, **own) if weighted else one)
    return made


def assert_same_epochs(together: Sequence[Epoch], place: int, single: Sequence[Epoch]) -> None:
    for ours, theirs in zip(together, single, strict=True):
        expected = asdict(theirs.records[0])
        assert asdict(ours.records[place]) == pytest.approx(expected, rel=1e-8)
        assert len(ours.snapshots) == len(theirs.snapshots)


def alone(architecture: Architecture, member: Member, recipe: Recipe, fold: Data) -> list[Epoch]:
    return list(train(architecture, [member], recipe, fold))


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("figures", ["running", "full"])
@pytest.mark.parametrize("statistics", ["moving_average", "training_set"])
@pytest.mark.parametrize("kind", ["cross_entropy", "hinge", "squared_error", "huber"])
def test_a_stack_over_folds_equals_each_member_on_its_fold_alone(
    kind: loss.Kind, statistics: str, figures: str, relative: bool
) -> None:
    architecture = Architecture(
        5, 3, "leaky_relu", "before", batch_norm_statistics=statistics, loss=kind
    )
    recipe = replace(RECIPE, figures=figures, jitter_relative=relative)
    folds = folds_of(kind, weighted=kind not in loss.REGRESSION)
    reads = [0, 0, 1, 1, 2, 2]
    together = list(train(architecture, MEMBERS * 3, recipe, Folds.of(folds, reads)))
    assert len(together) == 8
    for place, fold in enumerate(reads):
        single = alone(architecture, MEMBERS[place % 2], recipe, folds[fold])
        assert_same_epochs(together, place, single)
        assert_same_member(together[-1].network, place, single[-1].network, 1e-8)


def test_members_that_go_on_keep_their_folds() -> None:
    architecture = Architecture(5, 3)
    folds = folds_of("cross_entropy")
    going = train(architecture, MEMBERS * 3, RECIPE, Folds.of(folds, [0, 0, 1, 1, 2, 2]))
    next(going)
    epochs = [going.send([5, 2]), *going]
    for row, (member, fold) in enumerate([(1, 2), (0, 1)]):
        single = alone(architecture, MEMBERS[member], RECIPE, folds[fold])[1:]
        assert_same_epochs(epochs, row, single)


def test_what_is_said_of_rows_of_ones_own_is_said_in_blocks_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folds = Folds.of(folds_of("cross_entropy"), [2, 0])
    (*_, epoch) = train(Architecture(5, 3, "elu", "after"), MEMBERS, RECIPE, folds)
    rows = folds.training(np.dtype(float))
    whole = epoch.network.figures(rows.x, rows.targets)
    probabilities = epoch.network.probabilities(rows.x)
    monkeypatch.setattr("model.inference.BLOCK_ROWS", 7)
    parts = epoch.network.figures(rows.x, rows.targets)
    np.testing.assert_allclose(parts.loss, whole.loss, rtol=1e-12)
    np.testing.assert_array_equal(parts.measure, whole.measure)
    np.testing.assert_allclose(epoch.network.probabilities(rows.x), probabilities, rtol=1e-12)


def test_single_precision_stays_single() -> None:
    folds = Folds.of(folds_of("cross_entropy"), [0, 1])
    recipe = replace(RECIPE, precision="float32")
    (*_, epoch) = train(Architecture(5, 3), MEMBERS, recipe, folds)
    assert epoch.network.parameters[0].weights.dtype == np.float32


def test_components_of_folds_are_not_copied_for_each_batch() -> None:
    """That would take longer than the steps of a small stack."""
    some = [
        replace(one, components=np.full((7, 4), place, float))
        for place, one in enumerate(folds_of("cross_entropy"))
    ]
    folds = Folds.of(some, [2, 0, 2])
    buffers = Buffers(np.empty((6, 5)), ())
    first, second = (folds.batch(np.arange(at, at + 6), buffers) for at in (0, 6))
    assert first.components is not None
    components, lengths = first.components
    assert components[:, 0, 0].tolist() == [2, 0, 2]
    assert lengths[:, 0, 0].tolist() == [28, 0, 28]
    assert second.components is first.components
    going = folds.take([1]).batch(np.arange(6), buffers).components
    assert going is not None
    assert going[0][:, 0, 0].tolist() == [0]
    rows = replace(some[1], x=some[1].x[:, :4])
    first, second = (rows.batch(np.arange(6), Buffers(np.empty((6, 4)), ())) for _ in "ab")
    assert first.components is not None
    assert first.components[1].tolist() == [[7, 7, 7, 7]]
    assert second.components is first.components


def test_folds_of_other_sizes_are_no_stack() -> None:
    one, other, _ = folds_of("cross_entropy")
    short = replace(other, x=other.x[1:], targets=other.targets[1:])
    with pytest.raises(ModelError, match="folds of one stack need rows of one shape"):
        Folds.of([one, short], [0, 1])
