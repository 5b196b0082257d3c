"""Summaries of searches that are finished, unfinished, or have diverged."""

import json
from dataclasses import replace
from typing import Any

import pytest

from search.ledger.records import RecordedTrial, SetAside, Training
from search.objectives.network.final import TestReport
from search.views.terminal.summary import show, summarise
from tests.search.views.timed import TimedStudy

REPORT = TestReport((0.9, 0.95), None, (None, None), 0.92, 297, "f" * 64).plain("accuracy")


def reruns(trial: Any, *values: tuple[float, float | None]) -> list[RecordedTrial]:
    """Trials of the finalists' stage, each a learning rate and a value."""
    return [
        trial(stage="finalists", number=number, parameters={"learning_rate": rate}, value=value)
        for number, (rate, value) in enumerate(values)
    ]


def test_nothing_is_best_before_a_trial_is_finished(search: Any, stage: Any, printed: Any) -> None:
    summary = summarise(search, [stage("coarse"), stage("fine")], [])
    assert (summary.finished, summary.best, summary.spread, summary.result) == (False,) + (
        None,
    ) * 3
    text = printed(show, summary)
    assert "1 coarse       8 trials, not planned yet" in text
    assert "No trial is trained to its end yet." in text
    assert "Nobody works on it; `klayer run` goes on with it" in text
    assert "Nobody works" not in printed(show, replace(summary, workers=2))
    assert summary.to_json()["best"] is None


def test_a_finished_search_without_a_value_says_so(
    search: Any, stage: Any, trial: Any, printed: Any
) -> None:
    trials = [trial(number=0, value=None, state="failed", reason="exit status 3")]
    ended = replace(search, finished_at=9.0)
    text = printed(show, summarise(ended, [stage("coarse")], trials))
    advice = search.study.objective.advice
    assert f"None of its trials has a value; {advice}." in text.replace("\n", " ")
    assert "Nobody works" not in text
    empty = summarise(replace(ended, failure="no value"), [stage("coarse")], trials)
    assert "\nIt has no result: no value\n" in printed(show, empty)


def test_the_best_so_far_is_the_highest_value(
    search: Any, stage: Any, trial: Any, printed: Any
) -> None:
    trials = [
        trial(number=0, value=0.7),
        trial(number=1, value=0.8, parameters={"learning_rate": 0.25}),
        trial(number=2, value=None, state="diverged", reason="diverged in epoch 1"),
        trial(number=3, value=None, state="waiting", finished_at=None),
    ]
    open_stage = stage("coarse", state="open", finished=3, diverged=1, best=trials[1])
    summary = summarise(search, [open_stage, stage("fine")], trials)
    assert summary.best == trials[1]
    text = printed(show, summary)
    assert (
        "1 coarse       3 of 8 trials, 1 diverged, best single 80.00 % at learning_rate 0.25"
        in text
    )
    assert "Best so far                 learning_rate 0.25  (coarse #1)" in text
    assert "Test accuracy" not in text
    assert summary.to_json()["best"]["seed"] == 11


def test_a_pruned_trial_is_counted_and_never_the_best(
    search: Any, stage: Any, trial: Any, printed: Any
) -> None:
    trials = [
        trial(number=0, value=0.9, state="pruned", pruned_after=2),
        trial(number=1, value=0.8, parameters={"learning_rate": 0.25}),
    ]
    done = stage("coarse", state="finished", finished=8, pruned=6, diverged=1, best=trials[1])
    summary = summarise(search, [done], trials)
    assert summary.best == trials[1]
    assert "8 trials, 6 pruned, 1 diverged, best single 80.00 %" in printed(show, summary)
    assert summary.to_json()["stages"][0]["pruned"] == 6


def test_the_winner_is_best_once_the_finalists_are_run(
    search: Any, stage: Any, trial: Any, printed: Any
) -> None:
    lucky, steady = {"learning_rate": 0.5}, {"learning_rate": 0.25}
    trials = [
        trial(number=0, value=0.99, parameters=lucky),
        trial(number=1, value=0.97, parameters=steady),
        *reruns(trial, (0.5, 0.90), (0.25, 0.96), (0.5, 0.91), (0.25, 0.94)),
        trial(stage="final", number=0, value=0.90, parameters=steady),
        trial(stage="final", number=1, value=0.95, parameters=lucky),
    ]
    finished = replace(search, finished_at=1.0, result=REPORT)
    stages = [stage(name, state="finished") for name in ("coarse", "finalists", "final")]
    summary = summarise(finished, stages, trials)
    assert summary.best == trials[1]
    assert summary.spread is not None
    assert summary.spread.mean == pytest.approx(0.95)
    text = printed(show, summary)
    assert "Best configuration          learning_rate 0.25  (coarse #1)" in text
    assert "Validation accuracy         97.00 %  (single, after 10 epochs)" in text
    assert "  over 2 fresh seeds        95.00 % ± 1.41  (mean, after 10 epochs)" in text
    assert "Test accuracy               90.00 %  (297 images, read once; the winner" in text
    assert "  of 2 finalists voting     92.00 %" in text


