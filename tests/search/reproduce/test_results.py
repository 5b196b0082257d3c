"""Rows as the ledger has them: of finished searches, of the study as it is."""

from dataclasses import replace

import pytest

from search.ledger.ledger import Ledger
from search.reproduce.experiments import all_experiments, asked_for, order
from search.reproduce.results import results, seconds_at_work
from tests.search.reproduce.conftest import Rehearsal


@pytest.mark.long
def test_rows_stand_in_the_order_of_the_experiments(rehearsal: Rehearsal) -> None:
    places = [order(row.published.id) for row in rehearsal.found.rows]
    assert places == sorted(places)
    assert len(places) == sum(len(one.published) for one in all_experiments())


@pytest.mark.long
def test_searches_that_are_not_there_leave_their_rows_empty(
    rehearsal: Rehearsal, ledger: Ledger
) -> None:
    experiments = all_experiments()
    nothing = results(ledger, experiments, 1, rehearsed=True)
    assert (nothing.searches, nothing.seconds) == ((), 0)
    assert {(row.ours, row.seconds) for row in nothing.rows} == {((), None)}
    with Ledger(f"sqlite:///{rehearsal.folder}/klayer.db") as there:
        assert {row.ours for row in results(there, experiments, 1, rehearsed=False).rows} == {()}


@pytest.mark.long
def test_a_search_of_another_study_of_that_name_does_not_count(rehearsal: Rehearsal) -> None:
    one = asked_for(["A1"], all_experiments())[0]
    other = replace(one, study=one.study.model_copy(update={"seed": 7}))
    with Ledger(f"sqlite:///{rehearsal.folder}/klayer.db") as ledger:
        assert results(ledger, [one], 1, rehearsed=True).rows[0].ours
        assert results(ledger, [other], 1, rehearsed=True).rows[0].ours == ()


def test_before_there_is_a_database_all_rows_are_empty() -> None:
    rows = results(None, all_experiments(), 1, rehearsed=True).rows
    assert len(rows) > 28
    assert {row.ours for row in rows} == {()}


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([], 0),
        ([(10, 15)], 5),
        ([(0, 4), (1, 3), (2, 6)], 6),  # two workers at once
        ([(100, 110), (0, 5)], 15),  # a pause of 95 s between two runs
        ([(0, 5), (5, 8)], 8),
    ],
)
def test_the_time_in_which_anybody_trained(spans: list[tuple[float, float]], seconds: int) -> None:
    assert seconds_at_work(spans) == seconds
