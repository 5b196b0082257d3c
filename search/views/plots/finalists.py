"""What the finalists did over fresh seeds."""

from collections.abc import Sequence

import plotly.graph_objects as go

from search.ledger.records import RecordedTrial
from search.plan.ranking import Spread
from search.space.space import Point
from search.views.plots import standing
from search.views.plots.data import SearchData
from search.views.plots.labels import link, named, parameters, short
from search.views.plots.plot import Plot, Table, drawn, escape, nothing
from search.views.plots.theme import COLOURS
from search.views.plots.told import tell
from search.views.plots.values import ValueScale

KEY, TITLE = "seeds", "Finalists over fresh seeds"

_WINNER, _OTHER = COLOURS[3], COLOURS[0]

Runs = Sequence[tuple[list[RecordedTrial], Spread]]


def finalists(data: SearchData) -> Plot:
    """Each finalist's values as dots, their mean with the standard deviation as a bar.

    The winner, which has the best mean, is marked.
    """
    if all(stage.step.kind != "finalists" for stage in data.stages):
        asked = "no seeds" if data.search.study.final.seeds == 0 else "one finalist and one seed"
        caption = f"No finalist is run again: [final] of the study asks for {asked}."
        return nothing(KEY, TITLE, caption)
    found = spreads(data)
    if not any(spread.mean is not None for _, spread in found):
        return nothing(KEY, TITLE, not_yet(data, "the finalists"))
    won = standing.chosen(data)
    scale = ValueScale.of(data.score, [trial.value for trials, _ in found for trial in trials])
    figure = go.Figure()
    for place, (trials, spread) in enumerate(found):
        wins = trials[0].parameters == won
        for trace in _traces(data, scale, place, trials, spread, wins=wins):
            figure.add_trace(trace)
    figure.update_layout(
        xaxis=scale.axis(),
        yaxis={
            "title": {"text": "finalist", "standoff": 12},
            "tickvals": list(range(len(found))),
            "ticktext": [short(_origin(data, trials[0])) for trials, _ in found],
            "range": [len(found) - 0.5, -0.5],
        },
        hovermode="closest",
    )
    return drawn(KEY, TITLE, _caption(data, found, won), tell(figure, data), _table(data, found))


def not_yet(data: SearchData, what: str) -> str:
    """Why there is nothing to see of what comes behind the stages that search."""
    if data.search.failure is not None or not standing.complete(standing.searched(data)):
        return standing.absent(data)
    return f"The stages are not finished yet. After the last of them it is the turn of {what}."


def spreads(data: SearchData) -> list[tuple[list[RecordedTrial], Spread]]:
    """Each finalist's finished re-runs by number, with their spread; in the finalists' order."""
    stages = {stage.step.name for stage in data.stages if stage.step.kind == "finalists"}
    mine = [one for one in data.trials if one.stage in stages and one.state in standing.ENDED]
    groups: dict[tuple[tuple[str, object], ...], list[RecordedTrial]] = {}
    for trial in sorted(mine, key=lambda one: one.number):
        groups.setdefault(tuple(trial.parameters.items()), []).append(trial)
    return [(group, Spread.of([trial.value for trial in group])) for group in groups.values()]


def _origin(data: SearchData, finalist: RecordedTrial) -> str:
    """The trial that made it a finalist, as plain text."""
    same = [t for t in standing.comparable(data) if t.parameters == finalist.parameters]
    best = data.ranking.best(same)
    return named(finalist if best is None else best)


def _traces(
    data: SearchData,
    scale: ValueScale,
    place: int,
    trials: Sequence[RecordedTrial],
    spread: Spread,
    *,
    wins: bool,
) -> list[go.Scatter]:
    colour = _WINNER if wins else _OTHER
    name = "winner" if wins else "finalist"
    valued = [trial for trial in trials if trial.value is not None]
    who = escape(_origin(data, trials[0]))
    dots = go.Scatter(
        x=scale.shown([trial.value for trial in valued]).tolist(),
        y=[place] * len(valued),
        mode="markers",
        marker={"size": 9, "color": colour, "opacity": 0.6},
        ids=[link(trial) for trial in valued],
        hovertemplate=f"{who}, run again<br>%{{hovertext}}<extra></extra>",
        showlegend=False,
    )
    if spread.mean is None:
        return [dots]
    deviation = scale.metric.shown(spread.standard_deviation or 0.0)
    around = escape(scale.metric.around(spread.mean, spread.standard_deviation))
    mean = go.Scatter(
        x=[scale.metric.shown(spread.mean)],
        y=[place],
        error_x={"array": [deviation], "thickness": 2.5, "width": 9, "color": colour},
        mode="markers",
        marker={"symbol": "line-ns", "size": 22, "line": {"width": 3, "color": colour}},
        hovertemplate=f"<b>{who}</b><br>mean {around}<extra></extra>",
        name=f"{name}: mean ± s. d.",
        showlegend=wins or place == 0,
    )
    return [dots, mean]


def _caption(data: SearchData, found: Runs, won: Point | None) -> str:
    said = f"{len(found)} finalists, each run again over fresh seeds: values, mean, and deviation"
    lost = sum(spread.values.count(None) for _, spread in found)
    said += f"; {lost} runs have no value, and are not shown" if lost else ""
    for trials, spread in found:
        if trials[0].parameters == won:
            said += (
                f". {_origin(data, trials[0])} won with a mean of {data.score.text(spread.mean)}"
            )
    return said + "."


def _table(data: SearchData, found: Runs) -> Table:
    score = data.score

    def shown(value: float | None) -> float | None:
        return None if value is None else score.shown(value)

    rows = [
        (
            _origin(data, trial),
            trial.number,
            trial.state,
            shown(trial.value),
            shown(spread.mean),
            shown(spread.standard_deviation),
            parameters(data.objective, trial.parameters),
        )
        for trials, spread in found
        for trial in trials
    ]
    unit = f" ({score.unit})" if score.unit else ""
    columns = (
        "finalist",
        "re-run",
        "state",
        score.heading,
        f"mean{unit}",
        f"deviation{unit}",
        "parameters",
    )
    return Table(columns, rows)
