"""Portraits as bytes."""

import numpy as np
import pytest

from search.errors import KlayerError
from search.objectives.network.portrait import from_bytes, to_bytes
from tests.search.views.plots.made import portrait


@pytest.mark.parametrize("layers", [1, 3])
def test_what_is_written_is_read(layers: int) -> None:
    one = portrait(layers=layers)
    read = from_bytes(to_bytes(one))
    np.testing.assert_array_equal(read.gradient_counts, one.gradient_counts)
    np.testing.assert_array_equal(read.gradient_edges, one.gradient_edges)
    assert read.classes == one.classes
    if one.images is None:
        assert read.images is None
    else:
        np.testing.assert_array_equal(read.images, one.images)
    assert to_bytes(one) == to_bytes(one)


@pytest.mark.parametrize("content", [b"", b"no npz", to_bytes(portrait())[:200]])
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(KlayerError, match="a portrait of a trained network is damaged"):
        from_bytes(content)
