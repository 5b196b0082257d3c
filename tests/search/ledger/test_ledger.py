"""The ledger's contract: searches are recorded, stopped, taken up, and come to their end.

Every test with a fixture `storage` runs against each kind of database. test_claims.py has what is
promised of claims, test_results.py of results, test_ledger_at_once.py of many at once.
"""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from search.errors import LedgerError
from search.ledger.claims import MOST_LOST, Finished, LostLeaseError
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, PlanningClaim, Search, TrialResult
from search.objective.data_card import DataCard
from search.objective.report import Evaluation, Report
from search.plan.plan import expected_trials, steps
from search.study.file import Study
from search.study.reading import load
from tests.search.ledger.conftest import Alter

OpenNext = Callable[..., PlanningClaim]
ClaimNext = Callable[..., CohortClaim]
Outcomes = Callable[[CohortClaim], list[TrialResult]]
Figures = Callable[[int, float], Report]

EVALUATION = Evaluation({"values": [0.1 + 0.2, None], "rows": 297}, (0.1 + 0.2, None))


# --- searches -----------------------------------------------------------------------------------


def test_the_whole_data_card_comes_back(ledger: Ledger, study: Study) -> None:
    card = DataCard("own", "e" * 64, 100, 20, 12, (3, 4), "classification", ("cat", "Föhn"))
    assert ledger.record(study, "", card, {}).data == card
    assert ledger.read.search("digits").data == card


def test_a_search_is_recorded_once_and_read_back_as_it_was(
    ledger: Ledger, search: Search, study: Study
) -> None:
    again = ledger.record(study, "# other comments\n", DataCard("digits", "f" * 64), {"numpy": "3"})
    assert again == search
    assert search.study == study
    assert search.environment == {"numpy": "2"}
    assert (search.data, search.data_fingerprint) == (DataCard("digits", "f" * 64), "f" * 64)
    assert (search.finished_at, search.stopped_at, search.failure) == (None, None, None)
    assert ledger.read.text(search) == "# as written\n"
    assert ledger.read.names() == ["digits"]
    assert ledger.read.search_by_id(search.id) == search
    assert abs(ledger.read.clock() - time.time()) < 5
    assert abs(search.created_at - time.time()) < 60


OWN = """\
[objective]
kind = "command"
command = ["./train"]
[hyperparameters]
rate = {low = 1e-3, high = 1e-1}
[[metrics]]
name = "loss"
direction = "minimize"
[[stages]]
trials = 1
"""


def test_relative_paths_start_from_where_a_study_is_taken_up(
    ledger: Ledger, tmp_path: Path
) -> None:
    found = []
    for folder in (tmp_path / "here", tmp_path / "there"):
        folder.mkdir()
        (folder / "own.toml").write_text(OWN)
        study = load(str(folder / "own.toml"))
        recorded = ledger.record(study, OWN, study.objective.card, {})
        ledger.take_up(recorded, study)
        found.append(ledger.read.again(recorded))
    assert [one.study.objective.base for one in found] == [
        str(tmp_path / "here"),
        str(tmp_path / "there"),
    ]
    assert found[0] == found[1]
    ledger.take_up(found[1])
    assert ledger.read.search("own").study.objective.base == str(tmp_path / "there")


def test_a_study_that_changed_is_refused_with_what_changed(ledger: Ledger, search: Search) -> None:
    changed = load("digits", ["stages.coarse.trials=7", "stages.fine.trials=3", "seed=9"])
    with pytest.raises(LedgerError) as caught:
        ledger.record(changed, "", DataCard("digits", "f" * 64), {})
    message = str(caught.value)
    assert "seed: 1 before, 9 now" in message
    assert "stages.coarse.trials: 6 before, 7 now" in message
    assert "stages.fine.trials" not in message
    assert "--name" in message
    assert "--storage" in message
    assert ledger.read.search("digits") == search


def test_other_images_are_refused(ledger: Ledger, search: Search, study: Study) -> None:
    with pytest.raises(LedgerError, match=r"other data .*ffffffffffff.*000000000000"):
        ledger.record(study, "", DataCard("digits", "0" * 64), {})


