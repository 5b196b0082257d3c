"""What holds of every picture: what it carries, how large it is, what it does with bad names."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from search.errors import KlayerError
from search.views.plots.catalogue import CATALOGUE, find
from search.views.plots.compare import compare_best, compare_zoom
from search.views.plots.curves import curves
from search.views.plots.data import SearchData
from search.views.plots.picture import Picture
from search.views.plots.theme import themed
from search.views.plots.trial import trial_curves
from search.views.plots.zoom import zoom

every = pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.key)

# What takes more than a search; each from one.
FURTHER: dict[str, Callable[[SearchData], Picture]] = {
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


def written(picture: Picture) -> Any:
    return json.loads(picture.figure.to_json())


def test_keys_are_unique_and_found() -> None:
    keys = [entry.key for entry in CATALOGUE]
    assert len(set(keys)) == len(keys)
    assert [find(key).key for key in keys] == keys
    assert keys[0] == "zoom"


def test_an_unknown_key_is_answered_with_those_there_are() -> None:
    with pytest.raises(KlayerError, match=r"zooom: there is no picture .* zoom, best, best-time"):
        find("zooom")


@every
def test_a_picture_says_what_it_is(entry: Any, wide: SearchData) -> None:
    picture = entry.draw(wide)
    assert (picture.key, picture.title) == (entry.key, entry.title)
    assert not picture.empty
    assert picture.says.endswith((".", ">"))
    assert picture.figure.layout.title.text == entry.title
    assert picture.figure.layout.template.layout.to_plotly_json() == {}
    assert (picture.figure.layout.width, picture.figure.layout.height) == (None, None)
    assert all(len(row) == len(picture.table.columns) for row in picture.table.rows)
    assert len(picture.table.rows) > 2


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
    picture = draw(large)
    assert len(picture.figure.to_json()) < 300_000
    assert len(picture.figure.data) < 300
    assert not picture.empty


@drawings
def test_bad_names_are_inert(draw: Any, hostile: SearchData) -> None:
    picture = draw(hostile)
    for text in texts(written(picture)):
        assert "<img" not in text
        assert "<a " not in text
        assert "%{hostile}" not in text


@drawings
def test_bad_names_are_there(draw: Any, hostile: SearchData) -> None:
    """Guards the test before: what never shows a name could not show a bad one."""
    picture = draw(hostile)
    assert any("alert(1)" in text for text in texts(written(picture))) or picture.key in (
        "widths",  # shows names of layers alone
        "gradients",
        "test",
    )


@every
def test_an_unplanned_search_says_what_to_do(entry: Any, unplanned: SearchData) -> None:
    picture = entry.draw(unplanned)
    assert picture.empty
    if entry.key == "widths":
        assert "No stage searches widths" in picture.says
    else:
        assert "`klayer run` or `klayer worker`" in picture.says
    shown = picture.figure.layout.annotations[0].text.replace("<br>", " ")
    assert shown == picture.says


@every
def test_where_all_diverged_that_is_said(entry: Any, diverged: SearchData) -> None:
    picture = entry.draw(diverged)
    assert picture.empty == (entry.key != "zoom")  # there, boxes and crosses are worth seeing
    assert entry.key == "widths" or "lower learning rates" in picture.says


@every
def test_a_real_search_is_drawn(entry: Any, real: SearchData) -> None:
    picture = entry.draw(real)
    assert picture.empty == (entry.key in ("widths", "importance", "weights", "gradients"))
    for mode in ("light", "dark"):
        assert themed(picture.figure, mode).layout.template.layout.font.size == 12  # type: ignore[arg-type]
