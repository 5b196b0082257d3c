"""What the finalists did over fresh seeds, and what the test images said."""

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from search.ledger.records import Trial
from search.plan.ranking import Spread
from search.runtime.words import percent
from search.views.plots import standing
from search.views.plots.data import SearchData
from search.views.plots.labels import ACCURACY, named, parameters, short
from search.views.plots.picture import Picture, Table, drawn, escape, nothing
from search.views.plots.theme import COLOURS

SEED_MEAN = "validation, mean of seeds"
SEEDS = ("seeds", "Finalists over fresh seeds")
TEST = ("test", "Test accuracy")

_WINNER, _OTHER = COLOURS[3], COLOURS[0]
_SURE = 1.959964  # standard deviations that hold 95 % of a normal distribution


def seeds(data: SearchData) -> Picture:
    """Each finalist's values as dots, their mean with the standard deviation as a bar.

    The winner, which has the best mean, is marked.
    """
    key, title = SEEDS
    if all(stage.step.kind != "finalists" for stage in data.stages):
        asked = "no seeds" if data.search.study.final.seeds == 0 else "one finalist and one seed"
        says = f"No finalist is run again: [final] of the study asks for {asked}."
        return nothing(key, title, says)
    spreads = _spreads(data)
    if not any(spread.mean is not None for _, spread in spreads):
        return nothing(key, title, _not_yet(data, "the finalists"))
    won = _final(data)
    figure = go.Figure()
    for place, (trials, spread) in enumerate(spreads):
        wins = won is not None and trials[0].parameters == won.parameters
        for trace in _spread_traces(data, place, trials, spread, wins=wins):
            figure.add_trace(trace)
    figure.update_layout(
        xaxis={"title": {"text": ACCURACY}},
        yaxis={
            "title": {"text": "finalist", "standoff": 12},
            "tickvals": list(range(len(spreads))),
            "ticktext": [short(_origin(data, trials[0])) for trials, _ in spreads],
            "range": [len(spreads) - 0.5, -0.5],
        },
        hovermode="closest",
    )
    return drawn(key, title, _seeds_say(data, spreads, won), figure, _seeds_table(data, spreads))


def test(data: SearchData) -> Picture:
    """The accuracies on the test images, with 95 % intervals, beside the winner's validation.

    The intervals are Wilson's (1927) for as many images as there are. They say how much another
    test set of that size might differ.
    """
    key, title = TEST
    report = data.search.result
    if report is None:
        if data.search.finished_at is not None and data.search.failure is not None:
            return nothing(key, title, f"There is no test report: {data.search.failure}")
        return nothing(key, title, _not_yet(data, "the test images"))
    rows = _test_rows(data, report)
    names = [name for name, *_ in rows]
    figure = go.Figure()
    for kind, colour in (("validation", COLOURS[5]), ("test", _OTHER), ("winner", _WINNER)):
        mine = [row for row in rows if row[1] == kind]
        figure.add_trace(
            go.Scatter(
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
                marker={"size": 11, "color": colour},
                name={"validation": "validation", "test": "test", "winner": "test, winner"}[kind],
                hovertemplate="<b>%{y}</b>: %{x:.2f} %<extra></extra>",
            )
        )
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
    table = Table(columns, [(n, k, s, low, high) for n, k, s, low, high in rows])
    return drawn(key, title, _test_says(report, rows), figure, table)


def _final(data: SearchData) -> Trial | None:
    finals = {stage.step.name for stage in data.stages if stage.step.kind == "final"}
    return next((one for one in data.trials if one.stage in finals and one.number == 0), None)


def _not_yet(data: SearchData, what: str) -> str:
    if data.search.failure is not None or not standing.complete(standing.searched(data)):
        return standing.absent(data)
    return f"The stages are not finished yet. After the last of them it is the turn of {what}."


def _spreads(data: SearchData) -> list[tuple[list[Trial], Spread]]:
    """Each finalist's finished re-runs by number, with their spread; in the finalists' order."""
    stages = {stage.step.name for stage in data.stages if stage.step.kind == "finalists"}
    mine = [one for one in data.trials if one.stage in stages and one.state in standing.ENDED]
    groups: dict[tuple[tuple[str, object], ...], list[Trial]] = {}
    for trial in sorted(mine, key=lambda one: one.number):
        groups.setdefault(tuple(trial.parameters.items()), []).append(trial)
    return [(group, Spread.of([trial.value for trial in group])) for group in groups.values()]


def _origin(data: SearchData, finalist: Trial) -> str:
    """The trial that made it a finalist, as plain text."""
    same = [t for t in standing.comparable(data) if t.parameters == finalist.parameters]
    best = standing.ranked(same)
    return named(best[0]) if best else named(finalist)


