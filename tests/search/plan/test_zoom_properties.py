"""What every zoom keeps, whatever the trials: drawn by Hypothesis."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from search.plan.bounds import length
from search.plan.ranking import Ranking
from search.plan.trial import Trial
from search.plan.zoom import Zoomed
from search.plan.zoom import zoom as zoomed_by
from search.space.joining import hull
from search.space.space import Box, Choices, Interval
from search.study.reading import load
from search.study.zoom_rules import DecadesZoom, Limits, QuantileZoom

Rule = DecadesZoom | QuantileZoom
RELATIVE = 1e-9
OBJECTIVE = load("digits").objective
NATURAL = {
    "weight_decay": Limits(low=0.0),
    "momentum": Limits(low=0.0, high=0.999),
    "width_1": Limits(low=1),
}


def zoom(rule: Rule, results: list[Trial], limits: Mapping[str, Limits]) -> Zoomed:
    return zoomed_by(rule, results, limits, OBJECTIVE)


@dataclass(frozen=True)
class Case:
    """A rule and trials for it; `limits` are all that hold, `scored` the finished with a value."""

    rule: Rule
    results: list[Trial]

    @property
    def scored(self) -> list[Trial]:
        return Ranking(OBJECTIVE.score.direction).ranked(
            sorted(self.results, key=lambda one: (one.stage, one.number))
        )

    @property
    def old(self) -> Mapping[str, object]:
        if isinstance(self.rule, DecadesZoom):
            return self.scored[0].box.ranges
        return hull(tuple(one.box for one in self.scored)).ranges


@st.composite
def boxes(make: st.DrawFn) -> Box:
    low = make(st.floats(-8, 0))
    slow = make(st.floats(0, 0.8))
    first = make(st.integers(1, 40))
    return Box(
        {
            "weight_decay": Interval(10**low, 10 ** (low + make(st.floats(0.1, 6))), points=5),
            "momentum": Interval(slow, slow + make(st.floats(0.01, 0.19)), log=False),
            "width_1": Interval(first, first + make(st.integers(0, 90)), log=False, step=8),
            "activation": Choices(("relu", "elu", "leaky")),
        }
    )


def edge_or_inside(extent: Interval) -> st.SearchStrategy[float]:
    between = st.floats(0, 1).map(
        lambda share: extent.unscaled(
            extent.scaled(extent.low)
            + share * (extent.scaled(extent.high) - extent.scaled(extent.low))
        )
    )
    ends = st.sampled_from([extent.low, extent.high])
    return st.one_of(ends, between).map(lambda x: min(max(x, extent.low), extent.high))


@st.composite
def results(make: st.DrawFn) -> list[Trial]:
    stages = [("coarse", make(boxes())), ("fine", make(boxes()))]
    made = []
    for number in range(make(st.integers(1, 12))):
        stage, box = make(st.sampled_from(stages))
        parameters = {}
        for name, extent in box.ranges.items():
            continuous = isinstance(extent, Interval) and extent.step is None
            parameters[name] = make(
                edge_or_inside(extent)  # type: ignore[arg-type]
                if continuous
                else st.sampled_from(extent.values())
            )
        # Few different values, so that ties occur; the first is never None.
        value = make(st.sampled_from([0.1, 0.3, 0.3001, 0.5] + [None] * (number > 0)))
        made.append(Trial(stage, number, parameters, value, box))
    return made


LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "weight_decay": st.sampled_from([Limits(low=1e-7, high=10.0), Limits(high=1e-2)]),
        "momentum": st.sampled_from([Limits(low=0.3, high=0.9), Limits(high=0.95)]),
        "width_1": st.sampled_from([Limits(low=4), Limits(low=8, high=64)]),
    },
)
SHARED = {"edge": st.floats(0, 0.3), "limits": LIMITS, "sources": st.just(("coarse", "fine"))}
DECADES = st.builds(
    DecadesZoom,
    rule=st.just("decades"),
    decades=st.floats(0.01, 20),
    share=st.floats(0.01, 1),
    **SHARED,
)
QUANTILES = st.builds(
    QuantileZoom,
    rule=st.just("quantile"),
    quantile=st.floats(0.01, 1),
    margin=st.floats(0, 5),
    **SHARED,
)
CASES = st.builds(Case, rule=st.one_of(DECADES, QUANTILES), results=results())
every = settings(deadline=None, derandomize=True, max_examples=60)


def allowed(rule: Rule, name: str) -> tuple[float, float]:
    both = [one for one in (rule.limits.get(name), NATURAL[name]) if one is not None]
    lows = [one.low for one in both if one.low is not None]
    highs = [one.high for one in both if one.high is not None]
    return max([-math.inf, *lows]), min([math.inf, *highs])


def moves(case: Case) -> list[tuple[str, Interval, Interval]]:
    """Name, old and new range of each hyperparameter that is an interval."""
    new = zoom(case.rule, case.results, NATURAL).box.ranges
    assert list(new) == list(case.old)
    return [
        (name, old, moved)
        for (name, old), moved in zip(case.old.items(), new.values(), strict=True)
        if isinstance(old, Interval) and isinstance(moved, Interval)
    ]


@every
@given(CASES)
def test_the_box_holds_the_best_trial_unless_a_limit_forbids_it(case: Case) -> None:
    best = case.scored[0].parameters
    new = zoom(case.rule, case.results, NATURAL).box
    assert new.ranges["activation"].contains(best["activation"])  # type: ignore[arg-type]
    for name, _, moved in moves(case):
        low, high = allowed(case.rule, name)
        if low <= float(best[name]) <= high:
            assert moved.contains(float(best[name]))
            assert moved.step is None or (best[name] - moved.low) % moved.step == 0  # type: ignore[operator]


@every
@given(CASES)
def test_limits_are_never_crossed(case: Case) -> None:
    for name, _, moved in moves(case):
        low, high = allowed(case.rule, name)
        assert low <= moved.low <= moved.high <= high


@every
@given(CASES)
def test_low_lies_below_high_where_there_is_room(case: Case) -> None:
    for name, old, moved in moves(case):
        low, high = allowed(case.rule, name)
        first, last = max(low, old.low), min(high, old.high)
        # Two steps always hold one step whole, wherever the steps are counted from.
        if last - first > 0 and (old.step is None or last - first >= 2 * old.step):
            assert moved.low < moved.high


@every
@given(CASES)
def test_kind_of_range_is_kept(case: Case) -> None:
    for _, old, moved in moves(case):
        assert (moved.log, moved.step, moved.points) == (old.log, old.step, old.points)
        if moved.step is not None:
            assert type(moved.low) is int
            assert type(moved.high) is int
            assert (moved.high - moved.low) % moved.step == 0


@every
@given(CASES)
def test_off_the_edge_the_new_range_stays_in_the_old(case: Case) -> None:
    best = case.scored[0].parameters
    for name, old, moved in moves(case):
        low, high = allowed(case.rule, name)
        if low > old.high or high < old.low:
            continue
        first, x = old.scaled(old.low), old.scaled(float(best[name]))
        last = old.high if old.step is None else old.high - (old.high - old.low) % old.step
        near = case.rule.edge * (old.scaled(last) - first)
        if x - first > near:
            assert moved.low >= old.low
        if old.scaled(last) - x > near:
            assert moved.high <= old.high


@every
@given(CASES)
def test_a_best_at_the_very_end_passes_it_unless_a_limit_stops_it(case: Case) -> None:
    best = case.scored[0].parameters
    for name, old, moved in moves(case):
        low, high = allowed(case.rule, name)
        width = old.step or 0
        if best[name] == old.low and old.low - width > low:
            assert moved.low < old.low
        if best[name] == old.high and old.high + width < high:
            assert moved.high > old.high


@every
@given(st.builds(Case, rule=DECADES, results=results()))
def test_decades_are_never_longer_than_the_rule_says(case: Case) -> None:
    assert isinstance(case.rule, DecadesZoom)
    for _, old, moved in moves(case):
        reach = case.rule.decades if old.log else case.rule.share * length(old)
        most = 2 * (reach + (old.step or 0))
        assert moved.scaled(moved.high) - moved.scaled(moved.low) <= most * (1 + RELATIVE)


@every
@given(st.builds(Case, rule=QUANTILES, results=results()))
def test_a_quantile_holds_every_trial_of_it_that_limits_permit(case: Case) -> None:
    assert isinstance(case.rule, QuantileZoom)
    count = math.ceil(case.rule.quantile * len(case.scored) - 1e-9)
    for name, old, moved in moves(case):
        low, high = allowed(case.rule, name)
        for leader in case.scored[:count]:
            value = float(leader.parameters[name])
            if old.step is None and low <= value <= high:
                assert moved.contains(value)


@every
@given(CASES, st.randoms(use_true_random=False))
def test_order_and_diverged_trials_do_not_count(case: Case, random: object) -> None:
    shuffled = list(case.results)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert zoom(case.rule, shuffled, NATURAL) == zoom(case.rule, case.results, NATURAL)
    assert zoom(case.rule, case.scored, NATURAL) == zoom(case.rule, case.results, NATURAL)


@every
@given(CASES)
def test_the_sentence_has_a_line_on_the_trials_and_one_for_each_range(case: Case) -> None:
    zoomed = zoom(case.rule, case.results, NATURAL)
    first, *others = zoomed.sentence.splitlines()
    best = case.scored[0]
    assert f"{best.stage} #{best.number} ({100 * (best.value or 0):.2f} %)" in first
    assert [line.split(":")[0] for line in others] == list(zoomed.box.ranges)
