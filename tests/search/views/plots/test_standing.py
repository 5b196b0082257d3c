"""Who is the best, and why there is nobody yet."""

from dataclasses import replace

from search.views.plots import standing
from search.views.plots.data import SearchData
from search.views.plots.standing import absent, best, comparable, searched, winner


def test_trials_come_by_stage_and_number(small: SearchData) -> None:
    shuffled = replace(small, trials=tuple(reversed(small.trials)))
    assert searched(shuffled) == [t for t in small.trials if t.stage not in ("finalists", "final")]


def test_dropped_trials_rank_behind_however_high(small: SearchData) -> None:
    order = small.ranking.ranked(searched(small))
    states = [trial.state for trial in order]
    assert "diverged" not in states
    assert states == sorted(states)  # complete before pruned
    whole = [trial.value for trial in order if trial.state == "complete"]
    assert whole == sorted(whole, reverse=True)  # type: ignore[type-var]
    late = replace(small.trials[0], state="pruned", value=0.1, pruned_after=5)
    early = replace(late, id=99, value=0.9, pruned_after=2)
    assert small.ranking.ranked([early, late]) == [late, early]


def test_the_winner_is_the_trial_of_the_final_s_configuration(small: SearchData) -> None:
    won = winner(small)
    final = next(t for t in small.trials if t.stage == "final" and t.number == 0)
    assert won is not None
    assert won.parameters == final.parameters
    assert won.stage in ("fine", "finest")
    assert best(small) == won


def test_before_the_final_the_best_has_the_highest_value(small: SearchData) -> None:
    early = replace(small, trials=tuple(t for t in small.trials if t.stage != "final"))
    assert winner(early) is None
    assert best(early) == max(comparable(small), key=lambda one: one.value or 0)


def without_final(data: SearchData) -> SearchData:
    """The search of an objective that has nothing to evaluate at the end."""
    stages = tuple(
        replace(stage, state="finished") for stage in data.stages if stage.step.kind != "final"
    )
    return replace(data, stages=stages, trials=tuple(t for t in data.trials if t.stage != "final"))


def test_without_a_final_the_finalists_choose_once_they_are_finished(small: SearchData) -> None:
    data = without_final(small)
    reruns = data.of_stage("finalists")
    first, *others = dict.fromkeys(tuple(one.parameters.items()) for one in reruns)
    for better in (first, others[-1]):
        trials = tuple(
            replace(t, value=0.99 if tuple(t.parameters.items()) == better else 0.5)
            if t in reruns
            else t
            for t in data.trials
        )
        won = winner(replace(data, trials=trials))
        assert won is not None
        assert won.parameters == dict(better)
        assert best(replace(data, trials=trials)) == won
    under_way = replace(data.stages[-1], state="open")
    assert winner(replace(data, stages=(*data.stages[:-1], under_way))) is None


def test_without_finalists_the_best_of_the_finished_stages_is_the_winner(small: SearchData) -> None:
    stages = tuple(stage for stage in small.stages if stage.step.kind == "search")
    data = replace(small, stages=stages)
    assert winner(data) == small.ranking.best(comparable(small))
    under_way = replace(stages[-1], state="open")
    assert winner(replace(data, stages=(*stages[:-1], under_way))) is None


def test_a_stage_that_does_not_compare_counts_only_while_there_is_no_other(
    small: SearchData,
) -> None:
    coarse = replace(small, trials=small.of_stage("coarse"))
    renamed = tuple(replace(t, stage="elsewhere") for t in coarse.trials)
    step = replace(small.stages[0].step, name="elsewhere")
    stages = (replace(small.stages[0], step=step), *small.stages[1:])
    alone = replace(small, trials=renamed, stages=stages)
    assert comparable(alone)
    both = replace(alone, trials=(*renamed, *small.of_stage("fine")))
    assert {trial.stage for trial in comparable(both)} == {"fine"}


def test_absence_is_explained(small: SearchData, unplanned: SearchData) -> None:
    assert "No stage is planned yet" in absent(unplanned)
    failed = replace(unplanned, search=replace(unplanned.search, failure="no images"))
    assert absent(failed) == "The search cannot go on: no images"
    stopped = replace(unplanned, search=replace(unplanned.search, stopped_at=1.0))
    assert "`klayer run` goes on with it" in absent(stopped)
    waiting = tuple(replace(t, state="waiting", value=None) for t in small.of_stage("coarse"))
    assert "No trial is finished yet" in absent(replace(small, trials=waiting))
    lost = tuple(replace(t, state="failed", value=None) for t in small.of_stage("coarse"))
    assert "all diverged or failed" in absent(replace(small, trials=lost))


def test_the_value_of_a_stage_says_what_it_is(small: SearchData) -> None:
    """A lucky seed and a test value are no best of the stages that search."""
    said = {one.step.name: standing.stage_value(small, one) for one in small.stages}
    assert said["coarse"] == "–"  # made up without a best
    trial = next(t for t in small.trials if t.stage == "coarse" and t.value is not None)
    coarse = standing.stage_value(small, replace(small.stages[0], best=trial))
    assert coarse == f"single {small.score.text(trial.value)}"
    seeds = [t.value for t in small.trials if t.stage == "finalists"]
    mean = standing.spread(small)
    assert mean is not None
    assert said["finalists"] == "mean " + small.score.around(mean.mean, mean.standard_deviation)
    assert max(value or 0 for value in seeds) > (mean.mean or 0)
    final = replace(small.stages[-1], best=standing.trained_anew(small))
    assert standing.stage_value(small, final) == "test accuracy 99.99 %"
    unfinished = replace(small, trials=tuple(t for t in small.trials if t.stage != "final"))
    last = replace(small.stages[3], state="open")
    assert standing.stage_value(replace(unfinished, stages=small.stages[:4]), last) == "–"
