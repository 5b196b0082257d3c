"""Each regulariser in training: exact in a stack, off bit for bit, absent from inference."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from model.checkpoint import Checkpoint
from model.epochs import Epoch, EpochRecord
from model.images import Images
from model.members import Architecture, Member, Placement
from model.recipe import Recipe
from model.rows import Data, Folds
from model.schedule import Constant
from model.training import train
from tests.model.test_training_stacks import assert_same_epochs, assert_same_member

DRAW = np.random.default_rng(9)
X = DRAW.standard_normal((80, 64))
LABELS = (X @ DRAW.standard_normal((64, 3))).argmax(axis=1)
DATA = Data(X[:60], LABELS[:60], X[60:], LABELS[60:])
RECIPE = Recipe(16, Constant(4), seed=5, precision="float64")
MEMBERS = (
    Member((7, 5), 11, 0.1, weight_decay=0.001, momentum=0.9),
    Member((4, 8), 12, 0.05, weight_decay=0.01),
    Member((6, 6), 13, 0.2),
)
SOFT: dict[str, Sequence[Any]] = {
    "dropout": (0.5, 0.0, 0.2),
    "input_dropout": (0.1, 0.0, 0.3),
    "label_smoothing": (0.0, 0.1, 0.2),
    "clip_norm": (0.05, None, 0.5),
    "jitter": (0.0, 0.1, 0.2),
}
IMAGES = Images((8, 8), flip=True, shift=1, cutout=3)


def members_with(**values: Sequence[Any]) -> list[Member]:
    return [
        replace(member, **{name: each[place] for name, each in values.items()})
        for place, member in enumerate(MEMBERS)
    ]


def records(epochs: Sequence[Epoch]) -> list[tuple[EpochRecord, ...]]:
    return [epoch.records for epoch in epochs]


@pytest.mark.parametrize("placement", ["none", "before", "after"])
@pytest.mark.parametrize("name", [*SOFT, "all"])
def test_a_stack_equals_its_members_alone(name: str, placement: Placement) -> None:
    architecture = Architecture(64, 3, "elu", placement)
    chosen = SOFT if name == "all" else {name: SOFT[name]}
    recipe = replace(RECIPE, mixup=0.4, images=IMAGES) if name == "all" else RECIPE
    members = members_with(**chosen)
    together = list(train(architecture, members, recipe, DATA))
    for place, member in enumerate(members):
        alone = list(train(architecture, [member], recipe, DATA))
        assert_same_epochs(together, place, alone, 1e-9)
        assert_same_member(together[-1].network, place, alone[-1].network, 1e-9)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("name", [name for name in SOFT if not name.startswith(("input", "jit"))])
def test_what_a_neighbour_has_changes_no_bit_of_members_without_it(
    name: str, precision: str
) -> None:
    """The rows stay shared, so that the products are the same."""
    architecture = Architecture(64, 3, "leaky_relu", "before")
    recipe = replace(RECIPE, precision=precision)
    plain = list(train(architecture, MEMBERS, recipe, DATA))
    value = max(one for one in SOFT[name] if one is not None)
    value = 0.01 if name == "clip_norm" else value
    members = [replace(MEMBERS[0], **{name: value}), *MEMBERS[1:]]
    beside = list(train(architecture, members, recipe, DATA))
    for epoch, before in zip(beside, plain, strict=True):
        assert epoch.records[0] != before.records[0]
        assert epoch.records[1:] == before.records[1:]


def test_a_limit_that_no_gradient_comes_to_changes_no_bit() -> None:
    architecture = Architecture(64, 3)
    recipe = replace(RECIPE, precision="float32")
    wide = [replace(member, clip_norm=1e6) for member in MEMBERS]
    assert records(list(train(architecture, wide, recipe, DATA))) == records(
        list(train(architecture, MEMBERS, recipe, DATA))
    )


@pytest.mark.parametrize(
    "change",
    [
        {"mixup": 0.4},
        {"images": Images((8, 8), flip=True)},
        {"images": Images((8, 8), shift=1)},
        {"images": Images((8, 8), cutout=2)},
    ],
)
def test_what_the_batch_shares_changes_the_training(change: dict[str, Any]) -> None:
    architecture = Architecture(64, 3)
    one = list(train(architecture, MEMBERS, replace(RECIPE, **change), DATA))
    again = list(train(architecture, MEMBERS, replace(RECIPE, **change), DATA))
    plain = list(train(architecture, MEMBERS, RECIPE, DATA))
    assert records(one) == records(again)
    assert all(a.records[0] != b.records[0] for a, b in zip(one, plain, strict=True))


@pytest.mark.parametrize("folds", [False, True])
def test_a_training_that_is_taken_up_goes_on_to_the_same_numbers(folds: bool) -> None:
    architecture = Architecture(64, 3, batch_norm="before")
    recipe = replace(RECIPE, mixup=0.4, images=IMAGES, precision="float32")
    members = members_with(**SOFT)
    data = Folds.of([DATA, replace(DATA, x=-DATA.x)], [0, 1, 0]) if folds else DATA
    training = train(architecture, members, recipe, data)
    whole, kept = [], list[Checkpoint]()
    for epoch in training:
        whole.append(epoch)
        if epoch.number == 2:
            kept = [Checkpoint.from_bytes(epoch.checkpoint(i).to_bytes()) for i in range(3)]
    rest = list(train(architecture, members, recipe, data, kept))
    assert records(rest) == records(whole)[2:]


def test_the_training_rows_stay_as_they_were() -> None:
    before = DATA.x.copy()
    recipe = replace(RECIPE, images=IMAGES, mixup=0.4, shuffle=False)
    for precision in ("float32", "float64"):
        recipe = replace(recipe, precision=precision)
        list(train(Architecture(64, 3), members_with(**SOFT), recipe, DATA))
    assert np.array_equal(DATA.x, before)


def test_figures_over_all_rows_have_nothing_of_it() -> None:
    architecture = Architecture(64, 3)
    recipe = replace(RECIPE, figures="full", mixup=0.4, images=IMAGES)
    members = members_with(**SOFT)
    *_, last = train(architecture, members, recipe, DATA)
    figures = last.network.figures(DATA.x, DATA.targets)
    assert [one.train_loss for one in last.records] == pytest.approx(figures.loss, rel=1e-12)


def test_running_figures_of_mixed_rows_are_of_both_their_labels() -> None:
    """A network that learns nothing is right by chance, whatever the rows."""
    still = replace(MEMBERS[0], widths=(), learning_rate=0.0, momentum=0.0, weight_decay=0.0)
    recipe = replace(RECIPE, mixup=100.0, schedule=Constant(1), batch_size=60)
    (epoch,) = train(Architecture(64, 3), [still], recipe, DATA)
    assert (60 * epoch.records[0].train_measure) % 1 > 1e-6  # no whole number of rows
