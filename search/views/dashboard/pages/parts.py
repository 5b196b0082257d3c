"""What pages are made of: tiles, tables, cards of plots, empty and failed states."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from search.runtime.formatting import in_pieces, share

LONGEST_UNBROKEN = 22  # letters of a cell: a number and its unit stand on one line
LONGEST_NAME = 32  # letters of a link, which would be broken at its hyphens
# States of a plot: whether it is in sight, what is to be drawn, the figure as it was sent, what is
# drawn. assets/klayer.js asks for those alone that are in sight.
PLOT_STATES = ("seen", "ask", "sent", "drawn")


def tiles(rows: Sequence[tuple[str, str, str]]) -> Component:
    """A row of tiles: what it is, its number or text, and a note about it."""
    return html.Dl(
        [
            html.Div(
                [
                    html.Dt(label),
                    html.Dd(unbroken(text)),
                    html.Dd(unbroken(note), className="quiet"),
                ],
                className="tile",
            )
            for label, text, note in rows
        ],
        className="tiles",
    )


def table(columns: Sequence[Any], rows: Sequence[Sequence[Any]], caption: str) -> Component:
    """A table that scrolls sideways within itself where the page is too narrow."""
    return _table(columns, rows, caption, "table")


def numbers(columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> Component:
    """A narrow table of names with numbers."""
    return _table(columns, rows, caption, "table numbers")


def named_rows(rows: Sequence[tuple[str, Any]], caption: str) -> Component:
    """A table of labels and texts, without a head."""
    body = [html.Tr([html.Th(label, scope="row"), html.Td(text)]) for label, text in rows]
    return _region(html.Table([html.Caption(caption), html.Tbody(body)]), "table known", caption)


def wide_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], caption: str) -> Component:
    """A table of many columns, whose rows are blocks of lines where the page is too narrow."""
    return _table(columns, rows, caption, "table fold")


def _table(
    columns: Sequence[Any], rows: Sequence[Sequence[Any]], caption: str, kind: str
) -> Component:
    heads = [html.Th(column, scope="col") if column else html.Td() for column in columns]
    head = html.Thead(html.Tr(heads))
    body = html.Tbody(
        [html.Tr([_cell(*one) for one in zip(columns, row, strict=True)]) for row in rows]
    )
    table = html.Table([html.Caption(caption), head, body])
    return _region(table, kind, caption)


def _region(table: Component, kind: str, name: str) -> Component:
    """What scrolls sideways, and so must be reached and named."""
    region = html.Div(table, className=kind, tabIndex=0, role="region")
    return aria(region, label=name)


def unbroken(text: str) -> list[Component | str]:
    """A text in which no line ends within a number, before its per cent sign, or in `--option`."""
    pieces = in_pieces(text.replace(" %", "\u00a0%"))
    return [
        html.Span(piece, className="whole") if place % 2 else piece
        for place, piece in enumerate(pieces)
        if piece
    ]


def _cell(column: object, content: Any) -> Component:
    """A cell that knows the name of its column, which narrow screens show beside it."""
    name = content.children if isinstance(content, dcc.Link) else None
    short = isinstance(content, str) and len(content) <= LONGEST_UNBROKEN
    short = short or (isinstance(name, str) and len(name) <= LONGEST_NAME)
    told = unbroken(content) if isinstance(content, str) and not short else content
    cell = html.Td(told, className="whole" if short else None)
    setattr(cell, "data-label", column if isinstance(column, str) else "")
    return cell


def progress(done: float, label: str, text: str | None = None) -> Component:
    """A bar that is filled so far, 0 … 1, with its share, or another text."""
    return html.Div(
        [
            aria(html.Progress(value=f"{done:.4f}", max="1"), label=label),
            html.Span(text or share(round(done, 2)), className="whole"),
        ],
        className="progress",
    )


def aria(component: Component, **names: str) -> Component:
    """A component with what those hear of it who do not see it, such as `label` or `live`."""
    for name, value in names.items():
        setattr(component, f"aria-{name}", value)
    return component


def nothing(heading: str, *what_to_do: Component | str) -> Component:
    """An empty or failed state: what there is not, and what to do."""
    return html.Div([html.H2(heading), html.P(list(what_to_do))], className="nothing")


def plot_card(
    key: str,
    title: str,
    data: str,
    controls: Sequence[Component] = (),
    *,
    hidden: bool = False,
    lit: bool = False,
) -> Component:
    """The place of a plot, that a callback fills, with ways to take it away.

    Args:
        key: The plot's.
        title: Its heading.
        data: Where its data are, as CSV.
        controls: What a reader may choose; two options, or none.
        hidden: Whether it has nothing to show yet.
        lit: Whether it lights the trials that are pinned.
    """
    heading = f"heading-{key}"
    unasked = [unchosen(key, place) for place in ("first", "second")]
    card = html.Section(
        [
            *(dcc.Store(id={"type": state, "key": key}) for state in PLOT_STATES),
            html.H2(title, id=heading),
            html.Div(list(controls), className="controls") if controls else html.Div(unasked),
            html.Div(id={"type": "frame", "key": key}, className="plot-frame waiting"),
            html.P(id={"type": "caption", "key": key}, className="quiet caption"),
            html.P(
                [
                    aria(
                        html.A("CSV", href=data, id={"type": "csv", "key": key}, className="take"),
                        label=f"{title} as CSV",
                    ),
                    *(
                        aria(
                            html.Button(
                                form.upper(), id={"type": form, "key": key}, className="take"
                            ),
                            label=f"{title} as {form.upper()}",
                        )
                        for form in ("svg", "png")
                    ),
                ],
                className="takes",
            ),
        ],
        className="card lit" if lit else "card",
        id=key,
        hidden=hidden,
    )
    return aria(card, labelledby=heading)


def unchosen(key: str, place: str) -> Component:
    """An option of a plot that nobody can choose, and that no keyboard reaches."""
    return html.Data(value="", id=option(key, place))


def option(key: str, place: str) -> dict[str, str]:
    """What a reader has chosen of a plot: its "first" or its "second" option."""
    return {"type": "option", "key": key, "name": place}


def details(summary: str, text: str, *, is_open: bool = False) -> Component:
    """A text as it was recorded, which can be folded."""
    written = html.Pre(text, tabIndex=0)
    return html.Details([html.Summary(summary), written], className="card", open=is_open)
