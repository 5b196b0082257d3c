"""A plot is drawn once for all who look, and again when what it shows has changed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from benchmarks.large_search import filling
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, Search
from search.study.reading import load
from search.views.dashboard.pages import drawing, gallery
from search.views.dashboard.pages.address import Address
from search.views.dashboard.pages.drawing import Options
from search.views.dashboard.pages.gallery import Gallery
from search.views.dashboard.pages.shelf import Shelf
from search.views.plots.catalogue import entries
from search.views.plots.entry import Entry
from search.views.plots.plot import Plot
from search.views.reading import digest
from tests.search.views.plots.made import curve

CATALOGUE = entries(load("digits").objective)

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
    first = shown.plot(HERE, "best", UNASKED, "light")
    assert shown.plot(HERE, "best", UNASKED, "light") is first
    assert shown.plot(HERE, "best", UNASKED, "dark") is not first
    assert shown.plot(HERE, "best-time", UNASKED, "light") is not first
    next(going)
    assert shown.plot(HERE, "best", UNASKED, "light").caption != first.caption


def test_epochs_change_the_curves_alone(ledger: Ledger, going: Iterator[Search]) -> None:
    search = next(going)
    claim = ledger.next_work(search, "slow")
    assert isinstance(claim, CohortClaim)
    shown = Gallery(Shelf(ledger))
    asked = Options(second=f"coarse {claim.numbers[0]}")
    trial = Address("trial", ("large",), "coarse", claim.numbers[0])
    places = (
        (HERE, "zoom", UNASKED),
        (HERE, "curves-loss", asked),
        (HERE, "curves-loss", UNASKED),
        (trial, "trial-loss", UNASKED),
    )
    before = [shown.plot(*place, "light") for place in places]
    versions = [shown.version(HERE), shown.version(HERE, asked), shown.version(trial)]
    (report,) = curve(0.5, 1)
    ledger.record_reports(claim, dict.fromkeys(claim.numbers, report))
    after = [shown.plot(*place, "light") for place in places]
    assert [a is b for a, b in zip(before, after, strict=True)] == [True, *[False] * 3]
    assert "1 trial in training" not in str(before[2].caption)
    assert f"{len(claim.numbers)} trials in training" in str(after[2].caption)
    then = [shown.version(HERE), shown.version(HERE, asked), shown.version(trial)]
    assert [a == b for a, b in zip(versions, then, strict=True)] == [True, False, False]


def test_few_are_kept(
    ledger: Ledger, going: Iterator[Search], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "KEPT", 3)
    list(going)
    shown = Gallery(Shelf(ledger))
    keys = ("zoom", "best", "widths", "parallel", "importance")
    drawn = [shown.plot(HERE, key, UNASKED, "light") for key in keys]
    again = [shown.plot(HERE, key, UNASKED, "light") for key in keys[-3:]]
    assert [a is b for a, b in zip(drawn[-3:], again, strict=True)] == [True] * 3
    assert len(shown._kept) == 3


def test_what_cannot_be_drawn_says_so_and_a_database_that_fails_is_told(
    ledger: Ledger, going: Iterator[Search], monkeypatch: pytest.MonkeyPatch
) -> None:
    next(going)
    shown = Gallery(Shelf(ledger))
    none = shown.plot(Address("search", ("none",)), "zoom", UNASKED, "light")
    assert none.size == "plot-frame empty"
    assert "no search" in none.figure

    def failing(*_: object) -> None:
        raise DatabaseFaultError("the database is away")

    monkeypatch.setattr(drawing, "draw", failing)
    with pytest.raises(DatabaseFaultError):
        shown.plot(HERE, "zoom", UNASKED, "light")


def test_plots_of_a_finished_trial_stay_while_others_are_trained(
    ledger: Ledger, going: Iterator[Search]
) -> None:
    next(going)
    search = next(going)
    ended = next(t for t in ledger.read.trials(search) if t.finished_at is not None)
    claim = ledger.next_work(search, "slow")
    assert isinstance(claim, CohortClaim)
    shown = Gallery(Shelf(ledger))
    trial = Address("trial", ("large",), ended.stage, ended.number)
    before = shown.plot(trial, "trial-loss", UNASKED, "light")
    (report,) = curve(0.5, 1)
    ledger.record_reports(claim, dict.fromkeys(claim.numbers, report))
    assert shown.plot(trial, "trial-loss", UNASKED, "light") is before


def test_many_who_ask_at_once_wait_for_one_drawing(
    ledger: Ledger, going: Iterator[Search], monkeypatch: pytest.MonkeyPatch
) -> None:
    next(going)
    shown, drawn, go_on = Gallery(Shelf(ledger)), [], Event()
    draw = drawing.draw

    def slow(*given: Any) -> Plot:
        drawn.append(given)
        assert go_on.wait(timeout=30)
        return draw(*given)

    monkeypatch.setattr(drawing, "draw", slow)
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(shown.plot, HERE, "best", UNASKED, "light") for _ in range(6)]
        go_on.set()
        assert len({id(one.result(timeout=30)) for one in asked}) == 1
    assert len(drawn) == 1


def test_what_a_plot_does_not_read_makes_no_other_plot(
    ledger: Ledger, going: Iterator[Search]
) -> None:
    next(going)
    shown = Gallery(Shelf(ledger))
    first = shown.plot(HERE, "widths", UNASKED, "light")
    for text in ("a" * 900_000, "coarse 1", "none"):
        assert shown.plot(HERE, "widths", Options.read(text, text), "light") is first
    curves = shown.plot(HERE, "curves-loss", Options.read("x", "coarse 1"), "light")
    for text in ("coarse 1", " coarse #1,,"):
        assert shown.plot(HERE, "curves-loss", Options.read(None, text), "light") is curves
    assert len(shown._kept) == 2


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.key)
def test_what_is_kept_is_what_would_be_drawn_anew(
    ledger: Ledger, going: Iterator[Search], entry: Entry
) -> None:
    search = next(going)
    shown = Gallery(Shelf(ledger))

    def hold() -> None:
        anew = Gallery(Shelf(ledger)).plot(HERE, entry.key, UNASKED, "light")
        kept = shown.plot(HERE, entry.key, UNASKED, "light")
        assert (kept.figure, kept.caption, kept.size) == (anew.figure, anew.caption, anew.size)

    hold()
    ledger.stop(search)
    hold()
    ledger.take_up(search)
    hold()
    list(going)
    hold()
