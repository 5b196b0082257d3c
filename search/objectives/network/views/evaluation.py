"""What the test images said of the winner and the other finalists, with intervals."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from search.objectives.network.metrics import TEST
from search.views.plots import standing
from search.views.plots.data import SearchData
from search.views.plots.finalists import not_yet, spreads
from search.views.plots.labels import named, short
from search.views.plots.plot import Plot, Table, drawn, nothing
from search.views.plots.theme import COLOURS
from search.views.plots.values import ValueScale

KEY, TITLE = "test", "Test accuracy"
SEED_MEAN = "validation, mean of seeds"

_COLOUR_OF = {"validation": COLOURS[5], "test": COLOURS[0], "winner": COLOURS[3]}
_SURE = 1.959964  # standard deviations that hold 95 % of a normal distribution

Row = tuple[str, str, float, float, float]
"""What it is, its kind, and in per cent the accuracy, and from where to where it may be."""


def evaluation(data: SearchData) -> Plot:
    """The accuracies on the test images, with 95 % intervals, beside the winner's validation.

    The intervals are Wilson's (1927) for as many images as there are. They say how much another
    test set of that size might differ.
    """
    result = data.search.result
    if result is None:
        if data.search.finished_at is not None and data.search.failure is not None:
            return nothing(KEY, TITLE, f"There is no test report: {data.search.failure}")
        return nothing(KEY, TITLE, not_yet(data, "the test images"))
    rows = _rows(data, result)
    names = [name for name, *_ in rows]
    figure = go.Figure([_trace(rows, kind) for kind in _COLOUR_OF])
    figure.update_layout(
        xaxis={"title": {"text": "accuracy (%)"}},
        yaxis={
            "categoryorder": "array",
            "categoryarray": [short(name) for name in names[::-1]],
            "range": [-0.5, len(names) - 0.3],
        },
        hovermode="closest",
    )
    columns = ("what", "images", "accuracy (%)", "95 % from (%)", "95 % to (%)")
    return drawn(KEY, TITLE, _caption(result, rows), figure, Table(columns, rows))


def _trace(rows: Sequence[Row], kind: str) -> go.Scatter:
    mine = [row for row in rows if row[1] == kind]
    return go.Scatter(
        x=[share for _, _, share, _, _ in mine],
        y=[short(name) for name, *_ in mine],
        error_x={
            "array": [high - share for _, _, share, _, high in mine],
            "arrayminus": [share - low for _, _, share, low, _ in mine],
            "thickness": 1.5,
            "width": 5,
        },
        mode="markers+text",
        cliponaxis=False,
        text=[f"{share:.2f}" for _, _, share, _, _ in mine],
        textposition="top center",
        marker={"size": 11, "color": _COLOUR_OF[kind]},
        name="test, winner" if kind == "winner" else kind,
        hovertemplate=f"<b>%{{y}}</b>: {ValueScale(TEST).hover('x')}<extra></extra>",
    )


def _rows(data: SearchData, result: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = []
    won, chosen = standing.trained_anew(data), standing.winner(data)
    if chosen is not None and chosen.value is not None:
        value = TEST.shown(chosen.value)
        rows.append((f"validation, {named(chosen)}", "validation", value, value, value))
    for trials, spread in spreads(data):
        if won is not None and trials[0].parameters == won.parameters and spread.mean is not None:
            mean = TEST.shown(spread.mean)
            around = TEST.shown(spread.standard_deviation or 0.0)
            rows.append((SEED_MEAN, "validation", mean, mean - around, mean + around))
    for name, share in _tested(result):
        if share is not None:
            kind = "winner" if name == "winner" else "test"
            low, high = _wilson(share, result["images"])
            rows.append((name, kind, TEST.shown(share), TEST.shown(low), TEST.shown(high)))
    return rows


def _tested(result: Mapping[str, Any]) -> list[tuple[str, float | None]]:
    """Each network and each vote, with its share of right answers."""

    def who(place: int) -> str:
        return "winner" if place == 0 else f"finalist {place + 1}"

    voting = result.get("snapshot_ensembles", [result["snapshot_ensemble"]])
    return [
        *((who(place), share) for place, share in enumerate(result["accuracies"])),
        *((f"{who(place)}'s snapshots, voting", share) for place, share in enumerate(voting)),
        ("all finalists, voting", result["finalist_ensemble"]),
    ]


def _wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of `count` (Wilson, 1927, "Probable Inference")."""
    square = _SURE**2 / count
    middle = (share + square / 2) / (1 + square)
    half = _SURE / (1 + square) * math.sqrt(share * (1 - share) / count + square / (4 * count))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _caption(result: Mapping[str, Any], rows: Sequence[Row]) -> str:
    lost = result["accuracies"].count(None)
    said = f"What {result['images']:,} test images, read once, said, with 95 % intervals"
    said += f"; {lost} of the final networks diverged" if lost else ""
    if any(row[0] == SEED_MEAN for row in rows):
        said += "; of the seeds the bar is one standard deviation"
    first = next((row for row in rows if row[1] == "winner"), None)
    return said + (f". The winner has {first[2]:.2f} %." if first else ".")
