"""What the test images said of the winner and the other finalists, with intervals."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from search.objective.metric import Metric
from search.objectives.network.findings import rows_in, scores_in
from search.views.plots import standing
from search.views.plots.data import SearchData
from search.views.plots.finalists import not_yet, spreads
from search.views.plots.labels import named, short
from search.views.plots.plot import Plot, Table, drawn, nothing
from search.views.plots.theme import COLOURS
from search.views.plots.values import ValueScale

KEY, TITLE = "test", "Test score"
SEED_MEAN = "validation, mean of seeds"

_COLOUR_OF = {"validation": COLOURS[5], "test": COLOURS[0], "winner": COLOURS[3]}
_SURE = 1.959964  # standard deviations that hold 95 % of a normal distribution

Row = tuple[str, str, float, float, float]
"""What it is, its kind, its score as people read it, and from where to where that may be."""


def evaluation(data: SearchData) -> Plot:
    """The scores on the test rows, beside the winner's validation.

    Accuracies have the 95 % intervals of Wilson (1927) for as many rows as there are. They say how
    much another test set of that size might differ.
    """
    result, metric = data.search.result, _metric(data)
    if result is None:
        if data.search.finished_at is not None and data.search.failure is not None:
            return nothing(KEY, TITLE, f"There is no test report: {data.search.failure}")
        return nothing(KEY, TITLE, not_yet(data, f"the test {_rows_are(data)}"))
    rows = _rows(data, result)
    names = [name for name, *_ in rows]
    axis = metric.heading.removeprefix("test ")
    figure = go.Figure([_trace(rows, kind, metric) for kind in _COLOUR_OF])
    figure.update_layout(
        xaxis={"title": {"text": axis}},
        yaxis={
            "categoryorder": "array",
            "categoryarray": [short(name) for name in names[::-1]],
            "range": [-0.5, len(names) - 0.3],
        },
        hovermode="closest",
    )
    unit = f" ({metric.unit})" if metric.unit else ""
    columns = ("what", _rows_are(data), axis, f"95 % from{unit}", f"95 % to{unit}")
    return drawn(KEY, TITLE, _caption(data, result, rows), figure, Table(columns, rows))


def _metric(data: SearchData) -> Metric:
    """The score on the test rows."""
    metric: Metric = data.search.study.objective.evaluation
    return metric


def _rows_are(data: SearchData) -> str:
    name: str = data.search.study.objective.facts.rows_are
    return name


def _trace(rows: Sequence[Row], kind: str, metric: Metric) -> go.Scatter:
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
        text=[metric.number(share / metric.factor) for _, _, share, _, _ in mine],
        textposition="top center",
        marker={"size": 11, "color": _COLOUR_OF[kind]},
        name="test, winner" if kind == "winner" else kind,
        hovertemplate=f"<b>%{{y}}</b>: {ValueScale(metric).hover('x')}<extra></extra>",
    )


def _rows(data: SearchData, result: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = []
    metric = _metric(data)
    won, chosen = standing.trained_anew(data), standing.winner(data)
    if chosen is not None and chosen.value is not None:
        value = metric.shown(chosen.value)
        rows.append((f"validation, {named(chosen)}", "validation", value, value, value))
    for trials, spread in spreads(data):
        if won is not None and trials[0].parameters == won.parameters and spread.mean is not None:
            mean = metric.shown(spread.mean)
            around = metric.shown(spread.standard_deviation or 0.0)
            rows.append((SEED_MEAN, "validation", mean, mean - around, mean + around))
    for name, share in _tested(result):
        if share is not None:
            kind = "winner" if name == "winner" else "test"
            low, high = _interval(metric, share, rows_in(result))
            rows.append((name, kind, metric.shown(share), metric.shown(low), metric.shown(high)))
    return rows


def _tested(result: Mapping[str, Any]) -> list[tuple[str, float | None]]:
    """Each network and each vote, with its score."""

    def who(place: int) -> str:
        return "winner" if place == 0 else f"finalist {place + 1}"

    voting = result.get("snapshot_ensembles", [result["snapshot_ensemble"]])
    return [
        *((who(place), share) for place, share in enumerate(scores_in(result))),
        *((f"{who(place)}'s snapshots, voting", share) for place, share in enumerate(voting)),
        ("all finalists, voting", result["finalist_ensemble"]),
    ]


def _interval(metric: Metric, score: float, count: int) -> tuple[float, float]:
    """Where the score of another test set may lie; the score itself where that is not known."""
    return _wilson(score, count) if metric.name == "test_accuracy" else (score, score)


def _wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of `count` (Wilson, 1927, "Probable Inference")."""
    square = _SURE**2 / count
    middle = (share + square / 2) / (1 + square)
    half = _SURE / (1 + square) * math.sqrt(share * (1 - share) / count + square / (4 * count))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _caption(data: SearchData, result: Mapping[str, Any], rows: Sequence[Row]) -> str:
    metric, lost = _metric(data), scores_in(result).count(None)
    said = f"What {rows_in(result):,} test {_rows_are(data)}, read once, said"
    said += ", with 95 % intervals" if metric.name == "test_accuracy" else ""
    said += f"; {lost} of the final networks diverged" if lost else ""
    if any(row[0] == SEED_MEAN for row in rows):
        said += "; of the seeds the bar is one standard deviation"
    first = next((row for row in rows if row[1] == "winner"), None)
    return said + (f". The winner has {metric.text(first[2] / metric.factor)}." if first else ".")
