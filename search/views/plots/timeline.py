"""Who worked when: each worker a row, each cohort a bar in its stage's colour."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from search.ledger.records import Stint
from search.runtime.formatting import duration, plural
from search.views.plots import standing
from search.views.plots.colouring import stage_colours
from search.views.plots.data import SearchData
from search.views.plots.labels import short
from search.views.plots.plot import Plot, Table, drawn, escape, nothing
from search.views.plots.runs import time_unit

KEY, TITLE = "timeline", "Workers and their cohorts"

MOST = 40  # workers that have a row of their own; the last to begin
MANY = 300  # cohorts; beyond, bars that nearly touch are one
_APART = 1 / 400  # of the whole time


def timeline(data: SearchData) -> Plot:
    """Bars from when a cohort was claimed to when it was handed in, released or lost.

    Of more than 40 workers those are shown that began last.
    """
    if not data.stints:
        return nothing(KEY, TITLE, standing.absent(data))
    began = data.search.created_at
    ends = np.array([data.time if s.finished_at is None else s.finished_at for s in data.stints])
    unit, seconds = time_unit(ends - began)
    near = _APART * float(ends.max() - began) if len(data.stints) > MANY else -1.0
    workers = list(dict.fromkeys(one.worker for one in data.stints))
    shown = workers[-MOST:]
    colours, figure = stage_colours(data), go.Figure()
    for stage in data.stages:
        name = stage.step.name
        held = [one for one in data.stints if one.stage == name and one.worker in shown]
        mine = bars(held, data.time, near)
        x: list[float | None] = []
        rows: list[str | None] = []
        texts: list[str] = []
        for one in mine:
            first, last = one.start - began, one.end - began
            said = f"<b>{escape(one.said)}</b><br>{duration(last - first)}"
            x += [round(first / seconds, 4), round(last / seconds, 4), None]
            rows += [short(one.worker), short(one.worker), None]
            texts += [said, said, ""]
        if mine:
            figure.add_trace(
                go.Scatter(
                    x=x,
                    y=rows,
                    mode="lines+markers",
                    line={"color": colours[name], "width": 9},
                    marker={"size": 4, "color": colours[name]},
                    hovertext=texts,
                    hoverinfo="text",
                    name=short(name),
                    showlegend=True,
                )
            )
    figure.update_layout(
        xaxis={"title": {"text": f"time since the search was recorded ({unit})"}},
        yaxis={"type": "category", "autorange": "reversed", "ticks": ""},
        hovermode="closest",
    )
    said = f"{plural(len(data.stints), 'claim')} of cohorts by {plural(len(workers), 'worker')}"
    if len(workers) > MOST:
        said += f", the last {MOST} of which are shown"
    caption = f"{said}: each bar reaches from a claim to its end; between bars nobody trained."
    table = Table(
        ("worker", "stage", "lowest trial", "highest trial", f"from ({unit})", f"to ({unit})"),
        [
            (
                one.worker,
                one.stage,
                *one.numbers,
                (one.claimed_at - began) / seconds,
                None if one.finished_at is None else (one.finished_at - began) / seconds,
            )
            for one in data.stints
        ],
    )
    return drawn(KEY, TITLE, caption, figure, table)


@dataclass(frozen=True)
class Bar:
    """A worker's time with a cohort, or with some that follow each other closely."""

    worker: str
    start: float
    end: float
    said: str


def bars(stints: Sequence[Stint], clock: float, near: float) -> list[Bar]:
    """The bars of one stage, worker by worker.

    Args:
        stints: Of that stage, in the order of their claims.
        clock: Where those end that have not ended.
        near: Gaps of at most so many seconds are left out.
    """
    found: dict[str, list[Bar]] = {}
    for one in stints:
        end = clock if one.finished_at is None else one.finished_at
        low, high = one.numbers
        said = f"{one.stage} #{low}" if low == high else f"{one.stage} #{low} to #{high}"
        mine = found.setdefault(one.worker, [])
        if mine and one.claimed_at - mine[-1].end <= near:
            last = mine.pop()
            first = last.said.removesuffix(" and more")
            mine.append(Bar(one.worker, last.start, end, f"{first} and more"))
        else:
            mine.append(Bar(one.worker, one.claimed_at, end, said))
    return [bar for of_worker in found.values() for bar in of_worker]
