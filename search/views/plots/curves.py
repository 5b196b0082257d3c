"""Learning curves: the trials that are shown, over the spread of all trials of their stages."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from search.ledger.records import RecordedTrial
from search.objective.metric import Metric
from search.objective.port import Objective
from search.runtime.formatting import plural, shortened
from search.views.plots import standing
from search.views.plots.colouring import faint, stage_colours
from search.views.plots.data import Need, SearchData
from search.views.plots.groups import Group, group_named, part_of
from search.views.plots.labels import link, named, short
from search.views.plots.plot import Plot, Table, drawn, escape, nothing
from search.views.plots.smoothing import smoothed
from search.views.plots.theme import COLOURS, FADED, MARKERS
from search.views.plots.told import tell, text
from search.views.plots.values import ValueScale

MOST = 40  # trials that are drawn, of each kind
FEW = 6  # trials, up to which each has a colour and a name in the legend
_LIVE = "longdash"


def curves(
    data: SearchData,
    name: str,
    chosen: Sequence[int] = (),
    unknown: Sequence[str] = (),
    smoothing: float = 0.0,
) -> Plot:
    """The metrics of one group, in the colour of the trial's stage; all but the last part dashed.

    Chosen and pinned trials are wider, in colours that no stage has, and named; so are all where
    few are shown. Trials that are trained now are long-dashed, those that halving dropped grey.
    Behind the score each stage's trials lie: the middle 80 % as a band, their median.

    Args:
        data: The search; its `curves` are drawn.
        name: Of the group of metrics.
        chosen: Trials to bring out, by their id.
        unknown: What was asked for besides and is no trial; the caption says so.
        smoothing: The weight of `smoothing.smoothed`; curves as they are lie faint behind then.

    Raises:
        KlayerError: There is no such group.
    """
    group, step = group_named(data.objective, name), data.objective.step
    chosen = list(dict.fromkeys([*data.pinned, *chosen]))
    key, title = group.key(), group.heading(step)
    shown, dropped, left_out = _shown(data, chosen)
    bands = _bands(data) if _has_bands(data.objective, name) else []
    if not (shown or dropped or bands):
        return nothing(key, title, standing.absent(data) + _missing(data, chosen, unknown))
    figure = go.Figure([*bands, *_grey(data, dropped, group)])
    for trace in _coloured(data, shown, chosen, group, smoothing):
        figure.add_trace(trace)
    ends = [data.curves[trial.id][-1].step for trial in (*shown, *dropped)]
    ends += [len(data.bands[name].counts) for name in data.bands if bands]
    figure.update_layout(**group.layout(step, max(ends)))
    caption = _caption(data, group, shown, dropped, left_out, chosen)
    if smoothing:
        caption += f" Smoothed by an exponential mean of weight {smoothing:g}, each over itself."
    caption += _missing(data, chosen, unknown)
    return drawn(key, title, caption, tell(figure, data), _table(data, [*shown, *dropped], group))


def needs_of(objective: Objective, name: str) -> frozenset[Need]:
    """What takes long to read that the plot of that group is drawn from."""
    return frozenset(["curves", "bands"]) if _has_bands(objective, name) else frozenset(["curves"])


def _has_bands(objective: Objective, name: str) -> bool:
    """Whether it is the group of the score, whose spread is counted."""
    return objective.score.shared == name


def _shown(
    data: SearchData, chosen: Sequence[int]
) -> tuple[list[RecordedTrial], list[RecordedTrial], int]:
    """Whose curves are drawn: the best first, those trained now, the chosen last.

    Then those dropped, and how many are left out.
    """
    mine = [trial for trial in standing.searched(data) if data.curves.get(trial.id)]
    others = [trial for trial in data.trials if trial.id in chosen and trial not in mine]
    picked = [trial for trial in mine if trial.id in chosen]
    picked += [trial for trial in others if data.curves.get(trial.id)]
    rest = [trial for trial in mine if trial.id not in chosen]
    dropped = [trial for trial in rest if trial.state == "pruned"]
    live = [trial for trial in rest if trial.state == "running"]
    whole = [trial for trial in rest if trial.state not in ("pruned", "running")]
    whole.sort(key=lambda one: data.ranking.cost(one.value))
    left_out = max(len(whole) - MOST, 0) + max(len(dropped) - MOST, 0)
    left_out += max(len(live) - MOST, 0) + max(len(picked) - MOST, 0)
    return [*whole[:MOST], *live[:MOST], *picked[:MOST]], dropped[:MOST], left_out


def _bands(data: SearchData) -> list[go.Scatter]:
    colours, traces = stage_colours(data), []
    scale = ValueScale(data.score)
    for stage in data.searched():
        band = data.bands.get(stage.step.name)
        if band is None or not band.counts.sum():
            continue
        name, colour = short(stage.step.name), colours[stage.step.name]
        low, middle, high = (scale.metric.factor * band.quantiles((0.1, 0.5, 0.9))).astype(
            np.float32
        )
        steps = np.arange(1, len(low) + 1, dtype=np.int32)
        known = np.isfinite(low)
        traces.append(
            go.Scatter(
                x=np.concatenate([steps[known], steps[known][::-1]]),
                y=np.concatenate([high[known], low[known][::-1]]),
                mode="lines",
                line={"width": 0},
                fill="toself",
                fillcolor=faint(colour, 0.16),
                hoverinfo="skip",
                name=name,
                legendgroup=name,
                showlegend=False,
            )
        )
        traces.append(
            go.Scatter(
                x=steps,
                y=middle,
                mode="lines",
                line={"color": colour, "width": 2, "dash": "dot"},
                customdata=np.stack([low, high], 1),
                hovertemplate=f"<b>{name}</b>, all trials, {escape(data.objective.step)} %{{x}}<br>"
                f"median {scale.hover('y')}<br>80 % of them {scale.hover('customdata[0]')} to "
                f"{scale.hover('customdata[1]')}<extra></extra>",
                name=name,
                legendgroup=name,
            )
        )
    return traces


def _grey(data: SearchData, dropped: Sequence[RecordedTrial], group: Group) -> list[go.Scatter]:
    """The last metric of all dropped trials as one trace, with gaps between them."""
    if not dropped:
        return []
    xs, ys, ids = [], [], []
    for trial in dropped:
        x, y = group.line(data.curves[trial.id], group.metrics[-1])
        xs += [*x.tolist(), None]
        ys += [*y.tolist(), None]
        ids += [link(trial)] * (len(x) + 1)
    return [
        go.Scatter(
            x=xs,
            y=np.array([np.nan if y is None else y for y in ys], np.float32),
            mode="lines",
            line={"color": FADED, "width": 1},
            opacity=0.6,
            ids=ids,
            hovertemplate=f"%{{hovertext}}<br>{_at(data, group.metrics[-1])}<extra></extra>",
            name="dropped early",
        )
    ]


def _coloured(
    data: SearchData,
    shown: Sequence[RecordedTrial],
    chosen: Sequence[int],
    group: Group,
    smoothing: float,
) -> list[go.Scatter]:
    colours, traces, named_stages = stage_colours(data), [], set()
    taken = {colours[stage.step.name] for stage in data.searched()}
    free = [colour for colour in COLOURS if colour not in taken] or list(COLOURS)
    banded = _has_bands(data.objective, group.name)
    others = [trial.id for trial in shown if trial.id not in chosen]
    own = [*chosen, *(others if len(shown) <= FEW else ())]
    for trial in shown:
        mine = trial.id in own
        use, place = divmod(own.index(trial.id), len(free)) if mine else (0, 0)
        colour = free[place] if mine else colours.get(trial.stage, FADED)
        marker = MARKERS[use % len(MARKERS)]
        name = short(named(trial) if mine else trial.stage)
        # A stage that has a band is in the legend already.
        fresh = mine or (trial.stage not in named_stages and not banded)
        fresh = fresh or (trial.stage not in named_stages and trial.stage not in data.bands)
        named_stages.add(trial.stage)
        for metric, dash in group.dashes():
            x, y = group.line(data.curves[trial.id], metric)
            last = dash == "solid"
            line = go.Scatter(
                x=x,
                y=smoothed(y, smoothing, log=group.log) if smoothing else y,
                mode="lines+markers" if marker or len(x) == 1 else "lines",
                marker={"symbol": marker or "circle", "size": 7, "maxdisplayed": 12},
                line={
                    "color": colour,
                    "width": 3.5 if trial.id in chosen else 1.8 if mine else 1.2,
                    "dash": _LIVE if last and trial.state == "running" else dash,
                },
                hovertemplate=f"{text(data, trial)}<br>{escape(part_of(metric))}, "
                f"{_at(data, metric)}{', smoothed' if smoothing else ''}<extra></extra>",
                meta=link(trial),
                name=name,
                legendgroup=name,
                showlegend=bool(fresh and last),
            )
            traces += [*([_behind(line, y)] if smoothing else []), line]
    return traces


def _behind(line: go.Scatter, y: np.ndarray) -> go.Scatter:
    """A curve as it is, behind the smoothed one."""
    raw = go.Scatter(line).update(y=y, opacity=0.3, showlegend=False, line={"width": 1})
    return raw.update(mode="lines", hovertemplate=None, hoverinfo="skip")


def _at(data: SearchData, metric: Metric) -> str:
    """Where a point of a curve stands, in a hover text."""
    return f"{escape(data.objective.step)} %{{x}}: {ValueScale(metric).hover('y')}"


def _caption(
    data: SearchData,
    group: Group,
    shown: Sequence[RecordedTrial],
    dropped: Sequence[RecordedTrial],
    left_out: int,
    chosen: Sequence[int],
) -> str:
    unasked = [trial for trial in shown if trial.id not in chosen]
    live = sum(trial.state == "running" for trial in unasked)
    best = len(unasked) - live
    valued = len(standing.complete(standing.searched(data)))
    of = f"the best {best} of {valued:,} trials" if valued > best else plural(best, "trial")
    parts = [of] if best or not live else []
    parts += [f"{plural(live, 'trial')} in training, long-dashed"] if live else []
    said = f"{group.legend()} of {' and of '.join(parts)}"
    picked = [named(trial) for trial in shown if trial.id in chosen]
    said += f", chosen {', '.join(picked)} wider" if picked else ""
    if dropped:
        every = sum(trial.state == "pruned" for trial in standing.searched(data))
        some = f"{len(dropped)} of the {every:,}" if every > len(dropped) else f"{every}"
        said += f"; {some} that halving dropped in grey"
    said += f"; {left_out} more are left out" if left_out else ""
    if _has_bands(data.objective, group.name) and data.bands:
        said += ". Behind them the middle 80 % of each stage's trials, with their median dotted"
    return said + "."


def _missing(data: SearchData, chosen: Sequence[int], unknown: Sequence[str]) -> str:
    """Which of the trials that were asked for are not drawn, and why."""
    bare = [one for one in data.trials if one.id in chosen and not data.curves.get(one.id)]
    said = [f"{named(trial)} has no curve yet" for trial in bare]
    said += [f"{shortened(one)} is no trial of this search" for one in unknown]
    return "".join(f" {one}." for one in said)


def _table(data: SearchData, trials: Sequence[RecordedTrial], group: Group) -> Table:
    columns = ("stage", "trial", data.objective.step, *group.columns())
    rows: list[tuple[Any, ...]] = []
    for trial in trials:
        lines = [group.line(data.curves[trial.id], metric) for metric in group.metrics]
        for place, step in enumerate(lines[0][0]):
            values = [float(y[place]) for _, y in lines]
            known = [value if np.isfinite(value) else None for value in values]
            rows.append((trial.stage, trial.number, int(step), *known))
    return Table(columns, rows)
