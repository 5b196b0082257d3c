"""A search goes on as another study: what is planned stays, and what followed is planned anew."""

import pytest
from optuna import load_study
from optuna.storages import RDBStorage

from search.errors import LedgerError
from search.ledger.claims import Finished
from search.ledger.extending import Extension, extension_of
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, Search
from search.objective.report import Evaluation
from search.study.extension import with_more_trials
from search.study.reading import load
from tests.search.ledger.conftest import OVERRIDES, open_stage, worth


def hand_in_all(ledger: Ledger, search: Search) -> None:
    while isinstance(claim := ledger.next_work(search, "a", only="cohorts"), CohortClaim):
        final = claim.stage.kind == "final"
        ledger.hand_in(claim, worth(claim), Evaluation({"scores": [0.5]}, ()) if final else None)


def more(ledger: Ledger, search: Search) -> Extension:
    study = with_more_trials(search.study, 4)
    return extension_of(search, study, ledger.read.stages(search))


def test_a_finished_search_gets_a_stage_before_its_finalists(
    ledger: Ledger, search: Search, optuna_storage: RDBStorage
) -> None:
    names = [stage.step.name for stage in ledger.read.stages(search)]
    for _ in names:
        open_stage(ledger, search)
        hand_in_all(ledger, search)
    assert ledger.read.again(search).finished_at is not None
    before = [one for one in ledger.read.trials(search) if one.stage in names[:-2]]
    extension = more(ledger, search)
    assert extension.changes == ("stages.more: added",)
    assert extension.dropped == len(ledger.read.trials(search)) - len(before)
    ledger.extend(search, extension, "# the new file", "me@here")

    grown = ledger.read.again(search)
    assert (grown.finished_at, grown.result, grown.failure) == (None, None, None)
    assert ledger.read.text(grown) == "# the new file"
    (one,) = grown.extensions
    assert (one.by, one.changes, one.study_hash) == (
        "me@here",
        extension.changes,
        search.study_hash,
    )
    assert ledger.read.trials(grown) == before
    found = ledger.read.stages(grown)
    assert [stage.step.name for stage in found] == [*names[:-2], "more", *names[-2:]]
    assert [stage.state for stage in found[-3:]] == ["unplanned"] * 3
    assert len(load_study(study_name="digits/1-coarse", storage=optuna_storage).trials) > 0
    with pytest.raises(KeyError):
        load_study(study_name=f"digits/{len(names)}-final", storage=optuna_storage)

    assert ledger.next_work(search, "a") == Finished()  # who knows it as it was finds no work
    for _ in range(3):
        open_stage(ledger, grown)
        hand_in_all(ledger, grown)
    assert ledger.read.again(grown).result == {"scores": [0.5], "readings": 2}


def test_the_file_that_it_grew_from_serves_as_well(ledger: Ledger, search: Search) -> None:
    before = search.study
    ledger.extend(search, more(ledger, search), "", "me@here")
    grown = ledger.read.again(search)
    assert ledger.record(before, "", search.data, {}).study == grown.study
    other = load("digits", (*OVERRIDES, "seed=9"))
    with pytest.raises(LedgerError, match="recorded with another study file"):
        ledger.record(other, "", search.data, {})


def test_what_is_planned_may_not_change(ledger: Ledger, search: Search) -> None:
    open_stage(ledger, search)
    other = load("digits", (*OVERRIDES, "stages.coarse.trials=99", "stages.fine.trials=5"))
    with pytest.raises(LedgerError) as caught:
        extension_of(search, other, ledger.read.stages(search))
    lines = str(caught.value).splitlines()
    assert lines[0].endswith("; planned: coarse. What changed beside those:")
    assert [line.partition(":")[0].strip() for line in lines[1:]] == ["stages.coarse.trials"]
    with pytest.raises(LedgerError, match="there is nothing to extend"):
        extension_of(search, search.study, ledger.read.stages(search))


def test_nothing_is_changed_while_a_worker_holds_work_or_has_planned_meanwhile(
    ledger: Ledger, search: Search
) -> None:
    early = more(ledger, search)
    open_stage(ledger, search)
    with pytest.raises(LedgerError, match="changed meanwhile"):
        ledger.extend(search, early, "", "me@here")
    late = more(ledger, search)
    assert isinstance(ledger.next_work(search, "a"), CohortClaim)
    with pytest.raises(LedgerError, match="1 process at work on it, so nothing was changed"):
        ledger.extend(search, late, "", "me@here")
    assert ledger.read.again(search) == search
