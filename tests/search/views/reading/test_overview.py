"""How searches stand, in one line each."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from benchmarks.large_search import filling
from search.ledger.ledger import Ledger
from search.ledger.queries import Queries
from search.ledger.records import Presence, Search, Stint
from search.views.dashboard.pages.searches import state
from search.views.reading import overview
from search.views.reading.overview import Overview, Overviews
from tests.search.views.timed import TimedStudy


@pytest.fixture(autouse=True)
def _always_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(overview, "PACE_FRESH_SECONDS", 0.0)


@pytest.fixture
def going(ledger: Ledger) -> Iterator[Search]:
    return filling(ledger, 40, 10)


def only(ledger: Ledger) -> Overview:
    (one,) = Overviews(ledger).all()
    return one


def join(ledger: Ledger, search: Search) -> None:
    who = Presence("w1", "worker", "here", "m", 7, search.id, None, 60.0)
    ledger.join(who)


def test_the_pace_is_not_asked_for_again_and_again(
    ledger: Ledger, going: Iterator[Search], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts the reports of minutes, and each reader of a page asks each second."""
    monkeypatch.setattr(overview, "PACE_FRESH_SECONDS", 600.0)
    asked = [0]

    def stints(*_: object) -> list[Stint]:
        asked[0] += 1
        return []

    monkeypatch.setattr(Queries, "stints", stints)
    next(going)
    many = Overviews(ledger)
    many.all()
    many.all()
    assert asked == [1]


def test_a_database_without_a_search(ledger: Ledger) -> None:
    assert Overviews(ledger).all() == []


def test_from_its_record_to_its_end(ledger: Ledger, going: Iterator[Search]) -> None:
    search = next(going)
    began = only(ledger)
    assert (began.state, began.stage, began.best, began.workers) == ("waiting", "coarse", None, 0)
    assert began.left is None
    join(ledger, search)
    following = Overviews(ledger)
    following.all()
    list(islice(going, 3))
    (one,) = following.all()
    assert (one.state, one.stage, one.workers) == ("running", "coarse", 1)
    assert 0 < one.progress < 1
    assert 0 < one.finished < one.trials
    assert one.best is not None
    assert one.left is not None
    assert one.left > 0
    list(going)
    ended = only(ledger)
    assert (ended.state, ended.stage, ended.progress) == ("finished", None, 1.0)
    assert ended.finished == ended.trials
    assert ended.left is None
    tested = (ledger.read.again(search).result or {})["accuracies"][0]
    assert ended.evaluation is not None
    assert ended.evaluation.metric_text == f"{100 * tested:.2f} %"
    assert began.evaluation is not None
    assert (began.evaluation.metric_text, began.evaluation.note) == (
        "–",
        "read once, at the very end",
    )
    trials = ledger.read.trials(search)
    winner = next(t for t in trials if t.stage == "final" and t.number == 0)
    same = [t for t in trials if t.parameters == winner.parameters and t.stage != "final"]
    assert ended.best in [t for t in same if t.stage in ("coarse", "fine", "finest")]


def test_one_that_was_stopped_and_one_that_cannot_go_on(
    ledger: Ledger, going: Iterator[Search]
) -> None:
    search = next(going)
    ledger.stop(search)
    assert only(ledger).state == "stopped"
    ledger.take_up(search)
    ledger.fail(search, "all of them diverged")
    one = only(ledger)
    assert (one.state, one.failure) == ("failed", "all of them diverged")


def test_who_is_lost_does_not_work_on_it(ledger: Ledger, going: Iterator[Search]) -> None:
    search = next(going)
    ledger.join(Presence("w1", "worker", "here", "m", 7, search.id, None, -1.0))
    one = only(ledger)
    assert (one.state, one.workers, one.left) == ("waiting", 0, None)


def test_one_that_failed_at_its_end_still_grows_old(
    ledger: Ledger, going: Iterator[Search]
) -> None:
    *_, search = going
    ledger.fail(search, "no test report")
    one = only(ledger)
    assert one.state == "failed"
    ended = ledger.read.again(search).finished_at
    assert ended is not None
    assert one.age > ended - search.created_at


def test_nothing_is_read_again_within_a_second(
    ledger: Ledger, going: Iterator[Search], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "FRESH_SECONDS", 3600.0)
    next(going)
    following = Overviews(ledger)
    before = following.all()
    list(islice(going, 3))
    assert following.all() == before


def test_the_newest_is_first(ledger: Ledger) -> None:
    for name in ("one", "two"):
        next(filling(ledger, 40, 10, name))
    assert [one.name for one in Overviews(ledger).all()] == ["two", "one"]


def test_one_of_another_objective_has_its_words_and_no_evaluation(
    ledger: Ledger, going: Iterator[Search]
) -> None:
    *_, recorded = going
    study: Any = TimedStudy(recorded.study)
    search = replace(ledger.read.again(recorded), study=study, result=None)
    trial = next(t for t in ledger.read.trials(recorded) if t.state == "complete")
    best = replace(trial, value=0.25)
    one = overview.overview(search, ledger.read.stages(recorded), best, (), ledger.read.clock())
    rows = {label: (text, note) for label, text, note in overview.tiles(one)}
    assert list(rows) == ["State", "Trials", "Best single time"]
    assert rows["Best single time"][0] == "0.25 s"
    assert rows["Trials"][1].endswith("100 % of rounds")
    assert overview.evaluation_text(one) == "–"


def test_one_that_its_budget_has_cut_is_marked_in_the_list(
    ledger: Ledger, going: Iterator[Search]
) -> None:
    search = next(going)
    first, *rest = ledger.read.stages(search)
    ended = {"rule": "budget", "left_out": 6, "at": 1.0}
    stages = [replace(first, ended=ended, explanation="all of it\ncut after 2 trials"), *rest]
    one = overview.overview(search, stages, None, [], 1.0)
    assert one.cut == "cut after 2 trials"
    shown = str(state(one))
    assert "waits for a worker: coarse, cut by its budget" in shown
    assert "title='cut after 2 trials'" in shown
