"""Learning curves: the trials that are shown, over the spread of all trials of their stages."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

from search.errors import KlayerError
from search.ledger.records import Trial
from search.objective.outcome import EpochFigures
from search.runtime.words import plural
from search.views.plots import standing
from search.views.plots.colouring import faint, stage_colours
from search.views.plots.data import Need, SearchData
from search.views.plots.labels import named, short
from search.views.plots.picture import Picture, Table, drawn, escape, nothing
from search.views.plots.theme import COLOURS, FADED

Figure = Literal["accuracy", "loss", "cost", "learning_rate"]

TITLES: dict[str, str] = {
    "accuracy": "Learning curves: accuracy",
    "loss": "Learning curves: loss",
    "cost": "Learning curves: cost",
    "learning_rate": "Learning rate over epochs",
}
UNITS = {
    "accuracy": "accuracy (%)",
    "loss": "mean loss (log)",
    "cost": "cost: mean loss + λ Σ‖W‖² (log)",
    "learning_rate": "learning rate η (log)",
}
MOST = 40  # trials that are drawn, of each kind


def curves(data: SearchData, figure: str, chosen: Sequence[int] = ()) -> Picture:
    """Training dashed and validation solid, in the colour of the trial's stage.

    Chosen trials are wider, in colours of their own, and named. Trials that halving dropped are
    grey. For the accuracy, each stage's trials lie behind: the middle 80 % as a band, their median.

    Args:
        data: The search; its `curves` are drawn.
        figure: "accuracy", "loss", "cost" or "learning_rate".
        chosen: Trials to bring out, by their id.

    Raises:
        KlayerError: There is no such figure.
    """
    checked = _checked(figure)
    key, title = key_of(checked), TITLES[checked]
    shown, dropped, left_out = _shown(data, chosen)
    bands = _bands(data) if checked == "accuracy" else []
    if not (shown or dropped or bands):
        return nothing(key, title, standing.absent(data))
    drawing = go.Figure([*bands, *_grey(data, dropped, checked)])
    for trace in _coloured(data, shown, chosen, checked):
        drawing.add_trace(trace)
    drawing.update_layout(**layout(checked))
    says = _says(data, checked, shown, dropped, left_out, chosen)
    return drawn(key, title, says, drawing, _table(data, [*shown, *dropped], checked))


def key_of(figure: str, what: str = "curves") -> str:
    """The key of the picture of that figure, such as "curves-learning-rate"."""
    return f"{what}-{figure.replace('_', '-')}"


def needs_of(figure: str) -> frozenset[Need]:
    """What takes long to read that the picture of that figure is drawn from."""
    return frozenset(["curves", "bands"]) if figure == "accuracy" else frozenset(["curves"])


def layout(figure: str) -> dict[str, Any]:
    """Axes of a figure over epochs."""
    return {
        "xaxis": {"title": {"text": "epoch"}},
        "yaxis": {
            "title": {"text": UNITS[figure]},
            **({} if figure == "accuracy" else {"type": "log"}),
        },
        "hovermode": "closest",
    }


def parts(figure: str) -> tuple[tuple[str, str, str], ...]:
    """What a figure shows of an epoch: the attribute, its name, its dash."""
    if figure == "learning_rate":
        return (("learning_rate", "learning rate", "solid"),)
    return (
        (f"train_{figure}", "training", "dash"),
        (f"validation_{figure}", "validation", "solid"),
    )


def line(epochs: Sequence[EpochFigures], attribute: str) -> tuple[np.ndarray, np.ndarray]:
    """Epochs and figures of one curve, two arrays (epochs,); accuracies in per cent.

    NaN where a log axis has no place for it.
    """
    factor = 100.0 if attribute.endswith("accuracy") else 1.0
    y = np.array([factor * getattr(epoch, attribute) for epoch in epochs], np.float32)
    if factor == 1.0:
        y = np.where(np.isfinite(y) & (y > 0), y, np.float32(np.nan))
    return np.array([epoch.epoch for epoch in epochs], np.int32), y


def _checked(figure: str) -> str:
    if figure in TITLES:
        return figure
    raise KlayerError(f"found {figure!r} as a figure of curves; give one of {', '.join(TITLES)}")


def _shown(data: SearchData, chosen: Sequence[int]) -> tuple[list[Trial], list[Trial], int]:
    """Whose curves are drawn, best first and chosen last; those dropped; how many are left out."""
    mine = [trial for trial in standing.searched(data) if data.curves.get(trial.id)]
    others = [trial for trial in data.trials if trial.id in chosen and trial not in mine]
    picked = [trial for trial in mine if trial.id in chosen]
    picked += [trial for trial in others if data.curves.get(trial.id)]
    rest = [trial for trial in mine if trial.id not in chosen]
    dropped = [trial for trial in rest if trial.state == "pruned"]
    whole = [trial for trial in rest if trial.state != "pruned"]
    whole.sort(key=lambda one: -1.0 if one.value is None else one.value, reverse=True)
    left_out = max(len(whole) - MOST, 0) + max(len(dropped) - MOST, 0)
    return [*whole[:MOST], *picked[:MOST]], dropped[:MOST], left_out


def _bands(data: SearchData) -> list[go.Scatter]:
    colours, traces = stage_colours(data), []
    for stage in data.searched():
        band = data.bands.get(stage.step.name)
        if band is None or not band.counts.sum():
            continue
        name, colour = short(stage.step.name), colours[stage.step.name]
        low, middle, high = (100 * band.quantiles((0.1, 0.5, 0.9))).astype(np.float32)
        epochs = np.arange(1, len(low) + 1, dtype=np.int32)
        known = np.isfinite(low)
        traces.append(
            go.Scatter(
                x=np.concatenate([epochs[known], epochs[known][::-1]]),
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
                x=epochs,
                y=middle,
                mode="lines",
                line={"color": colour, "width": 2, "dash": "dot"},
                customdata=np.stack([low, high], 1),
                hovertemplate=f"<b>{name}</b>, all trials, epoch %{{x}}<br>median %{{y:.1f}} %<br>"
                "80 % of them %{customdata[0]:.1f} to %{customdata[1]:.1f} %<extra></extra>",
                name=name,
                legendgroup=name,
            )
        )
    return traces


def _grey(data: SearchData, dropped: Sequence[Trial], figure: str) -> list[go.Scatter]:
    """All dropped trials' validation as one trace, with gaps between them."""
    if not dropped:
        return []
    attribute = parts(figure)[-1][0]
    xs, ys, texts = [], [], []
    for trial in dropped:
        x, y = line(data.curves[trial.id], attribute)
        xs += [*x.tolist(), None]
        ys += [*y.tolist(), None]
        texts += [escape(named(trial))] * (len(x) + 1)
    return [
        go.Scatter(
            x=xs,
            y=np.array([np.nan if y is None else y for y in ys], np.float32),
            mode="lines",
            line={"color": FADED, "width": 1},
            opacity=0.6,
            text=texts,
            hovertemplate="<b>%{text}</b>, dropped early<br>epoch %{x}: %{y:.4g}<extra></extra>",
            name="dropped early",
        )
    ]


