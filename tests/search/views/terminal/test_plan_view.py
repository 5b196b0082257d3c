"""What a study would do, before it runs."""

from typing import Any

import pytest

from search.plan.plan import steps
from search.study.reading import load
from search.views.terminal.plan_view import outline, show, to_json
from search.workers import forecast


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time trainings no longer than must be: how exactly is for the forecast's own tests."""
    monkeypatch.setattr(forecast, "CALIBRATION_SECONDS", 0.0)


def test_every_stage_is_outlined_with_its_trials_and_epochs(study: Any) -> None:
    planned = outline(study, 2)
    assert [stage.step for stage in planned.stages] == list(steps(study))
    assert [stage.trials for stage in planned.stages] == [16, 8, 8, 6, 3]
    assert {stage.steps for stage in planned.stages} == {10}
    assert planned.seconds == sum(stage.seconds for stage in planned.stages) > 0
    assert to_json(planned)["stages"][0]["cohort_bytes"] == planned.stages[0].cohort_bytes > 10**6


def test_people_see_the_boxes_and_the_totals(study: Any, printed: Any) -> None:
    text = printed(show, outline(study, 2))
    assert text.startswith(f"digits: {study.description}\n")
    assert "1,200 training and 300 validation images; 50-50, seed 1" in text
    assert "learning_rate [0.0001, 1], log" in text
    assert "± 0.5 decade round the best of coarse and fine" in text
    assert "41 trials, about " in text
    assert "on 2 workers" in text
    assert "each worker needs about 1" in text


def test_widths_that_are_searched_are_not_told_as_those_of_the_file(printed: Any) -> None:
    stage = "stages=[{name='two', trials=4, box={layers=[1, 2], width_1=[10, 20]}}]"
    text = printed(show, outline(load("digits", [stage]), 1))
    assert "300 validation images; hidden layers as searched, seed 1" in text


def test_without_seeds_the_final_has_the_other_finalists_too(printed: Any) -> None:
    study = load("digits", ["final.finalists=3", "final.seeds=0"])
    text = " ".join(printed(show, outline(study, 2)).split())
    assert "the winner and 2 other finalists, trained anew; then the test accuracy, once" in text
    assert "fresh seeds" not in text


def test_trials_of_one_point_are_told(printed: Any) -> None:
    stage = "stages=[{name='two', trials=10, box={activation=['relu', 'elu']}}]"
    planned = outline(load("digits", [stage]), 1)
    told = "8 of 10 trials of two have the same point as another one, with seeds of their own"
    assert told in printed(show, planned)
    assert [stage["repeated"] for stage in to_json(planned)["stages"]] == [8, 0, 0]


def test_halving_is_told_with_the_epochs_in_all(printed: Any) -> None:
    study = load("digits", ["stages.coarse.halving={keep=0.25, at=[1, 4]}"])
    planned = outline(study, 2)
    assert planned.stages[0].steps_total == 16 * 1 + 4 * 3 + 1 * 6
    assert planned.stages[1].steps_total == 8 * 10
    text = printed(show, planned)
    assert "after 1 and 4 epochs the best 25 % of the stage go on" in text
    assert "up to 10; 34 in all" in text
    assert to_json(planned)["stages"][0]["steps_total"] == 34


def test_the_epochs_of_halved_cohorts_are_those_of_the_cohorts_that_are_planned(
    printed: Any,
) -> None:
    """Batch sizes part a stage: of 4 points alike and one of its own, that one is never dropped."""
    points = "[" + "{batch_size=50}, " * 4 + "{batch_size=100}]"
    halving = "{keep=0.25, at=[1, 4], among='cohort'}"
    stage = f"{{name='some', sampler='points', points={points}, halving={halving}}}"
    planned = outline(load("digits", [f"stages=[{stage}]", "final.finalists=1"]), 1)
    two_and_two = 2 * (2 * 1 + 1 * 3 + 1 * 6)
    assert planned.stages[0].steps_total == two_and_two + 10
    assert planned.stages[0].trials == 5
    assert f"up to 10; {two_and_two + 10} in all" in printed(show, planned)


def test_generations_are_told(printed: Any) -> None:
    learned = ["stages.coarse.sampler=tpe", "stages.coarse.trials=20"]
    study = load("digits", [*learned, "stages.coarse.generation=8"])
    planned = outline(study, 2)
    assert (planned.stages[0].sampler, planned.stages[0].trials) == ("tpe", 20)
    assert planned.stages[0].steps_total == 20 * 10
    assert "8 at a time, each time learning from those before" in printed(show, planned)
    assert to_json(planned)["study"]["stages"][0]["generation"] == 8


def test_json_has_the_same(study: Any) -> None:
    planned = outline(study, 3)
    document = to_json(planned)
    assert document["workers"] == 3
    assert document["seconds"] == planned.seconds
    assert [stage["box"] for stage in document["stages"]] == [s.box for s in planned.stages]


@pytest.mark.parametrize("hostile", ["[bold]x[/]", "[/]"])
def test_the_description_is_shown_as_it_is(printed: Any, hostile: str) -> None:
    study = load("digits", [f"description='so {hostile} far'"])
    assert f"so {hostile} far" in printed(show, outline(study, 1))


def test_a_stage_that_may_end_early_has_its_trials_at_most(study: Any, printed: Any) -> None:
    stage = "trials=12, box={learning_rate={low=0.01, high=0.1}}, stop={after=8, min_delta=0.001}"
    planned = outline(load("digits", [f"stages=[{{{stage}}}]", "final.finalists=1"]), 1)
    text = " ".join(printed(show, planned).split())
    assert "at most 12" in text
    assert "8 at a time" in text
    assert "ends where 8 trials in a row bring nothing that is better by more than 0.10 %" in text
    assert [one["at_most"] for one in to_json(planned)["stages"]][:2] == [True, False]
    assert "at most" not in printed(show, outline(study, 1))


def test_results_of_before_are_no_trials_to_come(printed: Any) -> None:
    box = "{learning_rate={low=0.01, high=0.1}}"
    past = f"{{sampler='results', results=[{{learning_rate=0.02, value=0.9}}], box={box}}}"
    fine = "{trials=4, zoom={rule='decades', decades=0.3}}"
    planned = outline(load("digits", [f"stages=[{past}, {fine}]", "final.finalists=1"]), 1)
    assert [stage.trials for stage in planned.stages][:2] == [1, 4]
    assert planned.stages[0].steps_total == 0
    text = " ".join(printed(show, planned).split())
    assert "trained before: listed in the study file" in text
    assert f"{sum(stage.trials for stage in planned.stages[1:])} trials, about" in text
