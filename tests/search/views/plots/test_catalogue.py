"""What holds of every plot: what it carries, how large it is, what it does with bad names."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from search.errors import KlayerError
from search.study.reading import load
from search.views.plots.catalogue import entries, find
from search.views.plots.compare import compare_best, compare_zoom
from search.views.plots.curves import curves
from search.views.plots.data import SearchData
from search.views.plots.plot import Plot
from search.views.plots.theme import themed
from search.views.plots.trial import trial_curves
from search.views.plots.zoom import zoom

OBJECTIVE = load("digits").objective
CATALOGUE = entries(OBJECTIVE)
every = pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.key)

# What takes more than a search; each from one.
FURTHER: dict[str, Callable[[SearchData], Plot]] = {
    "zoom over a value": lambda data: zoom(data, y="value"),
    "chosen curves": lambda data: curves(data, "loss", tuple(data.curves)[:3]),
    "one trial": lambda data: trial_curves(
        data, next(trial for trial in data.trials if trial.id in data.curves), "accuracy"
    ),
    "two bests": lambda data: compare_best([data, data]),
    "two bests in time": lambda data: compare_best([data, data], "time"),
    "two zooms": lambda data: compare_zoom([data, data]),
}
DRAWN = {entry.key: entry.draw for entry in CATALOGUE} | FURTHER
drawings = pytest.mark.parametrize("draw", DRAWN.values(), ids=list(DRAWN))


def texts(value: Any) -> Iterator[str]:
    """Every text within a figure's JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def written(plot: Plot) -> Any:
    return json.loads(plot.figure.to_json())


def test_a_colour_bar_of_scores_has_marks_within_it(small: SearchData) -> None:
    """Plotly itself chooses one at times."""
    for plot in (zoom(small), compare_zoom([small, small])):
        axis = plot.figure.layout.coloraxis
        assert len(axis.colorbar.tickvals) == len(axis.colorbar.ticktext) >= 2
        assert all(axis.cmin <= mark <= axis.cmax for mark in axis.colorbar.tickvals)


@drawings
def test_hover_texts_write_no_number_in_a_way_of_their_own(
    draw: Callable[[SearchData], Plot], wide: SearchData
) -> None:
    assert not [text for text in texts(written(draw(wide))) if re.search(r"%{[^}]*:\.4g}", text)]


def test_a_name_that_is_nearly_one_is_hinted_at() -> None:
    with pytest.raises(KlayerError, match="there is no plot of this name; did you mean zoom"):
        find(OBJECTIVE, "zom")


def test_keys_are_unique_and_found() -> None:
    keys = [entry.key for entry in CATALOGUE]
    assert len(set(keys)) == len(keys)
    assert [find(OBJECTIVE, key).key for key in keys] == keys
    assert keys[0] == "zoom"


def test_an_unknown_key_is_answered_with_those_there_are() -> None:
    with pytest.raises(KlayerError, match=r"nothing: there is no plot .* zoom, best, best-time"):
        find(OBJECTIVE, "nothing")


@every
def test_a_plot_says_what_it_is(entry: Any, wide: SearchData) -> None:
    plot = entry.draw(wide)
    assert (plot.key, plot.title) == (entry.key, entry.title)
    assert not plot.empty
    assert plot.caption.endswith((".", ">"))
    assert plot.figure.layout.title.text == entry.title
    assert plot.figure.layout.template.layout.to_plotly_json() == {}
    assert (plot.figure.layout.width, plot.figure.layout.height) == (None, None)
    assert all(len(row) == len(plot.table.columns) for row in plot.table.rows)
    assert len(plot.table.rows) > 2


@every
def test_axes_have_names(entry: Any, wide: SearchData) -> None:
    layout = entry.draw(wide).figure.layout.to_plotly_json()
    named = [
        axis
        for key, axis in layout.items()
        if key.startswith(("xaxis", "yaxis")) and axis.get("title", {}).get("text")
    ]
    assert named or entry.key in ("parallel", "weights")  # whose pixels are the network's inputs


@drawings
def test_ten_thousand_trials_stay_small(draw: Any, large: SearchData) -> None:
    assert len(large.trials) > 10_000
    plot = draw(large)
    assert len(plot.figure.to_json()) < 300_000
    assert len(plot.figure.data) < 300
    assert not plot.empty


@drawings
def test_bad_names_are_inert(draw: Any, hostile: SearchData) -> None:
    plot = draw(hostile)
    for text in texts(written(plot)):
        assert "<img" not in text
        assert "<a " not in text
        assert "%{hostile}" not in text


@drawings
def test_bad_names_are_there(draw: Any, hostile: SearchData) -> None:
    """Guards the test before: what never shows a name could not show a bad one."""
    plot = draw(hostile)
    assert any("alert(1)" in text for text in texts(written(plot))) or plot.key in (
        "widths",  # shows names of layers alone
        "gradients",
        "test",
    )


@every
def test_an_unplanned_search_says_what_to_do(entry: Any, unplanned: SearchData) -> None:
    plot = entry.draw(unplanned)
    assert plot.empty
    if entry.key == "widths":
        assert "No stage searches widths" in plot.caption
    else:
        assert "`klayer run` or `klayer worker`" in plot.caption
    shown = plot.figure.layout.annotations[0].text.replace("<br>", " ")
    assert shown == plot.caption


@every
def test_where_all_diverged_that_is_said(entry: Any, diverged: SearchData) -> None:
    plot = entry.draw(diverged)
    assert plot.empty == (entry.key != "zoom")  # there, boxes and crosses are worth seeing
    assert entry.key == "widths" or "lower learning rates" in plot.caption


@every
def test_a_real_search_is_drawn(entry: Any, real: SearchData) -> None:
    plot = entry.draw(real)
    assert plot.empty == (
        entry.key in ("surface", "widths", "importance", "predictions", "weights", "gradients")
    )
    for mode in ("light", "dark"):
        assert themed(plot.figure, mode).layout.template.layout.font.size == 12  # type: ignore[arg-type]
