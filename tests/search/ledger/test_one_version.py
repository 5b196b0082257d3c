"""Who may work on a search: those of its version, on tables of the revision that they know."""

from collections.abc import Callable

import pytest

from search.errors import LedgerError
from search.ledger import ledger as module
from search.ledger import one_version
from search.ledger.ledger import Ledger
from search.ledger.one_version import OtherVersionError
from search.ledger.records import CohortClaim, PlanningClaim, Presence, Search
from search.runtime.environment import code_version
from tests.search.ledger.conftest import Alter, open_stage, worth

OLDER = "0.0.9 (8070597abc)"


@pytest.fixture
def be(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets this process be of another version."""

    def become(version: str) -> None:
        monkeypatch.setattr(one_version, "code_version", lambda: version)
        monkeypatch.setattr(module, "code_version", lambda: version)

    return become


def worker(search: Search | None, klayer: str) -> Presence:
    key = None if search is None else search.id
    return Presence("w", "worker", "north", "m", 1, key, None, 60.0, klayer=klayer)


def test_a_worker_of_another_version_gets_no_work_and_is_told_which_one(
    ledger: Ledger, search: Search, be: Callable[[str], None]
) -> None:
    assert search.klayer == code_version()
    open_stage(ledger, search)
    claim = ledger.next_work(search, "same")
    assert isinstance(claim, CohortClaim)
    be(OLDER)
    with pytest.raises(OtherVersionError) as refused:
        ledger.next_work(search, "older")
    assert str(refused.value) == (
        f"digits: klayer {code_version()} works on this search, and this is klayer {OLDER}: "
        "install that version here, or stop its workers and let this version take the search up "
        "with `klayer run` or `klayer submit`"
    )
    with pytest.raises(OtherVersionError):
        ledger.read.has_work(search, "older")
    be(code_version())
    ledger.hand_in(claim, worth(claim))  # what was claimed before is not touched


def test_each_claim_looks_at_the_revision_of_the_tables(
    ledger: Ledger, search: Search, alter: Alter
) -> None:
    """They may have been upgraded since this process opened them."""
    open_stage(ledger, search)
    alter("UPDATE klayer_alembic_version SET version_num = '9999'")
    try:
        with pytest.raises(OtherVersionError, match="the database of digits: its tables are of"):
            ledger.next_work(search, "idle since then")
    finally:  # the tables are those of other tests as well
        alter("UPDATE klayer_alembic_version SET version_num = '0001'")
    assert isinstance(ledger.next_work(search, "again"), CohortClaim)


def test_who_takes_a_search_up_lets_its_own_version_work_on_it(
    ledger: Ledger, search: Search, be: Callable[[str], None]
) -> None:
    be(OLDER)
    ledger.join(worker(None, code_version()))  # waits, and serves all: it will pass this one over
    ledger.take_up(search)
    assert ledger.read.again(search).klayer == OLDER
    assert isinstance(ledger.next_work(search, "older"), PlanningClaim)


@pytest.mark.parametrize("how", ["it serves the search", "it holds a cohort", "it plans"])
def test_nobody_takes_a_search_up_that_another_version_is_at_work_on(
    ledger: Ledger, search: Search, be: Callable[[str], None], how: str
) -> None:
    if how != "it plans":
        open_stage(ledger, search)
    serves = search if how == "it serves the search" else None
    ledger.join(worker(serves, code_version()))
    if serves is None:
        ledger.next_work(search, "w")
    be(OLDER)
    with pytest.raises(LedgerError) as refused:
        ledger.take_up(search)
    assert str(refused.value) == (
        f"digits: klayer {code_version()} is at work on this search, on north, and this is klayer "
        f"{OLDER}: install that version here, or stop its workers first: klayer stop digits"
    )
    assert ledger.read.again(search).klayer == code_version()
