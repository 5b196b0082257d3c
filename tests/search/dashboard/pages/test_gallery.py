"""A picture is drawn once for all who look, and again when what it shows has changed."""

from collections.abc import Iterator

import pytest

from benchmarks.large_search import filling
from search.dashboard.pages import drawing, gallery
from search.dashboard.pages.address import Address
from search.dashboard.pages.drawing import Options
from search.dashboard.pages.gallery import Gallery
from search.dashboard.pages.shelf import Shelf
from search.digest import digest
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.records import Claim, Search
from search.outcome import EpochFigures

HERE = Address("search", ("large",))
UNASKED = Options()


@pytest.fixture(autouse=True)
def _always_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "FRESH_SECONDS", 0.0)


@pytest.fixture
def going(ledger: Ledger) -> Iterator[Search]:
    """A search that goes on by a cohort whenever it is asked to."""
    return filling(ledger, 40, 5)


def test_it_is_drawn_anew_when_trials_have_ended_and_not_before(
    ledger: Ledger, going: Iterator[Search]
) -> None:
    next(going)
    shown = Gallery(Shelf(ledger))
    first = shown.picture(HERE, "best", UNASKED, "light")
    assert shown.picture(HERE, "best", UNASKED, "light") is first
    assert shown.picture(HERE, "best", UNASKED, "dark") is not first
    assert shown.picture(HERE, "best-time", UNASKED, "light") is not first
    next(going)
    assert shown.picture(HERE, "best", UNASKED, "light").says != first.says


def test_epochs_change_the_curves_alone_that_somebody_asks_for(
    ledger: Ledger, going: Iterator[Search]
) -> None:
    search = next(going)
    claim = ledger.next_work(search, "slow")
    assert isinstance(claim, Claim)
    shown = Gallery(Shelf(ledger))
    asked = Options(second=f"coarse {claim.numbers[0]}")
    trial = Address("trial", ("large",), "coarse", claim.numbers[0])
    places = ((HERE, "zoom", UNASKED), (HERE, "curves-loss", asked), (trial, "trial-loss", UNASKED))
    before = [shown.picture(*place, "light") for place in places]
    versions = [shown.version(HERE), shown.version(HERE, growing=True), shown.version(trial)]
    figures = EpochFigures(1, 0.1, 1.1, 1.0, 0.5, 1.3, 1.2, 0.4)
    ledger.record_epochs(claim, dict.fromkeys(claim.numbers, figures))
    after = [shown.picture(*place, "light") for place in places]
    assert [a is b for a, b in zip(before, after, strict=True)] == [True, False, False]
    then = [shown.version(HERE), shown.version(HERE, growing=True), shown.version(trial)]
    assert [a == b for a, b in zip(versions, then, strict=True)] == [True, False, False]


def test_few_are_kept(
    ledger: Ledger, going: Iterator[Search], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "KEPT", 3)
    list(going)
    shown = Gallery(Shelf(ledger))
    for key in ("zoom", "best", "widths", "parallel", "zoom"):
        shown.picture(HERE, key, UNASKED, "light")
        assert len(shown._kept) <= 3


def test_what_cannot_be_drawn_says_so_and_a_database_that_fails_is_told(
    ledger: Ledger, going: Iterator[Search], monkeypatch: pytest.MonkeyPatch
) -> None:
    next(going)
    shown = Gallery(Shelf(ledger))
    none = shown.picture(Address("search", ("none",)), "zoom", UNASKED, "light")
    assert none.size == "picture empty"
    assert "no search" in none.figure.to_json()

    def failing(*_: object) -> None:
        raise DatabaseFaultError("the database is away")

    monkeypatch.setattr(drawing, "draw", failing)
    with pytest.raises(DatabaseFaultError):
        shown.picture(HERE, "zoom", UNASKED, "light")
