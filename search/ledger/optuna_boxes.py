"""The path of a search's boxes as a figure, which a plain optuna-dashboard shows with each stage.

In the form of its custom plots (optuna_dashboard/_custom_plot_data.py): Plotly's JSON in system
attributes of the study. It is written when a stage is planned, without Plotly, which takes a second
to import, and without trials, so that it is small: at most `STAGES` stages of `BOXES` boxes each.
`klayer dashboard` shows the zoom in its place, which has the trials too.
"""

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from search.ledger import optuna_rows
from search.ledger.optuna_tables import system_attributes
from search.ledger.tables import stages

KEY = "dashboard:plot_data:klayer-zoom:0"
STAGES, BOXES, LETTERS = 12, 20, 600
_LOG = {"type": "log", "exponentformat": "power"}

Box = Mapping[str, Any]


def write(connection: Connection, stage_id: int, usual_order: Sequence[str]) -> None:
    """Write the figure of a stage that is planned into its study; nothing where there is none.

    Args:
        connection: In a transaction.
        stage_id: Which stage.
        usual_order: Of the hyperparameters that people look at first.
    """
    own = select(stages.c.search_id, stages.c.number).where(stages.c.id == stage_id).subquery()
    query = (
        select(stages)
        .join(own, (stages.c.search_id == own.c.search_id) & (stages.c.number <= own.c.number))
        .where(stages.c.kind == "search", stages.c.boxes.is_not(None))
        .order_by(stages.c.number.desc())
        .limit(STAGES)
    )
    rows = connection.execute(query).all()[::-1]
    told = [(f"{row.number} {row.name}", row.explanation or "", row.boxes) for row in rows]
    drawn = figure(told, usual_order)
    name = select(stages.c.optuna_study).where(stages.c.id == stage_id)
    study_id = optuna_rows.our_study(connection, connection.scalar(name) or "")
    if drawn is not None and study_id is not None:
        said = {"study_id": study_id, "key": KEY, "value_json": json.dumps(drawn)}
        optuna_rows.write(connection, system_attributes, ("study_id", "key"), [said])


def figure(
    told: Sequence[tuple[str, str, Sequence[Box]]], usual_order: Sequence[str]
) -> str | None:
    """Each stage's boxes over two ranges of numbers, in Plotly's JSON; None where there are none.

    Args:
        told: Of each stage its name, why its boxes are there, and the boxes, as a study file
            writes them.
        usual_order: Of the hyperparameters that people look at first.
    """
    boxes = [box for _, _, stage in told for box in stage]
    known = dict.fromkeys(name for box in boxes for name in box if _range(box, name))
    first = [name for name in usual_order if name in known]
    names = [*first, *(name for name in known if name not in first)][:2]
    if len(names) < 2:
        return None
    traces = [_trace(name, why, stage[:BOXES], names) for name, why, stage in told]
    axes = {f"{one}axis": _axis(boxes, name) for one, name in zip("xy", names, strict=True)}
    title = {"text": "klayer: the boxes of the stages, over two hyperparameters"}
    layout = {"title": title, **axes, "hovermode": "closest", "showlegend": True}
    return json.dumps({"data": [one for one in traces if one["x"]], "layout": layout})


def _trace(name: str, why: str, boxes: Sequence[Box], names: Sequence[str]) -> dict[str, Any]:
    """The outlines of one stage's boxes, with gaps between them."""
    places: list[list[float | None]] = [[], []]
    for box in boxes:
        ends = [_range(box, one) for one in names]
        if ends[0] and ends[1]:
            (left, right), (down, up) = ends[0], ends[1]
            places[0] += [left, right, right, left, left, None]
            places[1] += [down, down, up, up, down, None]
    text = "<br>".join(_plain(line) for line in [name, *why[:LETTERS].splitlines()])
    return {
        "type": "scatter",
        "mode": "lines",
        "x": places[0],
        "y": places[1],
        "name": _plain(name),
        "text": text,
        "hoverinfo": "text",
    }


def _axis(boxes: Sequence[Box], name: str) -> dict[str, Any]:
    log = any(box[name].get("log") for box in boxes if _range(box, name))
    return {"title": {"text": _plain(name)}, **(_LOG if log else {})}


def _range(box: Box, name: str) -> tuple[float, float] | None:
    extent = box.get(name)
    if not isinstance(extent, Mapping) or not {"low", "high"} <= set(extent):
        return None
    return extent["low"], extent["high"]


def _plain(text: str) -> str:
    """A text that Plotly shows as it is: its labels take some HTML, links included."""
    return html.escape(text, quote=False)
