"""Learning curves: who is drawn, how, over which bands."""

from dataclasses import replace

import numpy as np
import pytest

from search.errors import KlayerError
from search.views.plots.curves import FEW, MOST, curves
from search.views.plots.data import SearchData
from search.views.plots.smoothing import smoothed
from search.views.plots.theme import COLOURS
from tests.search.views.plots.made import curve

THIN = (1.2, 1.8)  # of curves that nobody has chosen: of many, and of few


def whole(data: SearchData) -> list[int]:
    return [t.id for t in data.trials if t.id in data.curves and t.state == "complete"]


def test_training_is_dashed_and_validation_solid(small: SearchData) -> None:
    plot = curves(small, "loss")
    dashes = [trace.line.dash for trace in plot.figure.data if trace.line.width in THIN]
    searched = [t.id for t in small.trials if t.stage in ("coarse", "fine", "finest")]
    assert dashes == ["dash", "solid"] * len(set(whole(small)) & set(searched))
    assert plot.figure.layout.yaxis.type == "log"
    assert plot.table.columns == (
        "stage",
        "trial",
        "epoch",
        "training: loss",
        "validation: loss",
    )


def test_accuracies_are_in_per_cent_over_bands_of_the_stages(small: SearchData) -> None:
    plot = curves(small, "accuracy")
    bands = [trace for trace in plot.figure.data if trace.fill == "toself"]
    assert len(bands) == 3
    assert np.nanmax(bands[0].y) > 50
    median = next(trace for trace in plot.figure.data if trace.line.dash == "dot")
    epochs = len(median.x)
    assert (median.y <= bands[0].y[:epochs]).all()
    assert (median.y >= bands[0].y[epochs:][::-1]).all()
    assert not [t for t in curves(small, "loss").figure.data if t.fill == "toself"]


def test_dropped_trials_are_one_grey_trace_with_gaps(small: SearchData) -> None:
    dropped = [t for t in small.trials if t.state == "pruned" and t.id in small.curves]
    (grey,) = [t for t in curves(small, "accuracy").figure.data if t.name == "dropped early"]
    assert np.isnan(grey.y).sum() == len(dropped) > 1
    assert len(grey.y) == len(dropped) * 4


def test_a_chosen_trial_is_wider_and_named(small: SearchData) -> None:
    key = next(t.id for t in small.trials if t.state == "pruned" and t.id in small.curves)
    trial = next(t for t in small.trials if t.id == key)
    plot = curves(small, "accuracy", [key])
    wide = [trace for trace in plot.figure.data if trace.line.width == 3.5]
    assert {trace.name for trace in wide} == {f"coarse #{trial.number}"}
    assert len(wide) == 2
    assert f"chosen coarse #{trial.number} wider" in plot.caption


def test_the_learning_rate_is_one_line_a_trial(small: SearchData) -> None:
    plot = curves(small, "learning_rate")
    lines = [trace for trace in plot.figure.data if trace.line.width in THIN]
    assert {trace.line.dash for trace in lines} == {"solid"}
    assert plot.figure.layout.yaxis.title.text == "learning rate η (log)"


def test_more_trials_than_can_be_told_apart_are_left_out(large: SearchData) -> None:
    every = {t.id: curve(0.5, 3) for t in large.trials[:2000]}
    plot = curves(replace(large, curves=every), "cost")
    assert len([t for t in plot.figure.data if t.line.width in THIN]) == 2 * MOST
    assert "more are left out" in plot.caption


def test_chosen_trials_beyond_the_most_that_are_drawn_are_counted(large: SearchData) -> None:
    asked = [trial.id for trial in large.trials[: MOST + 3]]
    every = dict.fromkeys(asked, curve(0.5, 3))
    plot = curves(replace(large, curves=every), "cost", asked)
    assert len({t.meta for t in plot.figure.data if t.line.width == 3.5}) == MOST
    assert "; 3 more are left out" in plot.caption


def test_figures_that_are_infinite_are_gaps(small: SearchData) -> None:
    key = next(t.id for t in small.trials if t.stage == "coarse")
    last = curve(0.5, 3)[2]
    lost = replace(last, metrics={**last.metrics, "validation_loss": float("nan")})
    broken = (*curve(0.5, 2), lost)
    plot = curves(replace(small, curves={key: broken}, bands={}), "loss", [key])
    assert plot.table.rows[-1][-1] is None
    assert np.isnan(plot.figure.data[-1].y[-1])


