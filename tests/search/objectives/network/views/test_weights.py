"""Weights as images."""

import numpy as np
import pytest

from search.errors import KlayerError
from search.objectives.network.views.weights import weights, weights_of
from tests.search.views.plots.made import portrait

NAMES = [str(digit) for digit in range(10)]


def test_colour_images_have_zero_in_the_middle() -> None:
    templates = np.zeros((10, 4, 5, 3))
    templates[0, 0, 0] = (2.0, -2.0, 0.0)
    plot = weights(templates, NAMES)
    assert len(plot.figure.data) == 10
    assert np.array(plot.figure.data[0].z)[0, 0].tolist() == [255, 0, 127]
    assert plot.table.columns == ("class", "row", "column", "red", "green", "blue")
    assert plot.table.rows[0] == ("0", 0, 0, 2.0, -2.0, 0.0)
    assert len(plot.table.rows) == 200


def test_grey_images_share_one_scale_round_zero() -> None:
    templates = np.zeros((10, 8, 8))
    templates[3, 1, 2] = -4
    plot = weights(templates, NAMES)
    scale = plot.figure.layout.coloraxis
    assert (scale.cmin, scale.cmax) == (-4, 4)
    assert {trace.coloraxis for trace in plot.figure.data} == {"coloraxis"}
    assert plot.figure.data[3].z[1][2] == -4
    assert ("3", 1, 2, -4.0) in plot.table.rows


def test_bad_names_are_inert() -> None:
    text = weights(np.zeros((1, 2, 2)), ["<img src=x>"]).figure.to_json()
    assert "<img" not in text
    assert "\\u003cimg" not in text


@pytest.mark.parametrize("shape", [(10, 4), (10, 4, 4, 2), (9, 4, 4)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(KlayerError, match="give \\(classes, height, width\\)"):
        weights(np.zeros(shape), NAMES)


def test_what_was_kept_is_drawn_and_what_was_not_is_said() -> None:
    kept = portrait()
    assert len(weights_of(kept).figure.data) == 10
    for nothing in (None, portrait(layers=2)):
        assert weights_of(nothing).empty
    assert "one layer" in weights_of(portrait(layers=2)).caption
