"""What klayer tells of a stage within Optuna's dashboard: what it is, its box, why, its plots.

So those who stay there miss nothing.
"""

from collections.abc import Callable

import plotly.graph_objects as go

from search.ledger.records import StageState
from search.runtime.formatting import parameters, plural
from search.views.dashboard.pages.shelf import Shelf
from search.views.dashboard.woven import Woven, link, plain
from search.views.plots.best import best_over_trials
from search.views.plots.curves import curves, needs_of
from search.views.plots.data import SearchData
from search.views.plots.plot import Plot
from search.views.plots.theme import themed
from search.views.plots.told import spoken
from search.views.plots.zoom import zoom

KINDS = {
    "search": "It searches its box with the sampler {sampler}.",
    "finalists": "It runs the best configurations again over fresh seeds. Each trial is worth the "
    "mean over the seeds of its configuration.",
    "final": "It trains the winner once more. Each trial is worth what its configuration was "
    "chosen by; what the evaluation said, by which nothing is ever chosen, is an attribute.",
}


def weave(shelf: Shelf, study: str) -> Woven | None:
    """What stands beside the trials of one of Optuna's studies; None where that is no stage."""
    name, _, stage = study.partition("/")
    if not stage or name not in shelf.ledger.read.names():
        return None
    digest = shelf.digest(name)
    objective = digest.outline().objective
    data = digest.data(needs=needs_of(objective, objective.score.shared))
    for one in data.stages:
        if stage == f"{one.step.number}-{one.step.name}":
            return Woven(_note(data, one), _figures(data))
    return None


def _note(data: SearchData, stage: StageState) -> str:
    step = stage.step
    samplers = {one.name: one.sampler for one in data.search.study.stages}
    kind = KINDS[step.kind].format(sampler=samplers.get(step.name))
    what = f"Stage {step.number} of {len(data.stages)} of the search {data.name}."
    done = f"{stage.finished:,} of {plural(stage.trials, 'trial')} are at their end."
    paragraphs = [
        f"**{plain(what)}** {plain(kind)} {plain(done)}",
        *(plain(line) for line in stage.explanation.splitlines()),
    ]
    if stage.best is not None and step.kind == "search":
        best = f"Best: {data.score.text(stage.best.value)} at {parameters(stage.best.parameters)}."
        paragraphs.append(plain(best))
    paragraphs.append(link(f"{data.name} on klayer's own pages", "klayer", "search", data.name))
    return "\n\n".join(paragraphs)


def _figures(data: SearchData) -> dict[str, go.Figure]:
    drawings: dict[str, Callable[[], Plot]] = {
        "klayer-zoom": lambda: zoom(data),
        "klayer-best": lambda: best_over_trials(data),
        "klayer-curves": lambda: curves(data, data.score.shared),
    }
    plots = {name: draw() for name, draw in drawings.items()}
    return {name: _titled(plot) for name, plot in plots.items() if not plot.empty}


def _titled(plot: Plot) -> go.Figure:
    """As Optuna's dashboard shows it, which prints no title above it."""
    return spoken(themed(plot.figure, "light")).update_layout(height=480)
