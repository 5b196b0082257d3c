"""The table of all trials of a search: sorted, filtered and searched in the browser.

What a reader has chosen stands in the address (`assets/table.js`), so that a link shows the same.
"""

from typing import Any

import dash_ag_grid
from dash import dcc, html
from dash.development.base_component import Component

from search.ledger.records import RecordedTrial
from search.plan.plan import FINAL
from search.runtime.formatting import plural_of
from search.views.dashboard.pages import address, parts
from search.views.dashboard.pages.drawing import MOST_CHOSEN
from search.views.plots.data import SearchData
from search.views.plots.labels import link

GRID = "grid"
HEIGHT = "560px"
MOST_OPTIONS = 24  # of a choice that one filter may name
HINT = (
    f"Tick up to {MOST_CHOSEN} trials to pin them: every plot that shows trials one by one lights "
    "them, and the address keeps them, with the order and the filters of the table."
)


def table(data: SearchData) -> Component:
    """The table without its rows, which a callback brings, with a field to search it."""
    # Like the address, what may be searched for is somebody's text; the grid takes it as such.
    field = dcc.Input(id="grid-search", type="search", value="", placeholder="coarse #3, relu, …")
    grid = dash_ag_grid.AgGrid(
        id=GRID,
        columnDefs=columns(data),
        rowData=[],
        getRowId="params.data.id",
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "filter": True,
            "filterParams": {"inRangeInclusive": True, "maxNumConditions": MOST_OPTIONS},
            "minWidth": 90,
        },
        columnSize="autoSize",
        dashGridOptions={
            "animateRows": False,
            "suppressFieldDotNotation": True,
            "tooltipShowDelay": 200,
            "enableCellTextSelection": True,
            "rowSelection": {"mode": "multiRow", "checkboxes": True, "headerCheckbox": False},
            "selectionColumnDef": {"headerName": "pin", "width": 70, "sortable": True},
        },
        style={"height": HEIGHT, "width": "100%"},
    )
    card = html.Div(
        [
            html.Div(html.Label(["Search the trials", field]), className="controls"),
            html.P(HINT, className="quiet"),
            parts.aria(html.Div(grid, role="region"), label="All trials"),
        ],
        className="card",
        id="all-trials",
    )
    setattr(card, "data-most", MOST_CHOSEN)
    return card


def columns(data: SearchData) -> list[dict[str, Any]]:
    """What the grid is told of its columns; names of others are never taken for paths."""
    score, objective = data.score, data.objective
    plain = {"filter": "agNumberColumnFilter", "type": "rightAligned"}
    number = plain | _written(".4~g")
    values = plain | _written(".4~g" if score.decimals is None else f".{score.decimals}f")
    shown = [
        {"field": "trial", "headerName": "trial", "cellRenderer": "TrialLink", "pinned": "left"},
        {"field": "stage", "headerName": "stage"},
        {"field": "state", "headerName": "state"},
        {"field": "value", "headerName": score.heading, **values},
    ]
    shown += [
        {"field": f"p:{name}", "headerName": name, **(number if is_number else {})}
        for name, is_number in _parameters(data).items()
    ]
    step = objective.step
    return [
        *shown,
        {"field": "steps", "headerName": plural_of(step), **plain},
        {"field": "ended", "headerName": "finished after (s)", **plain},
        {"field": "seed", "headerName": "seed"},
        {"field": "reason", "headerName": "why it has no value", "tooltipField": "reason"},
    ]


def _written(form: str) -> dict[str, Any]:
    """How numbers are written, by d3's rules; tiny ones with a power, and large ones whole."""
    cases = (
        ("params.value == null", "''"),
        ("params.value > 0 && params.value < 0.001", "d3.format('.3~e')(params.value)"),
        ("params.value >= 10000", "d3.format(',.0f')(params.value)"),
    )
    written = f"d3.format('{form}')(params.value)"
    chosen = " : ".join(f"{case} ? {text}" for case, text in cases)
    return {"valueFormatter": {"function": f"{chosen} : {written}"}}


def rows(data: SearchData) -> list[dict[str, Any]]:
    """All trials; their numbers in the unit that people read."""
    steps = {stage.step.name: stage.steps_each for stage in data.stages}
    return [_row(data, trial, steps.get(trial.stage, 0)) for trial in data.trials]


def _row(data: SearchData, trial: RecordedTrial, steps: int) -> dict[str, Any]:
    score = data.objective.evaluation if trial.stage == FINAL else None
    value = None if trial.value is None else (score or data.score).shown(trial.value)
    ended = None if trial.finished_at is None else trial.finished_at - data.search.created_at
    return {
        "id": link(trial),
        "trial": f"{trial.stage} #{trial.number}",
        "link": address.of_trial(data.name, trial.stage, trial.number),
        "stage": trial.stage,
        "state": trial.state,
        "value": None if value is None else float(f"{value:.6g}"),
        **{f"p:{name}": _short(one) for name, one in trial.parameters.items()},
        "steps": trial.pruned_after or (steps if trial.state == "complete" else None),
        "ended": None if ended is None else round(ended, 1),
        "seed": str(trial.seed),  # larger than what a browser counts exactly
        "reason": trial.reason or "",
    }


def _short(value: object) -> object:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _parameters(data: SearchData) -> dict[str, bool]:
    """All hyperparameters of its trials, and whether all their values are numbers."""
    found: dict[str, bool] = {}
    for trial in data.trials:
        for name, value in trial.parameters.items():
            is_number = not isinstance(value, str | bool)
            found[name] = found.get(name, True) and is_number
    for stage in data.search.study.stages:
        for box in stage.boxes:
            found |= {name: True for name in box.ranges if name not in found}
    return found