def test_the_finalists_choose_where_there_is_no_final(
    search: Any, stage: Any, trial: Any, printed: Any
) -> None:
    lucky, steady = {"learning_rate": 0.5}, {"learning_rate": 0.25}
    trials = [
        trial(number=0, value=0.99, parameters=lucky),
        trial(number=1, value=0.97, parameters=steady),
    ]
    values = reruns(trial, (0.5, 0.90), (0.25, 0.96), (0.5, 0.91), (0.25, 0.94))
    stages = [stage(name, state="finished") for name in ("coarse", "finalists")]
    summary = summarise(replace(search, finished_at=1.0), stages, [*trials, *values])
    assert summary.best == trials[1]
    assert "  over 2 fresh seeds        95.00 % ± 1.41" in printed(show, summary)
    running = [stages[0], stage("finalists", state="open")]
    assert summarise(search, running, [*trials, *values[:2]]).best == trials[0]


def test_why_trials_failed_stands_below_their_stage(
    search: Any, stage: Any, trial: Any, printed: Any
) -> None:
    trials = [trial(number=2, value=None, state="failed", reason="exit status 1\nKeyError: 'x'")]
    text = printed(show, summarise(search, [stage("coarse", state="finished")], trials))
    assert "     failed: #2: exit status 1 (KeyError: 'x')\n" in text


def test_a_search_whose_trials_all_diverged_has_no_best(
    search: Any, stage: Any, trial: Any, printed: Any
) -> None:
    trials = [trial(number=n, value=None, state="diverged", reason="nan") for n in range(8)]
    done = stage("coarse", state="finished", finished=8, diverged=8)
    summary = summarise(search, [done], trials)
    assert summary.best is None
    text = printed(show, summary)
    assert "8 trials, 8 diverged" in text
    assert "best" not in text


def test_a_winner_that_diverged_in_the_end_has_a_dash(
    search: Any, stage: Any, trial: Any, printed: Any
) -> None:
    trials = [trial(), trial(stage="final", value=None, state="diverged", reason="nan")]
    report = TestReport((None,), None, (None,), None, 297, "f" * 64).plain("accuracy")
    finished = replace(search, finished_at=1.0, result=report)
    summary = summarise(finished, [stage("coarse", state="finished")], trials)
    assert summary.best == trials[0]
    assert "Test accuracy               –  (297 images, read once;" in printed(show, summary)


@pytest.mark.parametrize(
    ("score", "words"),
    [
        ("last_epoch", "after 10 epochs"),
        ("best_epoch", "the best of 10 epochs"),
        ("snapshot_ensemble", "snapshots of 10 epochs voting"),
    ],
)
def test_a_value_says_what_it_measures(
    search: Any, stage: Any, trial: Any, printed: Any, score: str, words: str
) -> None:
    coarse = stage("coarse", state="finished")
    training = coarse.step.training.model_copy(update={"score": score})
    coarse = replace(coarse, step=replace(coarse.step, training=training))
    text = printed(show, summarise(search, [coarse], [trial()]))
    assert f"Validation accuracy         50.00 %  (single, {words})" in text


@pytest.mark.parametrize("hostile", ["[bold]x[/]", "[/]", "[red", "\\[x]"])
def test_words_of_a_study_are_shown_as_they_are(
    search: Any, stage: Any, trial: Any, printed: Any, hostile: str
) -> None:
    best = trial(parameters={"activation": hostile})
    done = stage("coarse", state="finished", finished=8, best=best, explanation=f"why: {hostile}")
    text = printed(show, summarise(search, [done], [best]))
    assert text.count(hostile) == 3


def test_trials_that_failed_are_counted_apart(
    search: Any, stage: Any, trial: Any, printed: Any
) -> None:
    done = stage("coarse", state="finished", finished=8, diverged=1, failed=2, best=trial())
    summary = summarise(search, [done], [trial()])
    assert "8 trials, 1 diverged, 2 failed, best single 50.00 %" in printed(show, summary)
    assert summary.to_json()["stages"][0]["failed"] == 2


