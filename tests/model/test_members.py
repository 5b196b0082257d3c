"""What members share, what they have for themselves, and what neither can be."""

import math

import numpy as np
import pytest

from model.errors import ModelError
from model.members import Architecture, Member, column, padded_widths


@pytest.mark.parametrize(
    ("rule", "fan_in", "expected"),
    [("he", 8, 0.5), ("xavier", 4, 0.5), ("normal", 4, 0.02), ("normal", 400, 0.02)],
)
def test_deviation_of_initial_weights(rule: str, fan_in: int, expected: float) -> None:
    member = Member((3,), 1, 0.1, initialization=rule, init_sigma=0.02)
    assert member.deviation(fan_in) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    "wrong",
    [
        {"widths": (3, 0)},
        {"learning_rate": -0.1},
        {"learning_rate": math.nan},
        {"learning_rate_min": 0.2},
        {"learning_rate_min": -0.1},
        {"weight_decay": -1e-9},
        {"momentum": 1.0},
        {"momentum": -0.1},
        {"jitter": -0.1},
        {"dropout": 1.0},
        {"input_dropout": -0.1},
        {"label_smoothing": math.nan},
        {"clip_norm": 0.0},
        {"init_sigma": -0.1},
        {"negative_slope": 1.0},
        {"negative_slope": -0.1},
        {"elu_alpha": math.nan},
        {"seed": -1},
    ],
)
def test_impossible_members_are_refused_with_the_value(wrong: dict[str, object]) -> None:
    values: dict[str, object] = {"widths": (3,), "seed": 1, "learning_rate": 0.1} | wrong
    (found,) = wrong.values()
    shown = str(found) if isinstance(found, tuple | int) else f"{found:g}"
    with pytest.raises(ModelError) as raised:
        Member(**values)  # type: ignore[arg-type]
    assert shown in str(raised.value)


@pytest.mark.parametrize(
    "wrong", [{"inputs": 0}, {"outputs": 0}, {"batch_norm_decay": 1.1}, {"batch_norm_decay": -0.1}]
)
def test_impossible_architectures_are_refused(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(ModelError, match=name):
        Architecture(**({"inputs": 3, "outputs": 2} | wrong))  # type: ignore[arg-type]


def test_a_column_broadcasts_over_a_stack() -> None:
    members = [Member((), 1, 0.1, momentum=0.5), Member((), 2, 0.2, momentum=0.9)]
    momentum = column(members, "momentum", np.float32)
    assert momentum.shape == (2, 1, 1)
    assert momentum.dtype == np.float32
    np.testing.assert_array_equal(momentum.ravel(), np.float32([0.5, 0.9]))


def test_padded_widths_are_those_of_the_widest() -> None:
    members = [Member((3, 9), 1, 0.1), Member((5, 2), 2, 0.1)]
    assert padded_widths(members) == (5, 9)
    assert padded_widths([Member((), 1, 0.1), Member((), 2, 0.1)]) == ()


@pytest.mark.parametrize("widths", [[], [(3,), (3, 3)], [(), (2,)]])
def test_members_of_different_depths_are_no_stack(widths: list[tuple[int, ...]]) -> None:
    with pytest.raises(ModelError, match="same number of layers") as raised:
        padded_widths([Member(width, 1, 0.1) for width in widths])
    assert str(widths) in str(raised.value)
