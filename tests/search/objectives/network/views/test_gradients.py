"""Histograms of gradients."""

import numpy as np
import pytest

from search.errors import KlayerError
from search.objectives.network.views.gradients import gradients, gradients_of
from tests.search.views.plots.made import portrait

EDGES = np.linspace(-1, 1, 5)


def test_each_layer_has_its_bars() -> None:
    plot = gradients({"layer 1": (EDGES, np.array([1, 5, 5, 0])), "layer 2": (EDGES, np.ones(4))})
    first, second = plot.figure.data
    assert first.x.tolist() == [-0.75, -0.25, 0.25, 0.75]
    assert first.y[:3].tolist() == [1, 5, 5]
    assert np.isnan(first.y[3])  # a log axis has no place for 0
    assert first.width.tolist() == [0.5] * 4
    assert second.yaxis == "y2"
    assert plot.table.rows[0] == ("layer 1", -1.0, -0.5, 1)
    assert [note.text for note in plot.figure.layout.annotations] == ["layer 1", "layer 2"]


def test_without_gradients_it_says_what_to_do() -> None:
    assert gradients({}).empty
    assert "Train it again" in gradients({"layer 1": (EDGES, np.zeros(4))}).caption


def test_edges_that_do_not_fit_are_refused() -> None:
    with pytest.raises(KlayerError, match="found 5 edges and 5 counts"):
        gradients({"layer 1": (EDGES, np.ones(5))})


def test_bad_names_are_inert() -> None:
    text = gradients({"<img src=x>": (EDGES, np.ones(4))}).figure.to_json()
    assert "<img" not in text
    assert "\\u003cimg" not in text


def test_each_layer_that_was_kept_is_drawn() -> None:
    assert gradients_of(None).empty
    plot = gradients_of(portrait(layers=3))
    assert len(plot.figure.data) == 3
    assert {row[0] for row in plot.table.rows} == {"layer 1", "layer 2", "layer 3"}