def test_smoothed_curves_lie_over_the_curves_as_they_are(small: SearchData) -> None:
    plain, plot = curves(small, "loss"), curves(small, "loss", smoothing=0.9)
    before = [trace for trace in plain.figure.data if trace.line.width in THIN]
    raw = [trace for trace in plot.figure.data if trace.opacity == 0.3]
    over = [trace for trace in plot.figure.data if trace.line.width in THIN]
    assert len(before) == len(raw) == len(over) > 1
    for one, behind, line in zip(before, raw, over, strict=True):
        np.testing.assert_array_equal(behind.y, one.y)
        np.testing.assert_array_equal(line.y, smoothed(one.y, 0.9, log=True))
        assert (behind.hoverinfo, behind.showlegend) == ("skip", False)
    assert plot.table == plain.table
    assert "Smoothed by an exponential mean of weight 0.9" in plot.caption


def test_trials_in_training_are_long_dashed(small: SearchData) -> None:
    key, other = [t.id for t in small.trials if t.stage == "coarse" and t.state == "complete"][:2]
    made = dict.fromkeys((key, other), curve(0.5, 3))
    trials = [replace(t, state="running", value=None) if t.id == key else t for t in small.trials]
    going = replace(small, trials=tuple(trials), curves=made, bands={})
    lines = [t for t in curves(going, "loss").figure.data if t.line.dash == "longdash"]
    assert len(lines) == 1
    assert " trials and of 1 trial in training, long-dashed" in curves(going, "loss").caption
    alone = replace(going, curves={key: made[key]})
    caption = curves(alone, "loss").caption
    assert caption == (
        "Training (dashed) and validation (solid) of 1 trial in training, long-dashed."
    )


def test_few_trials_have_a_colour_and_a_name_each(small: SearchData) -> None:
    ids = [t.id for t in small.trials if t.stage == "coarse" and t.state == "complete"]
    few = replace(small, curves=dict.fromkeys(ids[:FEW], curve(0.5, 3)), bands={})
    lines = [t for t in curves(few, "loss").figure.data if t.showlegend]
    assert len(lines) == FEW
    assert len({(t.line.color, t.marker.symbol, t.mode) for t in lines}) == FEW
    assert all(t.name.startswith("coarse #") for t in lines)
    many = replace(small, curves=dict.fromkeys(ids[: FEW + 1], curve(0.5, 3)), bands={})
    assert [t.name for t in curves(many, "loss").figure.data if t.showlegend] == ["coarse"]


def test_hover_texts_write_a_metric_as_all_else_does(small: SearchData) -> None:
    texts = [t.hovertemplate for t in curves(small, "accuracy").figure.data if t.hovertemplate]
    assert all(": %{y:.2f} %<" in one for one in texts if "epoch %{x}:" in one)


def test_an_unknown_figure_is_refused(small: SearchData) -> None:
    with pytest.raises(
        KlayerError,
        match="found 'speed' as curves; give one of accuracy, cost, loss, learning_rate",
    ):
        curves(small, "speed")


def test_chosen_trials_have_colours_that_no_stage_has(small: SearchData) -> None:
    ids = [trial.id for trial in small.trials if trial.id in small.curves]
    wide = [t for t in curves(small, "accuracy", ids).figure.data if t.line.width == 3.5]
    assert len({trace.name for trace in wide}) > 3
    taken = set(COLOURS[:3])  # of the three stages that search
    assert not taken & {trace.line.color for trace in wide}


def test_the_caption_says_how_many_were_dropped_in_all(small: SearchData) -> None:
    dropped = [trial.id for trial in small.trials if trial.state == "pruned"]
    kept = {key: one for key, one in small.curves.items() if key not in dropped[1:]}
    caption = curves(replace(small, curves=kept), "accuracy").caption
    assert f"; 1 of the {len(dropped)} that halving dropped in grey" in caption
    assert f"; {len(dropped)} that halving dropped" in curves(small, "accuracy").caption


def test_trials_that_are_asked_for_in_vain_are_named(small: SearchData) -> None:
    bare = next(trial for trial in small.trials if trial.id not in small.curves)
    caption = curves(small, "accuracy", [bare.id], ["corse 3"]).caption
    assert f". {bare.stage} #{bare.number} has no curve yet. corse 3 is no trial of" in caption
