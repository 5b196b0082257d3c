"""The zoom rules by example, in values and in words."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from search.errors import KlayerError
from search.plan.trial import Trial
from search.plan.zoom import Zoomed
from search.plan.zoom import zoom as zoomed_by
from search.space.space import Box, Choices, Interval, Range, Value
from search.study.reading import load
from search.study.zoom_rules import DecadesZoom, Limits, QuantileZoom

OBJECTIVE = load("digits").objective
NATURAL = {
    "weight_decay": Limits(low=0.0),
    "momentum": Limits(low=0.0, high=0.999),
    "width_1": Limits(low=1),
}
DECAY = Interval(1e-6, 1e-1)
DECADE = DecadesZoom.model_validate({"rule": "decades", "decades": 1, "from": ("coarse",)})
QUARTER = QuantileZoom.model_validate({"rule": "quantile", "quantile": 0.25, "from": ("coarse",)})


def zoom(
    rule: DecadesZoom | QuantileZoom, results: list[Trial], limits: Mapping[str, Limits]
) -> Zoomed:
    return zoomed_by(rule, results, limits, OBJECTIVE)


def trials(
    name: str, extent: Range, *scores: tuple[Value, float | None], stage: str = "coarse"
) -> list[Trial]:
    """Trials 0, 1, … of one hyperparameter from (its value, the accuracy)."""
    box = Box({name: extent})
    return [Trial(stage, i, {name: x}, value, box) for i, (x, value) in enumerate(scores)]


def interval(zoomed: Zoomed, name: str) -> Interval:
    extent = zoomed.box.ranges[name]
    assert isinstance(extent, Interval)
    return extent


def test_decades_reach_either_side_of_the_best() -> None:
    results = trials("weight_decay", DECAY, (1e-5, 0.5), (3.15e-3, 0.5231), (1e-2, None))
    zoomed = zoom(DECADE, results, NATURAL)
    new = interval(zoomed, "weight_decay")
    assert (new.low, new.high) == pytest.approx((3.15e-4, 3.15e-2))
    assert zoomed.sentence == (
        "best of 2 trials: coarse #1 (52.31 %)\n"
        "weight_decay: [1e-06, 0.1] → [0.000315, 0.0315]: ± 1 decade round 0.00315"
    )


def test_pruned_trials_count_behind_all_others_and_are_told() -> None:
    scores = ((1e-5, 0.5), (3.15e-3, 0.4), (1e-2, 0.9), (2e-2, 0.8))
    results = trials("weight_decay", DECAY, *scores)
    results[2:] = [
        replace(one, pruned_after=number) for number, one in zip((2, 4), results[2:], strict=True)
    ]
    zoomed = zoom(QUARTER.model_copy(update={"quantile": 0.75}), results, NATURAL)
    assert zoomed.sentence.startswith(
        "best 3 of 4 trials, of which 2 pruned: coarse #0 (50.00 %) to "
        "coarse #3 (80.00 %, pruned after 4 epochs)\n"
    )
    assert interval(zoomed, "weight_decay").low < 1e-5
    assert zoom(DECADE, results, NATURAL).sentence.startswith(
        "best of 4 trials, of which 2 pruned: coarse #0 (50.00 %)\n"
    )


def test_decades_are_cut_at_an_edge_that_the_best_is_near_but_not_on() -> None:
    zoomed = zoom(DECADE, trials("weight_decay", DECAY, (5e-6, 0.5)), NATURAL)
    new = interval(zoomed, "weight_decay")
    assert new.low == 1e-6
    assert new.high == pytest.approx(5e-5)
    assert zoomed.sentence.endswith("± 1 decade round 5e-06, cut at the old edge 1e-06")


def test_decades_pass_an_edge_on_which_the_best_lies() -> None:
    zoomed = zoom(DECADE, trials("weight_decay", DECAY, (8e-2, 0.5)), NATURAL)
    assert interval(zoomed, "weight_decay").high == pytest.approx(0.8)
    assert zoomed.sentence.endswith(
        "weight_decay: [1e-06, 0.1] → [0.008, 0.8]: ± 1 decade round 0.08, "
        "past the old high edge 0.1, as the best lies on it"
    )


def test_beyond_an_edge_the_limits_of_the_file_hold() -> None:
    rule = DECADE.model_copy(update={"limits": {"weight_decay": Limits(high=0.3)}})
    zoomed = zoom(rule, trials("weight_decay", DECAY, (8e-2, 0.5)), NATURAL)
    assert interval(zoomed, "weight_decay").high == 0.3
    assert zoomed.sentence.endswith("as the best lies on it, cut at the limit 0.3")


def test_beyond_an_edge_the_natural_limits_hold() -> None:
    old = Interval(0.5, 0.99, log=False)
    zoomed = zoom(DECADE, trials("momentum", old, (0.99, 0.5)), NATURAL)
    new = interval(zoomed, "momentum")
    assert new.high == 0.999
    assert new.low == pytest.approx(0.99 - 0.25 * 0.49)


def test_linear_ranges_take_a_share_of_the_old_length() -> None:
    old = Interval(0.0, 0.8, log=False, points=7)
    zoomed = zoom(DECADE, trials("momentum", old, (0.5, 0.5)), NATURAL)
    new = interval(zoomed, "momentum")
    assert (new.low, new.high) == pytest.approx((0.3, 0.7))
    assert new.points == 7
    assert zoomed.sentence.endswith("[0, 0.8] → [0.3, 0.7]: ± 0.25 of the old length round 0.5")


def test_whole_numbers_stay_whole_and_on_their_steps() -> None:
    old = Interval(10, 100, log=False, step=10)
    zoomed = zoom(DECADE, trials("width_1", old, (50, 0.5)), NATURAL)
    assert interval(zoomed, "width_1") == Interval(20, 80, log=False, step=10)


def test_whole_numbers_stop_at_the_last_step_above_their_limit() -> None:
    old = Interval(10, 100, log=False, step=10)
    zoomed = zoom(DECADE, trials("width_1", old, (10, 0.5)), NATURAL)
    assert interval(zoomed, "width_1") == Interval(10, 40, log=False, step=10)
    assert zoomed.sentence.endswith("cut at the limit 1")


def test_the_box_of_the_best_is_the_one_that_moves() -> None:
    low = trials("weight_decay", Interval(1e-6, 1e-4), (1e-5, 0.4))
    high = trials("weight_decay", Interval(1e-3, 1e-1), (9e-3, 0.5), stage="other")
    new = interval(zoom(DECADE, low + high, NATURAL), "weight_decay")
    assert new.low == 1e-3
    assert new.high == pytest.approx(9e-2)


def test_decades_keep_a_list_and_a_quantile_keeps_what_does_well() -> None:
    scores = [("relu", 0.1), ("elu", 0.5), ("leaky", 0.2), ("relu", 0.4), ("tanh", 0.3)]
    results = trials("activation", Choices(("tanh", "relu", "elu", "leaky")), *scores)
    kept = zoom(DECADE, results, {})
    assert kept.box.ranges["activation"] == Choices(("tanh", "relu", "elu", "leaky"))
    assert kept.sentence.endswith("activation: tanh, relu, elu, leaky: all kept")
    fewer = zoom(QUARTER, results, {})
    assert fewer.box.ranges["activation"] == Choices(("relu", "elu"))
    assert fewer.sentence.endswith(
        "activation: tanh, relu, elu, leaky → relu, elu: what occurs among the best 2"
    )
    switches = trials("nesterov", Choices((True, False)), (True, 0.1), (False, 0.5))
    assert zoom(DECADE, switches, {}).sentence.endswith("nesterov: true, false: all kept")


def test_a_quantile_spans_the_best_and_a_margin() -> None:
    scores = [(10.0 ** -(i / 2), 0.5 - abs(i - 6.1) / 100) for i in range(2, 11)]
    zoomed = zoom(QUARTER, trials("weight_decay", DECAY, *scores), NATURAL)
    new = interval(zoomed, "weight_decay")
    # ⌈9 / 4⌉ = 3 trials: 10⁻³ (best), 10⁻³·⁵, 10⁻²·⁵; a tenth of one decade either side.
    assert (new.low, new.high) == pytest.approx((10**-3.6, 10**-2.4))
    assert zoomed.sentence == (
        "best 3 of 9 trials: coarse #4 (49.90 %) to coarse #3 (48.90 %)\n"
        "weight_decay: [1e-06, 0.1] → [0.0002512, 0.003981]: "
        "0.0003162 to 0.003162 spanned by the best 3, and a margin of 0.1 of that"
    )


def test_a_quantile_counts_without_the_rounding_of_its_share() -> None:
    rule = QUARTER.model_copy(update={"quantile": 0.1})
    scores = [(10.0 ** -(1 + i / 10), 0.5 - i / 100) for i in range(30)]
    sentence = zoom(rule, trials("weight_decay", DECAY, *scores), NATURAL).sentence
    assert sentence.startswith("best 3 of 30 trials")


def test_a_quantile_passes_an_edge_by_a_quarter_of_its_span_at_least() -> None:
    scores = [(1e-6, 0.5), (1e-4, 0.4), (1e-2, 0.1)]
    zoomed = zoom(QUARTER, trials("weight_decay", DECAY, *scores), NATURAL)
    new = interval(zoomed, "weight_decay")
    assert (new.low, new.high) == pytest.approx((10**-6.5, 10**-3.8))
    assert "past the old low edge 1e-06, as the best lies on it" in zoomed.sentence


def test_a_quantile_of_one_trial_takes_five_per_cent_of_the_old_length() -> None:
    zoomed = zoom(QUARTER, trials("weight_decay", DECAY, (1e-3, 0.5)), NATURAL)
    new = interval(zoomed, "weight_decay")
    assert (new.low, new.high) == pytest.approx((10**-3.25, 10**-2.75))
    assert zoomed.sentence.endswith("0.001 in the best 1, and 5 % of the old length")


def test_a_quantile_is_cut_at_the_hull_of_all_boxes() -> None:
    coarse = trials("weight_decay", DECAY, (1e-5, 0.1))
    fine = trials("weight_decay", Interval(1e-4, 1e-2), (1e-2, 0.5), (1e-3, 0.4), stage="fine")
    rule = QUARTER.model_copy(update={"margin": 5.0, "sources": ("coarse", "fine")})
    new = interval(zoom(rule, coarse + fine, NATURAL), "weight_decay")
    assert (new.low, new.high) == (1e-6, 1e-1)


def test_of_equal_trials_the_source_named_first_counts() -> None:
    coarse = trials("weight_decay", DECAY, (1e-5, 0.5))
    fine = trials("weight_decay", DECAY, (1e-3, 0.5), stage="fine")
    rule = DECADE.model_copy(update={"sources": ("fine", "coarse")})
    assert "fine #0" in zoom(rule, coarse + fine, NATURAL).sentence
    assert "coarse #0" in zoom(DECADE, fine + coarse, NATURAL).sentence


def test_several_hyperparameters_keep_their_order_with_a_line_each() -> None:
    box = Box({"width_1": Interval(10, 50, log=False, step=10), "weight_decay": DECAY})
    best = Trial("coarse", 0, {"weight_decay": 1e-3, "width_1": 30}, 0.5, box)
    zoomed = zoom(DECADE, [best], NATURAL)
    assert list(zoomed.box.ranges) == ["width_1", "weight_decay"]
    lines = zoomed.sentence.splitlines()
    assert [line.split(":")[0] for line in lines] == ["best of 1 trial", "width_1", "weight_decay"]


def test_nothing_but_divergence_is_an_error_that_says_what_to_do() -> None:
    rule = DECADE.model_copy(update={"sources": ("coarse", "fine")})
    with pytest.raises(KlayerError) as caught:
        zoom(rule, trials("weight_decay", DECAY, (1e-3, None), (1e-2, None)), NATURAL)
    assert str(caught.value) == (
        "cannot zoom from coarse, fine: none of the 2 finished trials has a value, all diverged or "
        "failed; "
        "search a range of lower learning rates there, or give the next stage a box of its own"
    )


def test_a_quantile_over_boxes_of_different_hyperparameters_is_an_error() -> None:
    other = trials("weight_decay", DECAY, (1e-3, 0.1)) + trials(
        "momentum", Interval(0.1, 0.9), (0.5, 0.2), stage="fine"
    )
    with pytest.raises(KlayerError, match=r"trials of fine, coarse cannot be zoomed together"):
        zoom(QUARTER.model_copy(update={"sources": ("fine", "coarse")}), other, NATURAL)
