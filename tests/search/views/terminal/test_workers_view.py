"""Who works, for people and for scripts."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from search.ledger.records import WorkerState
from search.views.terminal.workers_view import show, to_json

NOW = 1000.0
TRAINING = WorkerState(
    name="north/1a2b/0",
    kind="worker",
    host="north",
    process=4711,
    search="digits",
    started_at=NOW - 3800,
    seen_at=NOW - 4.2,
    lost=False,
    work="coarse #0 to #3",
    working_on="digits",
    since=NOW - 41.7,
    klayer="0.1.0",
)
WAITING = replace(TRAINING, name="south/9", search=None, work=None, working_on=None, since=None)


def rows(printed: Any, *workers: WorkerState) -> list[str]:
    """The lines of the table behind its head, with single blanks."""
    text = printed(show, list(workers), NOW, None)
    return [" ".join(line.split()) for line in text.splitlines()[1:]]


@pytest.mark.parametrize(("name", "on"), [(None, ""), ("digits", " on digits")])
def test_where_nobody_works_it_says_who_would(printed: Any, name: str | None, on: str) -> None:
    text = printed(show, [], NOW, name)
    assert text == f"Nobody works{on}; `klayer worker` and `klayer run` do.\n"


def test_who_works_is_told_with_what_and_since_when(printed: Any) -> None:
    head = printed(show, [TRAINING], NOW, None).splitlines()[0]
    assert " ".join(head.split()) == "worker host process serves works on for seen up"
    (row,) = rows(printed, TRAINING)
    assert row == ("north/1a2b/0 north 4711 digits digits: coarse #0 to #3 42 s 4 s ago 1:03:20")


def test_who_waits_serves_all_and_who_watches_is_told(printed: Any) -> None:
    launcher = replace(WAITING, kind="launcher", search="digits")
    waits, watches = rows(printed, WAITING, launcher)
    assert waits == "south/9 north 4711 all waits 4 s ago 1:03:20"
    assert watches == "south/9 north 4711 digits starts and watches workers 4 s ago 1:03:20"


def test_who_has_a_clock_that_is_ahead_is_not_seen_just_now(printed: Any) -> None:
    ahead, nearly = rows(
        printed, replace(WAITING, seen_at=NOW + 7200), replace(WAITING, seen_at=NOW + 0.3)
    )
    assert " waits by a clock that is 2:00:00 ahead " in ahead
    assert " waits 0 s ago " in nearly


def test_versions_are_shown_where_there_are_several(printed: Any) -> None:
    older = replace(WAITING, klayer="0.0.9 (8070597abc)")
    newer, old = rows(printed, TRAINING, older)
    assert newer.endswith("1:03:20 0.1.0")
    assert old.endswith("1:03:20 0.0.9 (8070597abc)")


def test_who_was_lost_is_told_with_what_it_held(printed: Any) -> None:
    (row,) = rows(printed, replace(TRAINING, lost=True))
    assert "coarse #0 to #3 42 s lost 1:03:16" in row


def test_who_plans_has_no_time_for_it(printed: Any) -> None:
    (row,) = rows(printed, replace(TRAINING, work="planning fine", since=None))
    assert "digits: planning fine 4 s ago" in row


@pytest.mark.parametrize("hostile", ["[bold]x[/]", "[/]"])
def test_names_are_shown_as_they_are(printed: Any, hostile: str) -> None:
    (row,) = rows(printed, replace(TRAINING, name=hostile, host=hostile))
    assert row.startswith(f"{hostile} {hostile} 4711")


def test_scripts_get_the_same() -> None:
    document = json.loads(json.dumps(to_json([TRAINING, WAITING]), allow_nan=False))
    assert [list(one) for one in document] == [[field.name for field in fields(WorkerState)]] * 2
    assert document[0]["work"] == "coarse #0 to #3"
    assert document[1]["search"] is None