def _spread_traces(
    data: SearchData, place: int, trials: Sequence[Trial], spread: Spread, *, wins: bool
) -> list[go.Scatter]:
    colour = _WINNER if wins else _OTHER
    name = "winner" if wins else "finalist"
    shown = wins or place == 0
    valued = [trial for trial in trials if trial.value is not None]
    who = escape(_origin(data, trials[0]))
    dots = go.Scatter(
        x=[100 * (trial.value or 0) for trial in valued],
        y=[place] * len(valued),
        mode="markers",
        marker={"size": 9, "color": colour, "opacity": 0.6},
        customdata=[(trial.number, trial.id) for trial in valued],
        hovertemplate=f"<b>{who}</b>, run again as #%{{customdata[0]}}<br>%{{x:.2f}} %"
        "<extra></extra>",
        showlegend=False,
    )
    if spread.mean is None:
        return [dots]
    deviation = spread.standard_deviation
    around = "" if deviation is None else f" ± {100 * deviation:.2f}"
    mean = go.Scatter(
        x=[100 * spread.mean],
        y=[place],
        error_x={"array": [100 * (deviation or 0)], "thickness": 2.5, "width": 9, "color": colour},
        mode="markers",
        marker={"symbol": "line-ns", "size": 22, "line": {"width": 3, "color": colour}},
        hovertemplate=f"<b>{who}</b><br>mean {100 * spread.mean:.2f}{around} %<extra></extra>",
        name=f"{name}: mean ± s. d.",
        showlegend=shown,
    )
    return [dots, mean]


def _seeds_say(
    data: SearchData, spreads: Sequence[tuple[list[Trial], Spread]], won: Trial | None
) -> str:
    said = f"{len(spreads)} finalists, each run again over fresh seeds: values, mean, and deviation"
    lost = sum(spread.values.count(None) for _, spread in spreads)
    said += f"; {lost} runs diverged, and are not shown" if lost else ""
    for trials, spread in spreads:
        if won is not None and trials[0].parameters == won.parameters:
            said += f". {_origin(data, trials[0])} won with a mean of {percent(spread.mean)}"
    return said + "."


def _seeds_table(data: SearchData, spreads: Sequence[tuple[list[Trial], Spread]]) -> Table:
    rows = [
        (
            _origin(data, trial),
            trial.number,
            trial.state,
            None if trial.value is None else 100 * trial.value,
            None if spread.mean is None else 100 * spread.mean,
            None if spread.standard_deviation is None else 100 * spread.standard_deviation,
            parameters(trial.parameters),
        )
        for trials, spread in spreads
        for trial in trials
    ]
    columns = ("finalist", "re-run", "state", ACCURACY, "mean (%)", "deviation (%)", "parameters")
    return Table(columns, rows)


def _test_rows(
    data: SearchData, report: dict[str, Any]
) -> list[tuple[str, str, float, float, float]]:
    rows: list[tuple[str, str, float, float, float]] = []
    won, chosen = _final(data), standing.winner(data)
    if chosen is not None and chosen.value is not None:
        value = 100 * chosen.value
        rows.append((f"validation, {named(chosen)}", "validation", value, value, value))
    for trials, spread in _spreads(data):
        if won is not None and trials[0].parameters == won.parameters and spread.mean is not None:
            mean, around = 100 * spread.mean, 100 * (spread.standard_deviation or 0)
            rows.append((SEED_MEAN, "validation", mean, mean - around, mean + around))
    listed = [
        ("winner" if place == 0 else f"finalist {place + 1}", share)
        for place, share in enumerate(report["accuracies"])
    ]
    voting = report.get("snapshot_ensembles", [report["snapshot_ensemble"]])
    listed += [
        (f"{'winner' if place == 0 else f'finalist {place + 1}'}'s snapshots, voting", share)
        for place, share in enumerate(voting)
    ]
    listed.append(("all finalists, voting", report["finalist_ensemble"]))
    for name, share in listed:
        if share is not None:
            kind = "winner" if name == "winner" else "test"
            low, high = _wilson(share, report["images"])
            rows.append((name, kind, 100 * share, 100 * low, 100 * high))
    return rows


def _wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of `count` (Wilson, 1927, "Probable Inference")."""
    square = _SURE**2 / count
    middle = (share + square / 2) / (1 + square)
    half = _SURE / (1 + square) * math.sqrt(share * (1 - share) / count + square / (4 * count))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _test_says(report: dict[str, Any], rows: Sequence[tuple[str, str, float, float, float]]) -> str:
    lost = report["accuracies"].count(None)
    said = f"What {report['images']:,} test images, read once, said, with 95 % intervals"
    said += f"; {lost} of the final networks diverged" if lost else ""
    if any(row[0] == SEED_MEAN for row in rows):
        said += "; of the seeds the bar is one standard deviation"
    first = next((row for row in rows if row[1] == "winner"), None)
    return said + (f". The winner has {first[2]:.2f} %." if first else ".")
