"""The page of one search: how it stands, its plots, its stages, its best trials, its record."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from search.objective.data_card import DataCard
from search.runtime.formatting import ago, duration, parameters
from search.space.space import Interval
from search.views.dashboard.pages import address, parts
from search.views.plots.catalogue import entries
from search.views.plots.data import SearchData
from search.views.plots.standing import stage_value
from search.views.plots.zoom import usual_first
from search.views.reading.digest import top
from search.views.reading.overview import Overview, tiles
from search.views.reading.recorded import recorded
from search.views.reading.spread import value_text
from search.views.terminal.card_rows import CLASS_COLUMNS, card_rows, class_rows


def page(data: SearchData, one: Overview, text: str) -> Component:
    """The page with the places of its plots, which callbacks fill.

    Args:
        data: The search.
        one: How it stands.
        text: Its study file, as it was read.
    """
    name, listed, card = data.name, entries(data.objective), data.search.data
    cards = [
        parts.plot_card(
            entry.key, entry.title, address.of_data(name, entry.key), _controls(entry.key, data)
        )
        for entry in listed
    ]
    return html.Div(
        [
            html.H1(name),
            html.P(data.search.study.description, className="quiet"),
            html.Div(standing(one), id="standing"),
            html.Nav([html.A(e.title, href=f"#{e.key}") for e in listed], className="contents"),
            html.Div(stages(data), id="stage-table"),
            html.Div(cards, className="cards"),
            html.Div([html.Div(best(data), id="best-trials"), _find_trial(data)], className="card"),
            *([known(card)] if card.rows is not None else []),
            parts.details("The study file as it was read", text),
            parts.details("Where and with what it was begun", "\n".join(recorded(data.search))),
        ]
    )


def standing(one: Overview) -> Component:
    """The tiles at the top of the page."""
    shown = [
        *tiles(one),
        ("Workers", str(one.workers), _who(one)),
        _time(one),
    ]
    return html.Div([parts.tiles(shown), parts.progress(one.progress, f"progress of {one.name}")])


def stages(data: SearchData) -> Component:
    """The stages, with why their boxes moved."""
    rows = [
        [
            f"{stage.step.number} {stage.step.name}",
            stage.state,
            f"{stage.finished:,} of {stage.trials:,}",
            _ended_badly(stage.pruned, stage.diverged, stage.failed),
            stage_value(data, stage),
            html.Span(stage.explanation or "not planned yet", className="explanation"),
        ]
        for stage in data.stages
    ]
    named = ("stage", "state", "trials", "cut short", "best value", "its box, and why")
    return parts.wide_table(named, rows, "Stages")


def known(card: DataCard) -> Component:
    """What is known of the data."""
    tables = [parts.named_rows(card_rows(card), "Data")]
    if card.classes:
        tables.append(parts.numbers(CLASS_COLUMNS, class_rows(card), "Classes"))
    return html.Div(tables, className="card", id="data-card")


def best(data: SearchData) -> Component:
    """The best trials."""
    rows = [
        [
            dcc.Link(
                f"{trial.stage} #{trial.number}",
                href=address.of_trial(data.name, trial.stage, trial.number),
            ),
            value_text(data.objective, trial.value, data.curves.get(trial.id, ())),
            parameters(trial.parameters),
        ]
        for trial in top(data)
    ]
    named = ("trial", data.score.words, "parameters")
    return parts.table(named, rows, "Best trials")


def _find_trial(data: SearchData) -> Component:
    """A way to every other trial."""
    names = [stage.step.name for stage in data.stages]
    first = address.of_trial(data.name, names[0], 0)
    return html.Div(
        [
            html.Label(["Stage", dcc.Dropdown(names, names[0], id="go-stage", clearable=False)]),
            html.Label(
                [
                    "Trial",
                    dcc.Input(0, type="number", min=0, step=1, id="go-number"),
                ]
            ),
            dcc.Link(
                "Show it",
                href=first,
                id="go",
                className="take",
            ),
        ],
        className="controls",
    )


def _controls(key: str, data: SearchData) -> Sequence[Component]:
    if key == "zoom":
        names = usual_first(data.objective, _numbers(data))
        if len(names) < 2:
            return ()
        first, second, *_ = names
        return [
            _choice("across", names, first, parts.option(key, "first")),
            _choice("up", [*names, "value"], second, parts.option(key, "second")),
        ]
    if key.startswith("curves-"):
        asked = dcc.Input(
            id=parts.option(key, "second"),
            type="text",
            value="",
            debounce=True,
            placeholder="coarse 3, fine 12",
        )
        return [html.Label(["also these trials", asked]), parts.unchosen(key, "first")]
    return ()


def _choice(label: str, options: Sequence[str], value: str, key: dict[str, str]) -> Component:
    return html.Label([label, dcc.Dropdown(list(options), value, id=key, clearable=False)])


def _numbers(data: SearchData) -> list[str]:
    """The hyperparameters with a range of numbers that any stage searches."""
    names: dict[str, None] = {}
    for stage in data.search.study.stages:  # whose first one says what is searched
        for box in stage.boxes:
            found = box.ranges.items()
            names |= {name: None for name, extent in found if isinstance(extent, Interval)}
    return list(names)


def _who(one: Overview) -> str:
    if one.workers:
        return "at work, or waiting for work"
    if one.state == "waiting":
        return f"klayer worker {one.name} is one"
    if one.state in ("stopped", "failed"):
        return f"klayer run {one.name} goes on"
    return "none is needed"


def _time(one: Overview) -> tuple[str, str, str]:
    if one.state == "finished":
        return "Took", duration(one.age), "from its record to its last trial"
    begun = f"begun {ago(one.age)}"
    if one.left is None:
        return "Time left", "–", f"nobody works on it; {begun}" if not one.workers else begun
    return "Time left", duration(one.left), f"at the pace of the last minutes; {begun}"


def _ended_badly(pruned: int, diverged: int, failed: int) -> str:
    said = [
        f"{count:,} {word}"
        for count, word in ((pruned, "pruned"), (diverged, "diverged"), (failed, "failed"))
        if count
    ]
    return ", ".join(said) or "–"
