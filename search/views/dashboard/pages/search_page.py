"""The page of one search: how it stands, its plots, its stages, its best trials, its record."""

from collections.abc import Sequence
from dataclasses import dataclass

from dash import dcc, html
from dash.development.base_component import Component

from search.ledger.records import StageState, Training
from search.objective.data_card import DataCard
from search.runtime.formatting import ago, duration, parameters
from search.space.space import Interval
from search.views.dashboard.pages import address, drawing, parts, trials_grid
from search.views.plots import parallel
from search.views.plots.catalogue import entries
from search.views.plots.data import SearchData
from search.views.plots.runs import views
from search.views.plots.smoothing import NONE, WEIGHTS
from search.views.plots.standing import stage_value
from search.views.plots.zoom import usual_first
from search.views.reading.digest import top
from search.views.reading.overview import Overview, tiles
from search.views.reading.recorded import recorded
from search.views.reading.spread import value_text
from search.views.terminal.card_rows import CLASS_COLUMNS, card_rows, class_rows

MOST_AT_ONCE = 12  # trials that are trained now, of which there may be thousands

TABS = {
    "overview": "Overview",
    "trials": "Trials",
    "curves": "Curves",
    "final": "Final",
    "record": "Record",
}


@dataclass(frozen=True)
class Told:
    """What is said of a search beside how it stands.

    Attributes:
        verdict: Three questions on it, with their answers.
        training: The trials that workers hold.
        where: What commands need to find the database, such as " --storage URL".
    """

    verdict: Sequence[tuple[str, str]]
    training: Sequence[Training]
    where: str


def page(data: SearchData, one: Overview, told: Told, text: str) -> Component:
    """The page with the places of its plots, which callbacks fill; one of its tabs is in sight.

    Args:
        data: The search.
        one: How it stands.
        told: What is said of it, and what is trained now.
        text: Its study file, as it was read.
    """
    card = data.search.data
    panels = {
        "overview": [
            html.Div(standing(data, one, told), id="standing"),
            _cards(data, "overview"),  # whose first picture is to be in sight at once
            html.Div(stages(data), id="stage-table"),
        ],
        "trials": [
            trials_grid.table(data),
            _cards(data, "trials"),
        ],
        "curves": [_cards(data, "curves")],
        "final": [
            html.Div(html.Div(best(data), id="best-trials"), className="card"),
            _cards(data, "final"),
        ],
        "record": [
            *([known(card)] if card.rows is not None else []),
            parts.details("The study file as it was read", text, is_open=True),
            parts.details("Where and with what it was begun", "\n".join(recorded(data.search))),
        ],
    }
    ways = [_tab(key, title) for key, title in TABS.items()]
    return html.Div(
        [
            html.H1(data.name),
            html.P(data.search.study.description, className="quiet"),
            parts.aria(html.Div(ways, role="tablist", className="tabs"), label="Of this search"),
            html.Div(id="pinned", className="controls"),
            dcc.Store(id="shown", data=shown(data)),
            *(
                parts.aria(
                    html.Div(
                        children, id=f"panel-{key}", role="tabpanel", hidden=key != "overview"
                    ),
                    labelledby=f"tab-{key}",
                )
                for key, children in panels.items()
            ),
        ]
    )


def _tab(key: str, title: str) -> Component:
    way = html.A(title, href=f"#{key}", role="tab", id=f"tab-{key}")
    return parts.aria(way, selected=str(key == "overview").lower(), controls=f"panel-{key}")


def shown(data: SearchData) -> list[str]:
    """The plots that have something to show; assets/klayer.js hides the places of others."""
    return [entry.key for entry in entries(data.objective) if entry.shows(data)]


def _cards(data: SearchData, tab: str) -> Component:
    listed = [entry for entry in entries(data.objective) if entry.tab == tab]
    cards = [
        parts.plot_card(
            entry.key,
            entry.title,
            address.of_data(data.name, entry.key),
            _controls(entry.key, data),
            hidden=not entry.shows(data),
            lit=drawing.is_lit(entry.key),
        )
        for entry in listed
    ]
    return html.Div(cards, className="cards")