def test_a_cohort_that_is_left_to_other_hosts_is_told(
    search: Any, stage: Any, printed: Any
) -> None:
    aside = SetAside("coarse #0 to #3", 2, "north", 41.7)
    summary = replace(summarise(search, [stage("coarse")], []), set_aside=(aside,))
    assert (
        "coarse #0 to #3: 2 workers were lost with it, the last on north; it is left to other "
        "hosts for 42 s, where any work on this search"
    ) in " ".join(printed(show, summary).split())
    assert summary.to_json()["set_aside"] == [
        {"cohort": "coarse #0 to #3", "lost": 2, "host": "north", "seconds": 41.7}
    ]


def test_a_search_that_stands_still_says_so_and_how_it_goes_on(
    search: Any, stage: Any, trial: Any, printed: Any
) -> None:
    stages, trials = [stage("coarse", state="open", finished=1, best=trial())], [trial()]
    stopped = summarise(replace(search, stopped_at=2.0), stages, trials)
    assert (stopped.stopped, stopped.failure) == (True, None)
    assert "\nIt was stopped; `klayer run` or `klayer submit` goes on with it.\n" in printed(
        show, stopped
    )
    failed = summarise(replace(search, failure="no [plan] is left"), stages, trials)
    assert (failed.stopped, failed.failure) == (False, "no [plan] is left")
    assert "\nIt cannot go on: no [plan] is left\n" in printed(show, failed)
    assert failed.to_json()["failure"] == "no [plan] is left"


def test_a_search_whose_last_training_failed_says_why_it_has_no_test_report(
    search: Any, stage: Any, trial: Any, printed: Any
) -> None:
    trials = [trial(), trial(stage="final", value=None, state="failed", reason="given up")]
    ended = replace(search, finished_at=3.0, failure="given up: 5 workers")
    summary = summarise(ended, [stage("coarse", state="finished")], trials)
    assert (summary.finished, summary.failure, summary.result) == (
        True,
        "given up: 5 workers",
        None,
    )
    text = printed(show, summary)
    assert "\nIt has no test report: given up: 5 workers\n" in text
    assert "Test accuracy" not in text
    timed = replace(summary, objective=TimedStudy(search.study).objective)
    assert "\nIts last stage has no value: given up: 5 workers\n" in printed(show, timed)


def test_json_is_plain(search: Any, stage: Any, trial: Any) -> None:
    best = trial()
    done = stage("coarse", state="finished", best=best, boxes=({"learning_rate": [0.1]},))
    document = summarise(replace(search, result=REPORT), [done], [best]).to_json()
    plain = json.loads(json.dumps(document, allow_nan=False))
    assert plain["stages"][0]["best"] == {
        "number": 0,
        "value": 0.5,
        "parameters": {"learning_rate": 0.1},
    }
    assert plain["test"]["accuracies"] == [0.9, 0.95]


def test_of_a_search_that_minimises_the_least_is_best_in_its_own_words(
    search: Any, stage: Any, trial: Any, printed: Any
) -> None:
    timed = replace(search, study=TimedStudy(search.study), finished_at=1.0)
    trials = [
        trial(number=0, value=0.7),
        trial(number=1, value=0.25, parameters={"learning_rate": 0.25}),
        *reruns(trial, (0.25, 0.3), (0.25, 0.4)),
        trial(stage="final", number=0, value=0.2, parameters={"learning_rate": 0.25}),
    ]
    coarse = stage("coarse", state="finished", finished=8, best=trials[1])
    summary = summarise(timed, [coarse, stage("finalists")], trials)
    assert summary.best == trials[1]
    text = printed(show, summary)
    assert "best single 0.25 s at learning_rate 0.25" in text
    assert "Time                        0.25 s  (single, the shortest of 10 rounds)" in text
    assert "accuracy" not in text


def test_what_is_trained_now_is_told_with_how_far_it_is(
    search: Any, stage: Any, printed: Any
) -> None:
    held = [Training("coarse", n, "host/1/0", 1.0, 3, 10.0, 0.5 if n else None) for n in (0, 7)]
    summary = replace(summarise(search, [stage("coarse", state="open")], []), training=held)
    lines = [line.strip() for line in printed(show, summary).splitlines() if "now:" in line]
    assert lines == [
        "now: coarse #0, epoch 3 of 10, host/1/0",
        "now: coarse #7, epoch 3 of 10, 50.00 %, host/1/0",
    ]
