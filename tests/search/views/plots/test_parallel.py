"""Parallel coordinates: who is a line, and what stands on the axes."""

from dataclasses import replace

import numpy as np

from search.views.plots.data import SearchData
from search.views.plots.labels import link, named
from search.views.plots.parallel import MOST, parallel
from search.views.plots.standing import comparable, winner
from tests.search.views.plots.made import build


def lines(plot: object) -> int:
    """How many lines there are, without that of the best, which is drawn twice."""
    traces = [t for t in plot.figure.data if t.mode == "lines"]  # type: ignore[attr-defined]
    return sum(int(np.isnan(trace.y).sum()) for trace in traces) - 1


def test_each_trial_is_a_line_with_a_place_on_each_axis(wide: SearchData) -> None:
    plot = parallel(wide)
    assert lines(plot) == len(comparable(wide))
    assert len(plot.figure.layout.xaxis.ticktext) == 6
    assert plot.figure.layout.xaxis.ticktext[0] == "learning<br>rate η<br>(log)"
    best = plot.figure.data[-2]
    assert best.y[5] == 1  # its value, on the last axis
    assert "with " in plot.caption
    assert len(plot.table.rows) == 200


def test_ticks_are_powers_of_ten_and_categories(wide: SearchData) -> None:
    notes = parallel(wide).figure.layout.annotations
    on = {axis: [note.text for note in notes if note.x == axis] for axis in range(6)}
    assert on[0] == ["10<sup>-3</sup>", "0.01", "0.1"]
    assert on[3] == ["16", "32", "64"]
    assert on[4] == ["relu", "elu"]
    heights = [note.y for note in notes if note.x == 3]
    assert np.allclose(heights, [1 / 6, 1 / 2, 5 / 6])
    assert all(-0.01 <= note.y <= 1.01 for note in notes)


def test_pages_are_told_how_heights_are_values(wide: SearchData) -> None:
    rate, *_, choice, score = parallel(wide).figure.layout.meta["axes"]
    rates = [trial.parameters["learning_rate"] for trial in comparable(wide)]
    assert (rate["name"], rate["log"]) == ("learning_rate", True)
    assert np.allclose([10 ** rate["low"], 10 ** rate["high"]], [min(rates), max(rates)])
    assert (choice["name"], choice["options"]) == ("activation", ["relu", "elu"])
    assert score["name"] is None
    assert score["high"] == 100 * max(trial.value or 0 for trial in comparable(wide))


def test_a_narrow_log_range_has_finer_ticks() -> None:
    only = {"learning_rate": {"low": 0.1, "high": 0.9, "log": True}}
    notes = parallel(build(only=only)).figure.layout.annotations
    assert [note.text for note in notes if note.x == 0] == ["0.2", "0.5"]


def test_the_winner_is_the_zooms_even_where_another_has_the_better_value(
    small: SearchData, large: SearchData
) -> None:
    for data in (small, large):
        found, best = winner(data), data.ranking.best(comparable(data))
        assert found is not None
        assert best is not None
        assert found.id != best.id
        said = f"the winner in vermilion: {named(found)} with"
        assert said in parallel(data).caption
        assert parallel(data).figure.data[-2].ids[0] == link(found)


def test_of_many_trials_the_best_and_an_even_choice(large: SearchData) -> None:
    plot = parallel(large)
    assert lines(plot) == MOST
    assert "The best 100 of" in plot.caption
    assert "300 of the others" in plot.caption


def test_a_trial_that_lacks_a_hyperparameter_has_a_gap(small: SearchData) -> None:
    changed = tuple(
        replace(t, parameters={"learning_rate": t.parameters["learning_rate"]})
        if t.stage == "fine"
        else t
        for t in small.trials
    )
    gaps = lines(parallel(replace(small, trials=changed))) - lines(parallel(small))
    fine = [t for t in comparable(small) if t.stage == "fine"]
    assert gaps == len(fine) > 0


def test_values_that_are_all_the_same_are_drawn(small: SearchData) -> None:
    same = tuple(
        replace(t, value=0.5, parameters={"learning_rate": 0.1, "weight_decay": 1e-3})
        for t in small.trials
        if t.state == "complete" and t.stage == "coarse"
    )
    notes = parallel(replace(small, trials=same)).figure.layout.annotations
    assert [note.text for note in notes] == ["0.1", "0.001", "50"]
