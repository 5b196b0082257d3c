"""Images are flipped, shifted and cut as a plain way has it, in any order of their axes."""

import re
from typing import Any

import numpy as np
import pytest

from model.errors import ModelError
from model.images import TOGETHER, Images

DRAW = np.random.default_rng(3)
PLANES = 1 + DRAW.random((35, 3, 8, 9))  # so that 0 is what was changed to it
GREY = PLANES[:, 0]
LAYOUTS = {
    (3, 8, 9): PLANES,
    (8, 9, 3): PLANES.transpose(0, 2, 3, 1),
    (8, 9): GREY,
    (1, 8, 9): GREY[:, None],
}


def changed(shape: tuple[int, ...], seed: int = 1, **changes: Any) -> np.ndarray:
    x = LAYOUTS[shape].reshape(35, -1).copy()
    Images(shape, **changes).changed_in_place(x, np.random.default_rng(seed))
    return x.reshape(35, *shape)


def candidates(image: np.ndarray, shift: int) -> list[np.ndarray]:
    """Every flip and shift of an image (c, 8, 9)."""
    padded = [
        np.pad(one, ((0, 0), (shift, shift), (shift, shift))) for one in (image, image[..., ::-1])
    ]
    return [
        one[:, y : y + 8, x : x + 9]
        for one in padded
        for y in range(2 * shift + 1)
        for x in range(2 * shift + 1)
    ]


def test_each_is_a_flip_and_a_shift_of_itself_the_same_in_its_group_alone() -> None:
    found = changed((3, 8, 9), flip=True, shift=2)
    which = [
        next(k for k, one in enumerate(candidates(before, 2)) if np.array_equal(one, after))
        for before, after in zip(PLANES, found, strict=True)
    ]
    groups = [which[at : at + TOGETHER] for at in range(0, 35, TOGETHER)]
    assert all(len(set(one)) == 1 for one in groups)
    assert len({one[0] for one in groups}) > 1


def test_all_flips_and_shifts_are_drawn_equally_often() -> None:
    counts = np.zeros(18, int)
    draw = np.random.default_rng(5)
    for _ in range(200):
        x = PLANES.reshape(35, -1).copy()
        Images((3, 8, 9), flip=True, shift=1).changed_in_place(x, draw)
        for row in range(0, 35, TOGETHER):
            image = x[row].reshape(3, 8, 9)
            every = candidates(PLANES[row], 1)
            counts[[np.array_equal(one, image) for one in every].index(True)] += 1
    assert counts.sum() == 800
    assert (abs(counts - 800 / 18) < 30).all()


def test_a_square_is_cut_out_that_may_reach_over_the_edge() -> None:
    sizes = set()
    for seed in range(30):
        found = changed((3, 8, 9), seed, cutout=4)
        kept = found != 0
        assert np.array_equal(found[kept], PLANES[kept])
        holes = ~kept[:, 0]
        assert np.array_equal(kept, np.stack([~holes] * 3, axis=1))
        for hole in holes:
            height, width = hole.any(axis=1).sum(), hole.any(axis=0).sum()
            assert hole.sum() == height * width
            sizes.add((height, width))
    assert max(sizes) == (4, 4)
    assert min(min(size) for size in sizes) == 2


@pytest.mark.parametrize(
    "changes", [{"flip": True}, {"shift": 3}, {"flip": True, "shift": 2, "cutout": 3}]
)
def test_the_order_of_the_axes_makes_no_difference(changes: dict[str, Any]) -> None:
    first = changed((3, 8, 9), **changes)
    assert np.array_equal(changed((8, 9, 3), **changes), first.transpose(0, 2, 3, 1))
    assert np.array_equal(changed((8, 9), **changes), first[:, 0])
    assert np.array_equal(changed((1, 8, 9), **changes), first[:, :1])


def test_rows_of_the_members_own_are_changed_alike() -> None:
    x = PLANES.reshape(35, -1)
    both = np.stack([x, 2 * x])
    images = Images((3, 8, 9), flip=True, shift=2, cutout=2)
    images.changed_in_place(both, np.random.default_rng(1))
    alone = changed((3, 8, 9), flip=True, shift=2, cutout=2).reshape(35, -1)
    assert np.array_equal(both, [alone, 2 * alone])


def test_components_are_changed_as_what_they_are_made_of() -> None:
    """With as many components as pixels they tell all of an image; of members each has its own."""
    images = Images((8, 9), flip=True, shift=2, cutout=3)
    x = GREY.reshape(35, -1)
    bases = [np.linalg.qr(DRAW.standard_normal((72, 72)))[0] * (1 + DRAW.random(72)) for _ in "ab"]
    expected = changed((8, 9), flip=True, shift=2, cutout=3).reshape(35, -1)
    alone = x @ bases[0]
    lengths = np.square(bases).sum(-2, keepdims=True)
    images.components_changed_in_place(alone, bases[0], lengths[0], np.random.default_rng(1))
    np.testing.assert_allclose(alone, expected @ bases[0], atol=1e-12)
    both = x @ np.stack(bases)
    images.components_changed_in_place(both, np.stack(bases), lengths, np.random.default_rng(1))
    np.testing.assert_allclose(both, expected @ np.stack(bases), atol=1e-12)


@pytest.mark.parametrize(
    "wrong",
    [
        {"shape": (64,)},
        {"shape": (3, 3)},
        {"shape": (2, 8, 8)},
        {"shift": 8},
        {"shift": -1},
        {"cutout": 8},
        {"cutout": -1},
    ],
)
def test_what_is_no_image_or_leaves_none_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match=re.escape(str(*wrong.values()))):
        Images(**({"shape": (3, 8, 9)} | wrong))
