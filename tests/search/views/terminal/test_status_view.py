"""All searches of a database, a line each."""

from dataclasses import replace
from typing import Any

import pytest

from search.objective.data_card import DataCard
from search.study.reading import load
from search.views.terminal.status_view import show
from search.views.terminal.summary import Summary

OBJECTIVE = load("digits").objective
RESULT = {
    "accuracies": (0.9, 0.95),
    "snapshot_ensemble": None,
    "finalist_ensemble": None,
    "rows": 297,
}


def summary(stages: tuple[Any, ...], **changes: Any) -> Summary:
    """A search that is under way, with other attributes where said."""
    values: dict[str, Any] = {"best": None, "spread": None, "result": None, "failure": None}
    values |= {"finished": False, "stopped": False, "failures": {}}
    values |= {"data": DataCard("digits", "f" * 64)}
    return Summary(name="mine", objective=OBJECTIVE, stages=stages, **(values | changes))


def test_an_empty_database_says_how_to_fill_it(printed: Any) -> None:
    assert printed(show, []) == "No search is recorded here yet; `klayer run digits` makes one.\n"


def test_a_search_under_way_shows_its_stage_and_its_best(
    stage: Any, trial: Any, printed: Any
) -> None:
    stages = (
        stage("coarse", state="finished", finished=8),
        stage("fine", state="open", finished=2),
    )
    header, row = printed(show, [summary(stages, best=trial(), workers=2)]).splitlines()
    assert " ".join(header.split()) == "search state trials best single value at test"
    assert " ".join(row.split()) == "mine in fine 10/16 50.00 % learning_rate 0.1 –"


def test_a_finished_search_shows_its_test_accuracy(stage: Any, trial: Any, printed: Any) -> None:
    done = summary((), best=trial(), result=RESULT, finished=True)
    _, row = printed(show, [done]).splitlines()
    assert row.split()[:3] == ["mine", "finished", "0/0"]
    assert row.split()[-2:] == ["90.00", "%"]


@pytest.mark.parametrize("hostile", ["[bold]x[/]", "[/]"])
def test_parameters_are_shown_as_they_are(trial: Any, printed: Any, hostile: str) -> None:
    best = trial(parameters={"activation": hostile})
    assert f"activation {hostile}" in printed(show, [summary((), best=best)])


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"stopped": True}, "stopped in fine"),
        ({}, "waits for a worker in fine"),
        ({"failure": "no plan"}, "failed in fine"),
        ({"failure": "no plan", "stopped": True}, "failed in fine"),
    ],
)
def test_a_search_that_stands_still_says_so_and_where(
    stage: Any, printed: Any, changes: dict[str, Any], state: str
) -> None:
    stages = (stage("coarse", state="finished", finished=8), stage("fine", state="open"))
    _, row = printed(show, [summary(stages, **changes)]).splitlines()
    assert " ".join(row.split()).startswith(f"mine {state} 8/16")


def test_a_search_that_ended_without_its_test_says_so(stage: Any, trial: Any, printed: Any) -> None:
    stages = (stage("final", state="finished", trials=1, finished=1, failed=1),)
    ended = summary(stages, finished=True, failure="given up")
    _, row = printed(show, [replace(ended, best=trial())]).splitlines()
    assert row.split()[1:4] == ["finished,", "not", "tested"]
    _, row = printed(show, [ended]).splitlines()
    assert " ".join(row.split()) == "mine finished, no result 1/1 – –"


def test_a_search_that_its_budget_has_cut_is_marked(stage: Any, trial: Any, printed: Any) -> None:
    ended = {"rule": "budget", "left_out": 6, "at": 1.0}
    stages = (stage("coarse", state="finished", finished=2, ended=ended),)
    _, row = printed(show, [summary(stages, finished=True, best=trial())]).splitlines()
    assert " ".join(row.split()).startswith("mine finished, cut by its budget 2/8")
