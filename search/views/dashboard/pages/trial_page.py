"""The page of one trial: its parameters, its value, who trained it, its curves."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from search.ledger.records import RecordedTrial, TrialWork
from search.plan.plan import FINAL
from search.runtime.formatting import ago, number, plural
from search.views.dashboard.pages import address, parts
from search.views.plots.catalogue import trial_entries
from search.views.plots.data import SearchData
from search.views.plots.labels import named
from search.views.plots.standing import comparable
from search.views.reading.spread import value_text

STATES = {
    "waiting": "waits to be trained, or to go on",
    "running": "is being trained",
    "complete": "was trained to its end",
    "pruned": "was dropped by halving",
    "diverged": "came to no finite value",
    "failed": "ended with a fault",
    "skipped": "was never trained, since the time ran out",
}


def find(data: SearchData, stage: str, which: int) -> RecordedTrial | None:
    """The trial of that stage and number; None where there is none."""
    return next((t for t in data.trials if t.stage == stage and t.number == which), None)


def page(data: SearchData, trial: RecordedTrial, work: TrialWork) -> Component:
    """The page of a trial.

    Args:
        data: Its search.
        trial: Which one.
        work: Who trained it.
    """
    name = data.name
    return html.Div(
        [
            html.Nav(
                [dcc.Link(f"↑ {name}", href=address.of_search(name)), *_beside(data, trial)],
                className="beside",
            ),
            html.H1(f"{trial.stage} #{trial.number}"),
            html.Div(standing(data, trial, work), id="trial-standing"),
            html.Div(
                [
                    parts.plot_card(
                        key, title, address.of_trial_data(name, trial.stage, trial.number, key)
                    )
                    for key, title in _plots(data, trial)
                ],
                className="cards",
            ),
        ]
    )


def _beside(data: SearchData, trial: RecordedTrial) -> list[Component]:
    """Ways to the trials before and after it, by number and by rank."""
    numbered = data.of_stage(trial.stage)
    ranked = data.ranking.ranked(comparable(data))
    orders = ((numbered, ("← #", "→ #")), (ranked, ("better: ", "poorer: ")))
    ways = [
        (label, order[place])
        for order, labels in orders
        if trial in order
        for label, step in zip(labels, (-1, 1), strict=True)
        if 0 <= (place := order.index(trial) + step) < len(order)
    ]
    return [
        dcc.Link(
            f"{label}{other.number}" if label.endswith("#") else f"{label}{named(other)}",
            href=address.of_trial(data.name, other.stage, other.number),
        )
        for label, other in ways
    ]


def _rank(data: SearchData, trial: RecordedTrial) -> list[tuple[str, str, str]]:
    ranked = data.ranking.ranked(comparable(data))
    if trial not in ranked:
        return []
    return [("Rank", f"{ranked.index(trial) + 1:,}", f"of {len(ranked):,} trials that compare")]


def standing(data: SearchData, trial: RecordedTrial, work: TrialWork) -> list[Component]:
    """What a trial is, how it stands, and who trained it."""
    return [
        parts.tiles(_tiles(data, trial, work)),
        *([parts.nothing("It has no value", trial.reason)] if trial.reason else []),
        html.Div(
            [
                parts.table(("parameter", "value"), _parameters(trial), "Parameters"),
                parts.named_rows(_record(data, trial, work), "How it was trained"),
            ],
            className="pair",
        ),
    ]


def _plots(data: SearchData, trial: RecordedTrial) -> list[tuple[str, str]]:
    """Keys and titles of its plots."""
    found = trial_entries(data.objective, final=trial.stage == FINAL)
    return [(one.key, one.title) for one in found]


def _tiles(data: SearchData, trial: RecordedTrial, work: TrialWork) -> list[tuple[str, str, str]]:
    objective, after = data.objective, trial.pruned_after
    evaluated = objective.evaluation if trial.stage == FINAL else None
    metric = evaluated or objective.score
    ended = "" if after is None else f"after {plural(after, objective.step)}"
    value = metric.text(trial.value)
    if evaluated is None:
        value = value_text(objective, trial.value, data.curves.get(trial.id, ()))
    return [
        ("Value", value, metric.words),
        *_rank(data, trial),
        ("State", trial.state, f"{STATES[trial.state]} {ended}".strip()),
        ("Attempts", str(work.attempts), _lost(work)),
    ]


def _lost(work: TrialWork) -> str:
    if work.lost:
        return f"{work.lost} of them were lost with their worker"
    return "claims of its cohort; none was lost"


def _parameters(trial: RecordedTrial) -> list[list[str]]:
    return [[name, number(value)] for name, value in trial.parameters.items()]


def _record(data: SearchData, trial: RecordedTrial, work: TrialWork) -> list[tuple[str, Any]]:
    mates = [
        dcc.Link(f"#{one} ", href=address.of_trial(data.name, trial.stage, one))
        for one in work.mates
        if one != trial.number
    ]
    return [
        ("seed of its own draws", str(trial.seed)),
        ("seed of what its cohort shares", str(trial.order_seed)),
        ("cohort", str(work.cohort)),
        ("trained beside", html.Span(mates) if mates else "none"),
        ("worker", work.worker or "none yet"),
        ("ended", _ago(data.time, trial.finished_at)),
    ]


def _ago(clock: float, then: float | None) -> str:
    return "not yet" if then is None else ago(clock - then)
