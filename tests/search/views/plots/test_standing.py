"""Who is the best, and why there is nobody yet."""

from dataclasses import replace

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


def test_without_a_final_the_finished_finalists_choose(small: SearchData) -> None:
    stages = tuple(stage for stage in small.stages if stage.step.kind != "final")
    trials = tuple(trial for trial in small.trials if trial.stage != "final")
    done = replace(small, stages=(*stages[:-1], replace(stages[-1], state="finished")))
    done = replace(done, trials=trials)
    won = winner(done)
    assert won is not None
    assert won.parameters == small.ranking.chosen(small.of_stage("finalists"))
    assert winner(replace(done, stages=(*stages[:-1], replace(stages[-1], state="open")))) is None


def test_without_finalists_the_best_of_a_finished_search_wins(small: SearchData) -> None:
    stages = [stage for stage in small.stages if stage.step.kind == "search"]
    stages[-1] = replace(stages[-1], state="finished")
    done = replace(small, stages=tuple(stages), trials=tuple(searched(small)))
    assert winner(done) == done.ranking.best(comparable(done))


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