def test_an_unknown_name_is_answered_with_those_that_there_are(
    ledger: Ledger, search: Search
) -> None:
    with pytest.raises(LedgerError, match=r"digit: no search .* there is digits"):
        ledger.read.search("digit")


def test_no_name_at_all_is_answered_too(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="there is none yet"):
        ledger.read.search("digits")


def test_a_key_of_no_search_is_refused(ledger: Ledger, search: Search) -> None:
    with pytest.raises(LedgerError, match=r"the search that had the key .* is gone"):
        ledger.read.search_by_id(search.id + 1)


# --- stopped, failed, taken up --------------------------------------------------------------------


def test_open_searches_are_those_with_work_the_oldest_first(ledger: Ledger, search: Search) -> None:
    second = ledger.record(load("digits", ['name="a"']), "", DataCard("digits", "f" * 64), {})
    third = ledger.record(load("digits", ['name="b"']), "", DataCard("digits", "f" * 64), {})
    assert ledger.read.open_searches() == [search.id, second.id, third.id]
    assert ledger.read.open_searches("a") == [second.id]
    assert ledger.read.open_searches("nobody") == []
    ledger.stop(search)
    ledger.fail(second, "nothing to zoom into")
    assert ledger.read.open_searches() == [third.id]
    assert ledger.read.open_searches("a") == []


def test_a_stopped_search_has_no_work_until_it_is_taken_up(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, figures: Figures
) -> None:
    open_next(2)
    claim = claim_next("a")
    assert not ledger.record_reports(claim, {n: figures(1, 0.5) for n in claim.numbers})
    ledger.stop(search)
    stopped_at = ledger.read.again(search).stopped_at
    assert stopped_at == pytest.approx(ledger.read.clock(), abs=30)
    assert ledger.next_work(search, "b") == Finished()
    assert ledger.record_reports(claim, {n: figures(2, 0.5) for n in claim.numbers})  # stop, please
    ledger.release(claim)
    ledger.stop(search)
    assert ledger.read.again(search).stopped_at == stopped_at  # once is enough
    ledger.take_up(search)
    assert ledger.read.again(search) == search
    assert claim_next("b").numbers == claim.numbers


