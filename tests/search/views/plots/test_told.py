"""What figures tell of the trials that are pointed at."""

from dataclasses import replace
from typing import Any

import pytest

from search.runtime.formatting import number
from search.views.plots.best import best_over_trials
from search.views.plots.curves import curves
from search.views.plots.data import SearchData
from search.views.plots.finalists import finalists
from search.views.plots.labels import link
from search.views.plots.parallel import parallel
from search.views.plots.slices import slices
from search.views.plots.told import spoken, text
from search.views.plots.zoom import zoom


def test_a_trial_tells_its_value_or_its_end_and_all_its_parameters(wide: SearchData) -> None:
    trial = next(one for one in wide.trials if one.state == "complete")
    lines = text(wide, trial).split("<br>")
    assert lines[0] == f"<b>{trial.stage} #{trial.number}</b>"
    assert lines[1] == f"validation accuracy: {100 * (trial.value or 0):.2f} %"
    assert len(lines) == 2 + len(trial.parameters)
    assert f"learning rate η: {number(trial.parameters['learning_rate'])}" in lines
    assert f"activation: {trial.parameters['activation']}" in lines
    pruned = next(one for one in wide.trials if one.state == "pruned")
    assert "dropped after 3 epochs, at " in text(wide, pruned)
    diverged = next(one for one in wide.trials if one.state == "diverged")
    assert "the cost was infinite in epoch 2" in text(wide, diverged)
    assert "<br>running<br>" in text(wide, replace(diverged, state="running", reason=None))


@pytest.mark.parametrize(
    "draw",
    [
        zoom,
        best_over_trials,
        slices,
        parallel,
        finalists,
        lambda data: curves(data, "loss"),
    ],
    ids=["zoom", "best", "slices", "parallel", "finalists", "curves"],
)
def test_every_point_of_a_trial_tells_all_of_it(draw: Any, wide: SearchData) -> None:
    told = {link(trial): text(wide, trial) for trial in wide.trials}
    figure = draw(wide).figure
    pointed = [trace for trace in figure.data if trace.ids is not None]
    assert pointed
    for before, trace in zip(pointed, [t for t in spoken(figure).data if t.ids], strict=True):
        assert before.hovertext is None  # stands once in the figure
        assert list(trace.hovertext) == [told[one] for one in trace.ids]
        assert "%{hovertext}" in (trace.hovertemplate or "%{hovertext}")
    assert spoken(figure).layout.meta is None
