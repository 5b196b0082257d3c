"""What is kept of a search while it goes on is what is read of it anew."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert, text

from benchmarks.large_search import filling
from search.errors import LedgerError
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, Search
from search.ledger.tables import attachments
from search.study.reading import load
from search.views.plots.catalogue import Entry, entries, find
from search.views.plots.data import EVERYTHING, SearchData
from search.views.reading import digest
from search.views.reading.digest import TOP, Digest, dropped, top
from tests.search.views.plots.made import curve

TRIALS, EPOCHS = 60, 10


@pytest.fixture(autouse=True)
def _always_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "FRESH_SECONDS", 0.0)


@pytest.fixture
def going(ledger: Ledger) -> Iterator[Search]:
    """A search that goes on by a cohort whenever it is asked to."""
    return filling(ledger, TRIALS, EPOCHS)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """Such a search at its end, which tests only read."""
    with Ledger(f"sqlite:///{tmp_path_factory.mktemp('ended')}/ledger.db", create=True) as ledger:
        list(filling(ledger, TRIALS, EPOCHS))
        yield ledger


def shown(data: SearchData) -> tuple[object, ...]:
    counts = {name: (b.low, b.high, b.counts.tolist()) for name, b in data.bands.items()}
    return data.trials, data.stages, data.curves, counts


def test_what_is_kept_is_what_is_there(ledger: Ledger, going: Iterator[Search]) -> None:
    next(going)
    kept = Digest(ledger, "large")
    versions = set()
    for _ in going:
        assert shown(kept.data()) == shown(Digest(ledger, "large").data())
        versions.add(kept.version())
    assert len(versions) > 10
    assert kept.version() == Digest(ledger, "large").version()
    data = kept.data()
    assert data.search.finished_at is not None
    assert {trial.state for trial in data.trials} <= {"complete", "diverged"}


def test_the_epochs_of_all_finished_trials_are_counted_once(
    ledger: Ledger, going: Iterator[Search]
) -> None:
    kept: Digest | None = None
    for _ in going:
        kept = kept or Digest(ledger, "large")
        kept.data()
    assert kept is not None
    data = kept.data()
    curves = ledger.read.curves(data.search)
    for stage in data.stages:
        ids = [trial.id for trial in data.of_stage(stage.step.name)]
        epochs = [len(curves[key]) for key in ids]
        counts = data.bands[stage.step.name].counts
        assert counts.sum() == sum(epochs)
        assert counts[0].sum() == len(ids)
        np.testing.assert_array_equal(
            counts.sum(axis=1), [sum(e > i for e in epochs) for i in range(max(epochs))]
        )


def test_curves_of_the_best_and_of_those_that_are_asked_for(
    ledger: Ledger, going: Iterator[Search]
) -> None:
    *_, search = going
    kept = Digest(ledger, "large")
    data = kept.data()
    best = top(data)
    assert len(best) == TOP
    values = [trial.value or 0 for trial in best]
    assert values == sorted(values, reverse=True)
    assert set(data.curves) == {trial.id for trial in best}
    other = next(t for t in data.trials if t.id not in data.curves and t.stage == "coarse")
    more = kept.data([(other.stage, other.number), ("coarse", 10**6), ("none", 0)])
    assert set(more.curves) == {*data.curves, other.id}
    whole = ledger.read.curves(search)
    assert all(more.curves[key] == whole[key] for key in more.curves)


def test_curves_of_a_trial_that_is_being_trained_grow(
    ledger: Ledger, going: Iterator[Search]
) -> None:
    search = next(going)
    claim = ledger.next_work(search, "slow")
    assert isinstance(claim, CohortClaim)
    kept = Digest(ledger, "large")
    trial = next(t for t in kept.outline().trials if t.number == claim.numbers[-1])
    for epoch in (1, 2, 3):
        report = curve(0.5, epoch)[-1]
        ledger.record_reports(claim, dict.fromkeys(claim.numbers, report))
        found = kept.data([(trial.stage, trial.number)]).curves
        assert len(found[trial.id]) == epoch
        # The first of them are there unasked.
        unasked = kept.data().curves.values()
        assert [len(one) for one in unasked] == [epoch] * min(digest.LIVE, len(claim.numbers))
        assert kept.data(needs=frozenset(["bands"])).curves == {}


def test_importances_are_there_once_there_are_trials(
    ledger: Ledger, going: Iterator[Search]
) -> None:
    next(going)
    kept = Digest(ledger, "large")
    assert kept.data().importances == {}
    list(going)
    found = kept.data().importances
    assert set(found) == {"coarse", "fine", "finest"}
    assert all(sum(shares.values()) == pytest.approx(1) for shares in found.values())
    assert found["coarse"]["learning_rate"] > 0.5  # as the trials were made


@pytest.mark.parametrize("entry", entries(load("digits").objective), ids=lambda entry: entry.key)
def test_a_plot_needs_no_more_than_its_entry_says(ended: Ledger, entry: Entry) -> None:
    kept = Digest(ended, "large")
    lean, whole = kept.data(needs=entry.needs), kept.data()
    assert entry.draw(lean).figure == entry.draw(whole).figure
    absent = EVERYTHING - entry.needs - {"attachments"}  # of which this search has none
    assert not any(getattr(lean, need) for need in absent)
    assert all(getattr(whole, need) for need in absent)


def test_who_asks_how_it_stands_waits_for_nothing_that_takes_long(
    ledger: Ledger, going: Iterator[Search], monkeypatch: pytest.MonkeyPatch
) -> None:
    list(islice(going, 8))
    kept, begun, go_on = Digest(ledger, "large"), Event(), Event()
    counted = ledger.read.score_counts

    def slow(*given: Any, **named: Any) -> Any:
        begun.set()
        assert go_on.wait(timeout=30)
        return counted(*given, **named)

    monkeypatch.setattr(ledger.read, "score_counts", slow)
    thread = Thread(target=kept.data)
    thread.start()
    assert begun.wait(timeout=30)
    assert kept.outline().trials == kept.data(needs=frozenset()).trials
    assert kept.version()
    go_on.set()
    thread.join()


def test_many_may_ask_at_once(ledger: Ledger, going: Iterator[Search]) -> None:
    list(islice(going, 8))
    kept = Digest(ledger, "large")
    answers: list[SearchData] = []
    threads = [Thread(target=lambda: answers.append(kept.data())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len({str(shown(one)) for one in answers}) == 1


def test_a_trial_is_seen_to_be_trained_and_handed_back(
    ledger: Ledger, going: Iterator[Search]
) -> None:
    search = next(going)
    kept = Digest(ledger, "large")
    kept.data()
    claim = ledger.next_work(search, "slow")
    assert isinstance(claim, CohortClaim)
    for state in ("running", "waiting"):
        assert kept.data().trials == tuple(ledger.read.trials(search))
        assert {t.state for t in kept.data().trials if t.number in claim.numbers} == {state}
        if state == "running":
            ledger.release(claim)


def test_a_clock_that_was_set_back_hides_no_trial(ledger: Ledger, going: Iterator[Search]) -> None:
    search = next(going)
    kept = Digest(ledger, "large")
    kept.data()
    next(going)
    with ledger.database.writing() as connection:
        connection.execute(text("UPDATE klayer_trials SET finished_at = finished_at - 86400"))
    assert kept.data().trials == tuple(ledger.read.trials(search))


def test_curves_of_few_trials_stay_in_memory(
    ledger: Ledger, going: Iterator[Search], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "KEPT", 3)
    *_, search = going
    kept = Digest(ledger, "large")
    whole = ledger.read.curves(search)
    for trial in kept.data().trials[::12]:
        curves = kept.data([(trial.stage, trial.number)]).curves
        assert curves[trial.id] == whole[trial.id]
        assert len(kept._curves) <= 3


def test_a_damaged_portrait_hides_nothing_else(ledger: Ledger, going: Iterator[Search]) -> None:
    *_, search = going
    final = next(t for t in ledger.read.trials(search) if t.stage == "final")
    with ledger.database.writing() as connection:
        connection.execute(insert(attachments).values(trial_id=final.id, content=b"no npz"))
    data = Digest(ledger, "large").data()
    assert data.attachments == {final.id: b"no npz"}
    assert data.curves
    for key in ("weights", "gradients"):
        assert find(data.objective, key).draw(data).empty


def test_nothing_is_read_again_within_a_second(
    ledger: Ledger, going: Iterator[Search], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "FRESH_SECONDS", 3600.0)
    next(going)
    kept = Digest(ledger, "large")
    before = kept.data()
    list(islice(going, 3))
    assert kept.data().trials == before.trials
    assert Digest(ledger, "large").data().trials != before.trials


def test_a_search_that_is_not_there(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="none: no search of this name"):
        Digest(ledger, "none")


def test_an_even_choice_of_those_that_halving_dropped(
    ledger: Ledger, going: Iterator[Search]
) -> None:
    *_, _search = going
    data = Digest(ledger, "large").data()
    assert dropped(data) == []
    pruned = tuple(replace(t, state="pruned", pruned_after=2) for t in data.trials)
    found = dropped(replace(data, trials=pruned))
    assert len(found) == digest.GREYED
    assert found[0] == pruned[0]
    assert found[-1] == pruned[-1]
    assert len({trial.stage for trial in found}) > 1


def test_a_search_that_was_deleted_is_gone(ledger: Ledger, going: Iterator[Search]) -> None:
    search = next(going)
    kept = Digest(ledger, "large")
    kept.outline()
    assert not kept.gone
    with ledger.database.writing() as connection:
        connection.execute(text("UPDATE klayer_cohorts SET owner = NULL, state = 'waiting'"))
        connection.execute(text("UPDATE klayer_stages SET owner = NULL"))
    ledger.delete(search)
    with pytest.raises(LedgerError, match="is gone"):
        kept.outline()
    assert kept.gone
    with pytest.raises(LedgerError, match="no search of this name"):
        Digest(ledger, "large")
