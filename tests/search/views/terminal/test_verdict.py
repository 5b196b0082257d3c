"""The three questions as they are answered, at each point of a search's life."""

from dataclasses import replace
from typing import Any

from search.ledger import DEFAULT_STORAGE
from search.objective.data_card import DataCard
from search.views.terminal.verdict import IMPROVING, NEXT, SURE, verdict, where


def told(search: Any, stages: Any, trials: Any, clock: float = 100.0) -> dict[str, str]:
    valued = [one for one in trials if one.value is not None]
    best = max(valued, key=lambda one: one.value, default=None)
    return dict(verdict(search, stages, trials, best, clock, " --storage sqlite:///x.db"))


def test_before_a_trial_it_says_what_comes_alone(search: Any, stage: Any) -> None:
    assert told(search, [stage("coarse")], []) == {
        NEXT: "coarse, 8 trials, in learning_rate [0.0001, 1], weight_decay [1e-06, 0.1]"
    }


def test_a_search_that_goes_on(search: Any, stage: Any, trial: Any) -> None:
    trials = [
        trial(
            id=n, number=n, value=v, finished_at=float(n), parameters={"learning_rate": 0.1 + n / 9}
        )
        for n, v in enumerate((0.9, 0.89, 0.5))
    ]
    held = replace(search, data=DataCard("digits", "f" * 64, held_out=900))
    rows = told(held, [stage("coarse", state="open"), stage("fine")], trials)
    assert rows[SURE] == (
        "2 of 3 configurations lie within 2.00 % of its best single value (two standard errors "
        "of 900 validation rows), so they are one group"
    )
    assert rows[IMPROVING] == "it may: 90.00 % was set by coarse #0, 2 trials and 1 min ago"
    assert rows[NEXT].startswith("fine, 8 trials, if planned now in learning_rate [0.0")
    lowest = replace(trials[0], parameters={"learning_rate": 0.0101})
    rows = told(held, [stage("coarse", state="open"), stage("final")], [lowest])
    assert rows[NEXT].endswith(
        "final, 8 trials. The best has learning_rate at its low edge 0.01: better ones may lie "
        "beyond"
    )


def test_a_finished_one_says_how_much_was_luck(search: Any, stage: Any, trial: Any) -> None:
    reruns = [trial(id=9 + n, stage="finalists", number=n, value=0.8 + n / 50) for n in (0, 1)]
    ended = replace(search, finished_at=5.0)
    rows = told(ended, [stage("coarse", state="finished")], [trial(value=0.9), *reruns])
    assert rows[SURE] == (
        "81.00 % ± 1.41 over 2 fresh seeds: 9.00 % of its best single value was luck"
    )
    assert rows[IMPROVING] == "90.00 % was set by coarse #0, trial 1 of 1"
    assert "klayer report digits --storage sqlite:///x.db --output digits.html" in rows[NEXT]


def test_a_winner_that_did_not_set_the_best_is_named(search: Any, stage: Any, trial: Any) -> None:
    ended, stages = replace(search, finished_at=5.0), [stage("coarse", state="finished")]
    first, winner = trial(value=0.9), trial(id=2, number=1, value=0.9)
    said = dict(verdict(ended, stages, [first, winner], winner, 9.0))[IMPROVING]
    assert said == (
        "90.00 % was set by coarse #0, trial 1 of 2; coarse #1 reached it too, and is chosen over "
        "fresh seeds"
    )
    poorer = replace(winner, value=0.8)
    said = dict(verdict(ended, stages, [first, poorer], poorer, 9.0))[IMPROVING]
    assert said.endswith("trial 1 of 2; over fresh seeds coarse #1 is better")


def test_a_finished_one_with_failed_trials_names_the_way_to_train_them(
    search: Any, stage: Any, trial: Any
) -> None:
    ended = replace(search, finished_at=5.0)
    broken = trial(value=None, state="failed", reason="no licence")
    rows = told(ended, [stage("coarse", state="finished", failed=1)], [broken])
    assert rows[NEXT] == (
        "1 trial failed; klayer retry digits --storage sqlite:///x.db lets them be trained again"
    )


def test_a_stopped_one_and_failed_ones_are_told_a_command(
    search: Any, stage: Any, trial: Any
) -> None:
    rows = told(replace(search, stopped_at=2.0), [stage("coarse")], [])
    assert rows[NEXT].startswith("klayer run digits --storage sqlite:///x.db goes on; then coarse")
    begun = [stage("coarse", state="open", finished=5), stage("fine")]
    rows = told(replace(search, stopped_at=2.0), begun, [])
    assert "goes on with 3 trials of coarse; then fine, 8 trials" in rows[NEXT]
    rows = told(replace(search, stopped_at=2.0), begun[:1], [])
    assert rows[NEXT].endswith("goes on with 3 trials of coarse")
    failed = replace(search, failure="cannot zoom")
    diverged = trial(value=None, state="diverged", reason="the cost was infinite")
    assert told(failed, [stage("coarse")], [diverged])[NEXT] == (
        "it cannot go on by itself; klayer run digits --storage sqlite:///x.db --name digits-2 "
        "--set stages.coarse.box.learning_rate.high=0.01 searches lower ones"
    )
    broken = replace(diverged, state="failed")
    assert "klayer retry digits --storage" in told(failed, [stage("coarse")], [broken])[NEXT]


def test_no_command_is_told_that_would_be_refused(search: Any, stage: Any, trial: Any) -> None:
    """A grid has the trials that it has; a stage of several boxes has no one range to lower."""
    study, last = search.study, search.study.stages[-1]
    grid = study.model_copy(
        update={"stages": (*study.stages[:-1], last.model_copy(update={"sampler": "grid"}))}
    )
    for which, more in ((study, True), (grid, False)):
        ended = replace(search, study=which, finished_at=5.0)
        rows = told(ended, [stage("coarse", state="finished")], [trial(value=0.9)])
        assert (
            f"klayer extend digits --storage sqlite:///x.db --trials {last.trials}" in rows[NEXT]
        ) is more
    first = study.stages[0]
    boxes = study.model_copy(
        update={"stages": (first.model_copy(update={"boxes": first.boxes * 2}), *study.stages[1:])}
    )
    failed = replace(search, study=boxes, failure="cannot zoom")
    assert (
        "--set KEY=VALUE"
        in told(failed, [stage("coarse")], [trial(value=None, state="diverged")])[NEXT]
    )


def test_the_usual_database_needs_no_option() -> None:
    assert where(DEFAULT_STORAGE) == ""
    assert where("sqlite:///a b.db") == " --storage 'sqlite:///a b.db'"
