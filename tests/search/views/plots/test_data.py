"""A search's values: its stages, and how they are spread."""

import numpy as np

from search.views.plots.data import Band, SearchData


def test_quantiles_are_middles_of_bins() -> None:
    counts = np.zeros((3, 10), int)
    counts[0, 2] = 100
    counts[1, :] = 10
    low, median, high = Band(counts).quantiles((0.1, 0.5, 0.9))
    assert (low[0], median[0], high[0]) == (0.25, 0.25, 0.25)
    assert np.allclose((low[1], median[1], high[1]), (0.05, 0.45, 0.85))
    assert np.isnan([low[2], median[2], high[2]]).all()


def test_stages_by_kind_and_trials_by_stage(small: SearchData) -> None:
    assert small.name == "digits"
    assert [stage.step.name for stage in small.searched()] == ["coarse", "fine", "finest"]
    assert [trial.number for trial in small.of_stage("fine")] == list(range(8))