def standing(data: SearchData, one: Overview, told: Told) -> Component:
    """What stands first: tiles, three questions with their answers, and what is trained now."""
    tiled = [
        *tiles(one),
        ("Workers", str(one.workers), _who(one, told.where)),
        _time(one),
    ]
    rows: list[tuple[str, Sequence[Component | str]]] = []
    if one.best is not None:
        best = one.best
        link = dcc.Link(
            f"{best.stage} #{best.number}",
            href=address.of_trial(data.name, best.stage, best.number),
        )
        value = value_text(data.objective, best.value, ())
        said = f", single {value} at {parameters(best.parameters)}"
        rows.append(("What is best", [link, *parts.unbroken(said)]))
    rows += [(question, parts.unbroken(answer)) for question, answer in told.verdict]
    return html.Div(
        [
            parts.tiles(tiled),
            parts.progress(one.progress, f"progress of {one.name}"),
            parts.named_rows(rows, "What it has come to"),
            *_trained_now(data, told),
        ]
    )


def _trained_now(data: SearchData, told: Told) -> list[Component]:
    """The trials that workers hold, the first of them where there are very many."""
    if not told.training:
        return []
    heads = ("trial", data.objective.step, data.score.words, "worker", "for")
    rows = [
        [
            dcc.Link(
                f"{one.stage} #{one.number}",
                href=address.of_trial(data.name, one.stage, one.number),
            ),
            parts.progress(one.step / one.steps, f"progress of {one.stage} #{one.number}", done)
            if one.steps
            else done,
            data.score.text(one.score),
            one.worker,
            duration(data.time - one.claimed_at),
        ]
        for one in told.training[:MOST_AT_ONCE]
        for done in [f"{one.step} of {one.steps:g}" if one.steps else str(one.step)]
    ]
    more = len(told.training) - MOST_AT_ONCE
    caption = "Trained now" + (f", and {more} more" if more > 0 else "")
    return [parts.wide_table(heads, rows, caption)]


def stages(data: SearchData) -> Component:
    """The stages, with why their boxes moved."""
    rows = [
        [
            f"{stage.step.number} {stage.step.name}",
            stage.state,
            f"{stage.finished:,} of {stage.trials:,}",
            _ended_badly(stage),
            stage_value(data, stage),
            html.Span(
                parts.unbroken(stage.explanation or "not planned yet"), className="explanation"
            ),
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
    return parts.wide_table(named, rows, "Best trials")


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
        smoothing = _choice("smoothing", list(WEIGHTS), NONE, parts.option(key, "first"))
        return [smoothing, html.Label(["also these trials", asked])]
    if key in drawing.BESTS and len(best_views := views(data.score)) > 1:
        chosen = _choice("values", best_views, best_views[0], parts.option(key, "first"))
        return [chosen, parts.unchosen(key, "second")]
    if key == parallel.KEY:
        how = (
            "Draw a box over one axis or several: the table of trials is filtered by it. "
            "A double click beside the lines takes it away."
        )
        unasked = [parts.unchosen(key, place) for place in ("first", "second")]
        return [html.P(how, className="quiet"), *unasked]
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


def _who(one: Overview, where: str) -> str:
    if one.workers:
        return "at work, or waiting for work"
    if one.state == "waiting":
        return f"klayer worker {one.name}{where} is one"
    if one.state == "stopped":
        return f"klayer run {one.name}{where} goes on"
    return "none is needed" if one.state == "finished" else "none can go on with it"


def _time(one: Overview) -> tuple[str, str, str]:
    if one.state == "finished":
        return "Took", duration(one.age), "from its record to its last trial"
    begun = f"begun {ago(one.age)}"
    if one.left is None:
        return "Time left", "–", f"nobody works on it; {begun}" if not one.workers else begun
    return "Time left", duration(one.left), f"at the pace of the last minutes; {begun}"


def _ended_badly(stage: StageState) -> str:
    counts = {
        "pruned": stage.pruned,
        "diverged": stage.diverged,
        "failed": stage.failed,
        "never trained": stage.skipped,
    }
    said = [f"{count:,} {word}" for word, count in counts.items() if count]
    return ", ".join(said) or "–"
