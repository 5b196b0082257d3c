"""A saved network holds together from its construction on, and refuses what are not its pixels."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from model.errors import ModelError
from model.inference import Network
from model.members import Architecture, Member
from model.parameters import initialise
from model.saved_network import SavedNetwork

ARCHITECTURE = Architecture(4, 3)
MEMBERS = (Member((5,), 1, 0.1), Member((2,), 2, 0.1))


def network(*members: Member) -> Network:
    return Network(ARCHITECTURE, members, initialise(ARCHITECTURE, members, np.float32), (None,))


GOOD = SavedNetwork(network(MEMBERS[0]), (), np.zeros(4), np.ones(4), ("a", "b", "c"))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"network": network(*MEMBERS)}, "one and same member"),
        ({"snapshots": (network(MEMBERS[1]),)}, "one and same member"),
        ({"classes": ("a", "b")}, "3 names of classes, not 2"),
        ({"mean": np.zeros(3)}, "mean must be (4,) <f8, not (3,) <f8"),
        ({"std": np.ones(4, np.float32)}, "std must be (4,) <f8, not (4,) <f4"),
        ({"std": np.array([1, 1, 0, 1.0])}, "std must be above 0"),
        ({"mean": np.array([1, np.inf, 0, 1.0])}, "mean must hold finite numbers alone"),
        (
            {"network": replace(network(*MEMBERS), members=MEMBERS[:1])},
            "network.layer_1.weights must be (1, 4, 5)",
        ),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ModelError, match=re.escape(told)):
        replace(GOOD, **changes)


@pytest.mark.parametrize(
    ("pixels", "told"),
    [
        (np.zeros(4), "pixels must be (n, 4) with n ≥ 1, not (4,)"),
        (np.zeros((2, 3)), "not (2, 3)"),
        (np.zeros((0, 4)), "not (0, 4)"),
        (np.full((1, 4), np.nan), "finite real numbers"),
        (np.zeros((1, 4), complex), "finite real numbers, not complex128"),
        (np.array([["a"] * 4]), "finite real numbers, not <U1"),
    ],
)
def test_pixels_of_another_kind_are_refused(pixels: Any, told: str) -> None:
    with pytest.raises(ModelError, match=re.escape(told)):
        GOOD.probabilities(pixels)


def test_probabilities_do_not_depend_on_how_many_rows_are_asked_for() -> None:
    pixels = np.random.default_rng(1).integers(0, 17, (3_000, 4), np.uint8)
    said = GOOD.probabilities(pixels)
    assert said.shape == (3_000, 3)
    np.testing.assert_allclose(said.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(GOOD.probabilities(pixels[2_000:2_010]), said[2_000:2_010], 1e-5)
