"""Values over each hyperparameter by itself."""

from dataclasses import replace

from search.objective.data_card import DataCard
from search.views.plots.data import SearchData
from search.views.plots.slices import MOST, slices
from search.views.plots.standing import comparable
from tests.search.views.plots.made import build


def test_each_hyperparameter_has_all_trials_that_have_it(wide: SearchData) -> None:
    plot = slices(wide)
    parameters = {name for trial in comparable(wide) for name in trial.parameters}
    bright = [trace for trace in plot.figure.data if trace.marker.opacity > 0.5]
    assert sum(len(trace.x) for trace in bright) == len(parameters) * len(comparable(wide))
    assert len({trace.xaxis for trace in bright}) == len(parameters)
    faint = [trace for trace in plot.figure.data if trace.marker.opacity < 0.5]
    dropped = sum(trial.state == "pruned" for trial in wide.trials)
    assert {len(trace.x) for trace in faint} == {dropped}
    first = wide.trials[0]
    assert f"{first.stage}/{first.number}" in {one for trace in bright for one in trace.ids}
    assert set(plot.figure.layout.xaxis4.ticktext or ()) == {"16", "32", "64"}


def test_the_band_is_two_standard_errors_wide(small: SearchData) -> None:
    assert "in the band" in slices(small).caption  # of the seeds
    rows = replace(small.search, data=DataCard("digits", "f" * 64, held_out=100))
    plot = slices(replace(small, search=rows))
    best = max(trial.value or 0 for trial in comparable(small))
    (band,) = plot.figure.layout.shapes[:1]
    wide = 2 * (best * (1 - best) / 100) ** 0.5
    assert abs((band.y1 - band.y0) - 100 * wide) < 1e-6
    assert abs(band.y1 - 100 * best) < 1e-6
    alone = tuple(t for t in small.trials if t.stage != "finalists")
    assert "in the band" not in slices(replace(small, trials=alone)).caption


def test_only_so_many_are_drawn() -> None:
    more = {f"width_{n}": {"low": 1, "high": 9, "log": False, "step": 1} for n in range(1, 12)}
    plot = slices(build(more=more))
    assert len({trace.xaxis for trace in plot.figure.data}) == MOST
    assert f"the first {MOST} of 13" in plot.caption


def test_dropped_trials_take_up_no_half_of_the_axis(small: SearchData) -> None:
    dropped = {trial.id for trial in small.trials if trial.state == "pruned"}
    for value, beyond in ((0.01, True), (0.9, False)):
        trials = tuple(replace(t, value=value) if t.id in dropped else t for t in small.trials)
        plot = slices(replace(small, trials=trials))
        assert ("come into view with a double click" in plot.caption) == beyond
        low, _ = plot.figure.layout.yaxis.range or (0.0, 0.0)
        assert (low > 1) == beyond