def _coloured(
    data: SearchData, shown: Sequence[Trial], chosen: Sequence[int], figure: str
) -> list[go.Scatter]:
    colours, traces, named_stages = stage_colours(data), [], set()
    for trial in shown:
        mine = trial.id in chosen
        place = len(data.stages) + (list(chosen).index(trial.id) if mine else 0)
        colour = COLOURS[place % len(COLOURS)] if mine else colours.get(trial.stage, FADED)
        group = short(named(trial) if mine else trial.stage)
        # A stage that has a band is in the legend already.
        fresh = mine or (trial.stage not in named_stages and figure != "accuracy")
        fresh = fresh or (trial.stage not in named_stages and trial.stage not in data.bands)
        named_stages.add(trial.stage)
        for attribute, part, dash in parts(figure):
            x, y = line(data.curves[trial.id], attribute)
            traces.append(
                go.Scatter(
                    x=x,
                    y=y,
                    mode="lines",
                    line={"color": colour, "width": 3.5 if mine else 1.2, "dash": dash},
                    hovertemplate=f"<b>{escape(named(trial))}</b>, {part}<br>"
                    "epoch %{x}: %{y:.4g}<extra></extra>",
                    name=group,
                    legendgroup=group,
                    showlegend=bool(fresh and dash == "solid"),
                )
            )
    return traces


def _says(
    data: SearchData,
    figure: str,
    shown: Sequence[Trial],
    dropped: Sequence[Trial],
    left_out: int,
    chosen: Sequence[int],
) -> str:
    best = len(shown) - len([trial for trial in shown if trial.id in chosen])
    valued = len(standing.complete(standing.searched(data)))
    said = f"the best {best} of {valued:,} trials" if valued > best else plural(best, "trial")
    if figure == "learning_rate":
        said = f"η of the last step of each epoch, of {said}"
    else:
        said = f"Training (dashed) and validation (solid) of {said}"
    picked = [named(trial) for trial in shown if trial.id in chosen]
    said += f", chosen {', '.join(picked)} wider" if picked else ""
    said += f"; {len(dropped)} that halving dropped in grey" if dropped else ""
    said += f"; {left_out} more are left out" if left_out else ""
    if figure == "accuracy" and data.bands:
        said += ". Behind them the middle 80 % of each stage's trials, with their median dotted"
    return said + "."


def _table(data: SearchData, trials: Sequence[Trial], figure: str) -> Table:
    kinds = parts(figure)
    unit = UNITS[figure].removesuffix(" (log)")
    columns = ("stage", "trial", "epoch", *(f"{part}: {unit}" for _, part, _ in kinds))
    rows: list[tuple[Any, ...]] = []
    for trial in trials:
        lines = [line(data.curves[trial.id], attribute) for attribute, _, _ in kinds]
        for place, epoch in enumerate(lines[0][0]):
            values = [float(y[place]) for _, y in lines]
            shown = [value if np.isfinite(value) else None for value in values]
            rows.append((trial.stage, trial.number, int(epoch), *shown))
    return Table(columns, rows)