def test_what_was_trained_when_a_search_was_stopped_is_taken(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    open_next(1)
    claim = claim_next("a")
    ledger.stop(search)
    ledger.hand_in(claim, outcomes(claim))
    assert {one.state for one in ledger.read.trials(search)} == {"complete"}
    assert ledger.next_work(search, "a") == Finished()
    ledger.take_up(search)
    assert isinstance(ledger.next_work(search, "a"), PlanningClaim)


def test_a_search_that_cannot_go_on_says_why_until_it_is_taken_up(
    ledger: Ledger, search: Search
) -> None:
    ledger.fail(search, "all trials diverged")
    found = ledger.read.again(search)
    assert (found.failure, found.finished_at) == ("all trials diverged", None)
    assert ledger.next_work(search, "a") == Finished()
    ledger.take_up(search)
    assert ledger.read.again(search) == search
    assert isinstance(ledger.next_work(search, "a"), PlanningClaim)


def test_who_no_longer_plans_a_search_cannot_say_that_it_failed(
    ledger: Ledger, search: Search
) -> None:
    late = ledger.next_work(search, "late", -1.0)
    prompt = ledger.next_work(search, "prompt")
    assert isinstance(late, PlanningClaim)
    assert isinstance(prompt, PlanningClaim)
    with pytest.raises(LostLeaseError):
        ledger.fail(search, "no plan", late)
    assert ledger.read.again(search).failure is None
    ledger.fail(search, "no plan", prompt)
    assert ledger.read.again(search).failure == "no plan"


# --- from stage to stage ----------------------------------------------------------------------


def come_to_the_final(
    ledger: Ledger, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    """Every stage before the final is finished, and the final is planned."""
    for expected in ("coarse", "fine", "finest", "finalists", "final"):
        assert open_next(1).stage.name == expected
        for _ in range({"finalists": 2, "final": 0}.get(expected, 1)):  # a cohort a fresh seed
            claim = claim_next("a")
            ledger.hand_in(claim, outcomes(claim))


def test_stages_follow_each_other_to_the_end(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    come_to_the_final(ledger, open_next, claim_next, outcomes)
    assert ledger.read.open_searches() == [search.id]
    claim = claim_next("a")
    ledger.hand_in(claim, outcomes(claim), EVALUATION)
    assert ledger.read.open_searches() == []
    assert ledger.next_work(search, "a") == Finished()
    stages = ledger.read.stages(search)
    assert [stage.state for stage in stages] == ["finished"] * 5
    assert [stage.trials for stage in stages] == [
        expected_trials(search.study, step) for step in steps(search.study)
    ]
    found = ledger.read.search("digits")
    assert found.finished_at is not None
    assert found.failure is None
    assert found.result == {"values": [0.1 + 0.2, None], "rows": 297}


def test_a_finished_search_is_neither_stopped_nor_taken_up(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    come_to_the_final(ledger, open_next, claim_next, outcomes)
    claim = claim_next("a")
    ledger.hand_in(claim, outcomes(claim), EVALUATION)
    finished = ledger.read.again(search)
    ledger.stop(search)
    ledger.take_up(search)
    assert ledger.read.again(search) == finished


def test_a_final_that_is_given_up_ends_the_search_without_a_report(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext, outcomes: Outcomes
) -> None:
    come_to_the_final(ledger, open_next, claim_next, outcomes)
    for place in range(MOST_LOST):
        claim_next(f"lost {place}", -1.0)
    assert ledger.next_work(search, "next") == Finished()
    found = ledger.read.again(search)
    assert found.finished_at is not None
    assert found.result is None
    assert "8 workers, one after another, were killed or failed" in str(found.failure)
    assert ledger.read.stages(search)[-1].failed == 2
    ledger.take_up(search)  # there is nothing to go on with
    assert ledger.read.again(search) == found
    assert ledger.read.open_searches() == []


def test_two_searches_in_one_database_do_not_touch(
    ledger: Ledger, search: Search, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    open_next(1)
    other = ledger.record(load("digits", ['name="second"']), "", DataCard("digits", "f" * 64), {})
    assert isinstance(ledger.next_work(other, "b"), PlanningClaim)
    ledger.hand_in(claim_next("a"), [TrialResult(n, 0.5) for n in range(6)])
    assert ledger.read.trials(other) == []
    assert ledger.read.names() == ["digits", "second"]
    assert ledger.read.stages(other)[0].state == "planning"
    ledger.stop(search)
    assert ledger.read.again(other) == other


# --- faults of the database ---------------------------------------------------------------------


@pytest.mark.parametrize("what", ["reading", "writing"])
def test_a_database_that_fails_is_one_message_and_what_it_holds_is_kept(
    ledger: Ledger,
    search: Search,
    kind: str,
    shown: str,
    alter: Alter,
    open_next: OpenNext,
    claim_next: ClaimNext,
    figures: Figures,
    what: str,
) -> None:
    open_next(1)
    claim = claim_next("a")
    use: dict[str, Callable[[], object]] = {
        "reading": lambda: ledger.read.curves(search),
        "writing": lambda: ledger.record_reports(claim, {0: figures(1, 0.5)}),
    }
    alter("ALTER TABLE klayer_reports RENAME TO elsewhere")
    try:
        with pytest.raises(DatabaseFaultError) as caught:
            use[what]()
    finally:
        alter("ALTER TABLE elsewhere RENAME TO klayer_reports")
    said = {
        "sqlite": "no such table: klayer_reports",
        "postgresql": 'relation "klayer_reports" does not exist',
    }
    assert str(caught.value) == (
        f"{shown}: the database failed: {said[kind]}. What it holds is kept; "
        "once the cause is mended, the same command goes on"
    )
    assert not caught.value.passing
    assert {one.state for one in ledger.read.trials(search)} == {"running"}
    use[what]()
