"""Whatever others do to Optuna's studies, a search goes on, and its rows say again what it says."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import optuna
import pytest
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy import text

from search.ledger import optuna_repair
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, PlanningClaim, Search, TrialResult
from tests.search.ledger.conftest import somebody, worth

OpenNext = Callable[..., PlanningClaim]
ClaimNext = Callable[..., CohortClaim]
Trials = Callable[[str], list[FrozenTrial]]
Stray = Callable[[optuna.Study], object]

COARSE = "digits/1-coarse"
COMPLETE, FAIL, RUNNING, WAITING = (
    TrialState.COMPLETE,
    TrialState.FAIL,
    TrialState.RUNNING,
    TrialState.WAITING,
)


@pytest.fixture
def study_of_coarse(optuna_storage: RDBStorage) -> Callable[[], optuna.Study]:
    """Optuna's study of the first stage, as a stranger loads it."""
    return lambda: optuna.load_study(
        study_name=COARSE, storage=optuna_storage, sampler=optuna.samplers.RandomSampler(seed=1)
    )


def ask_and_tell(study: optuna.Study) -> None:
    study.tell(study.ask(), 0.9)


def tell_by_number(study: optuna.Study) -> None:
    for number in range(6):
        study.tell(number, 0.9)


def set_state(state: TrialState, values: list[float] | None) -> Stray:
    def told(study: optuna.Study) -> None:
        for trial in study.get_trials():
            if not trial.state.is_finished():
                study._storage.set_trial_state_values(trial._trial_id, state, values)

    return told


def write_into_trials(study: optuna.Study) -> None:
    """All that can be written into a trial that is not at its end."""
    storage = study._storage
    for trial in study.get_trials():
        if not trial.state.is_finished():
            place = trial._trial_id
            storage.set_trial_user_attr(place, "klayer:reason", "none")
            storage.set_trial_user_attr(place, "klayer:seed", 1)
            storage.set_trial_user_attr(place, "note", "kept")
            storage.set_trial_intermediate_value(place, 1, 0.99)
            storage.set_trial_intermediate_value(place, 77, 0.99)
            more = optuna.distributions.FloatDistribution(0, 1)
            storage.set_trial_param(place, "more", 0.5, more)


def delete(study: optuna.Study) -> None:
    optuna.delete_study(study_name=study.study_name, storage=study._storage)


def rename(study: optuna.Study) -> None:
    """As Optuna's dashboard does it."""
    name = f"renamed {len(optuna.get_all_study_names(study._storage))}"
    copy = optuna.create_study(study_name=name, storage=study._storage)
    copy.add_trials(study.get_trials())
    for key, value in study.user_attrs.items():
        copy.set_user_attr(key, value)
    delete(study)


def replace_by_another(study: optuna.Study) -> None:
    delete(study)
    other = optuna.create_study(study_name=COARSE, storage=study._storage)
    for _ in range(3):
        other.tell(other.ask(), 0.9)


def write_into_the_study(study: optuna.Study) -> None:
    study.set_user_attr("klayer:search", "other")
    study.set_user_attr("klayer:explanation", "none")
    study._storage.set_study_system_attr(study._study_id, "study:metric_names", ["other"])


STRAYS: dict[str, Stray] = {
    "ask and tell": ask_and_tell,
    "ask": lambda study: study.ask(),
    "optimise": lambda study: study.optimize(lambda _: 0.9, n_trials=9),
    "enqueue": lambda study: study.enqueue_trial({"x": 1}),
    "add a trial": lambda study: study.add_trial(create_trial(value=0.9)),
    "tell": tell_by_number,
    "complete": set_state(COMPLETE, [0.9]),
    "two values": set_state(COMPLETE, [0.9, 0.8]),
    "fail": set_state(FAIL, None),
    "begin with a value": set_state(RUNNING, [0.9]),
    "write into trials": write_into_trials,
    "write into the study": write_into_the_study,
    "delete": delete,
    "rename": rename,
    "replace": replace_by_another,
}


def strays(study: Callable[[], optuna.Study], which: str) -> None:
    """Do something to a study; what Optuna itself refuses is none."""
    with suppress(ValueError, RuntimeError):
        STRAYS[which](study())


@pytest.mark.parametrize("which", STRAYS)
def test_a_search_goes_on_whatever_is_done_to_its_study(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    study_of_coarse: Callable[[], optuna.Study],
    optuna_trials: Trials,
    which: str,
) -> None:
    """While it is planned, while its trials are trained, and once they are at their ends."""
    open_next(2)
    strays(study_of_coarse, which)
    first = claim_next("a")
    strays(study_of_coarse, which)
    ledger.hand_in(first, worth(first))
    strays(study_of_coarse, which)
    ledger.take_up(search)
    second = claim_next("a")
    ledger.release(second)
    strays(study_of_coarse, which)
    second = claim_next("a")
    strays(study_of_coarse, which)
    ledger.hand_in(second, [TrialResult(n, None, "diverged") for n in second.numbers])
    strays(study_of_coarse, which)
    ledger.take_up(search)

    kept = ledger.read.finished_trials(search)
    assert [one.value for one in kept] == [1 / 30, None, 3 / 30, None, 5 / 30, None]
    if which == "replace":
        assert study_of_coarse().user_attrs == {}
        return
    study = study_of_coarse()
    assert study.user_attrs["klayer:search"] == "digits"
    assert study.metric_names == [search.study.objective.score.name]
    found = optuna_trials(COARSE)
    mine = found[:6]
    assert len({one.number for one in found}) == len(found)
    assert [one.number for one in mine] == list(range(6))
    assert [one.params for one in mine] == [one.parameters for one in kept]
    assert [one.values for one in mine] == [[1 / 30], None, [3 / 30], None, [5 / 30], None]
    assert [one.state for one in mine] == [COMPLETE, FAIL] * 3
    for one, trial in zip(mine, kept, strict=True):
        assert one.user_attrs["klayer:seed"] == trial.seed
        assert one.user_attrs.get("klayer:reason") == trial.reason
        assert one.datetime_start is not None
        assert one.datetime_complete is not None
        assert 77 not in one.intermediate_values


def test_a_trial_that_was_taken_is_left_to_who_took_it_and_counts_nowhere(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    study_of_coarse: Callable[[], optuna.Study],
    optuna_trials: Trials,
) -> None:
    open_next(1)
    study = study_of_coarse()
    taken = study.ask()
    study.tell(taken, 0.9)
    added = study.ask()
    assert (taken.number, added.number) == (0, 1)
    (found,) = ledger.read.strays(search)
    assert (found.study, found.missing, found.foreign, found.changed) == (COARSE, False, (0, 1), ())
    claim = claim_next("a")
    study.tell(added, 0.8)
    ledger.hand_in(claim, worth(claim))
    (found,) = ledger.read.strays(search)
    assert (found.foreign, found.changed) == ((6, 7), ())
    assert [one.value for one in optuna_trials(COARSE)] == [
        *((n + 1) / 30 for n in range(6)),
        0.9,
        0.8,
    ]
    assert [one.user_attrs for one in optuna_trials(COARSE)[6:]] == [{}, {}]
    assert [one.value for one in ledger.read.trials(search)] == [(n + 1) / 30 for n in range(6)]
    best = ledger.read.stages(search)[0].best
    assert best is not None
    assert best.number == 5


def test_status_tells_what_was_changed_and_what_is_gone_until_it_is_put_right(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    study_of_coarse: Callable[[], optuna.Study],
    optuna_trials: Trials,
) -> None:
    open_next(1)
    assert ledger.read.strays(search) == []
    claim = claim_next("a")
    study_of_coarse().tell(2, 0.9)
    (found,) = ledger.read.strays(search)
    assert (found.stage, found.foreign, found.changed) == ("coarse", (), (2,))
    ledger.take_up(search)
    assert ledger.read.strays(search) == []
    assert optuna_trials(COARSE)[2].state == RUNNING
    ledger.hand_in(claim, worth(claim))
    before = optuna_trials(COARSE)
    delete(study_of_coarse())
    (found,) = ledger.read.strays(search)
    assert found.missing
    ledger.take_up(search)
    assert ledger.read.strays(search) == []
    again = optuna_trials(COARSE)
    assert [(one.number, one.values, one.params, one.user_attrs) for one in again] == [
        (one.number, one.values, one.params, one.user_attrs) for one in before
    ]
    assert [(one.datetime_start, one.datetime_complete) for one in again] == [
        (one.datetime_start, one.datetime_complete) for one in before
    ]


def test_a_later_stage_goes_on_though_somebody_has_a_study_of_its_name(
    ledger: Ledger,
    search: Search,
    optuna_storage: RDBStorage,
    open_next: OpenNext,
    claim_next: ClaimNext,
    study_of_coarse: Callable[[], optuna.Study],
) -> None:
    theirs = optuna.create_study(study_name=COARSE, storage=optuna_storage)
    open_next(1)
    claim = claim_next("a")
    ledger.hand_in(claim, worth(claim))
    assert [one.missing for one in ledger.read.strays(search)] == [True]
    assert study_of_coarse().get_trials() == []
    delete(theirs)
    ledger.take_up(search)
    assert [one.values for one in study_of_coarse().get_trials()] == [
        [(n + 1) / 30] for n in range(6)
    ]


def test_a_trial_that_is_taken_up_again_keeps_its_parameters_as_they_are(
    ledger: Ledger,
    search: Search,
    open_next: OpenNext,
    claim_next: ClaimNext,
    study_of_coarse: Callable[[], optuna.Study],
    optuna_trials: Trials,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Workers that only train never load Optuna, which writing parameters would take."""
    open_next(1)
    before = optuna_trials(COARSE)
    ledger.release(claim_next("a"))

    def loads_optuna(*_: object, **__: object) -> None:
        raise AssertionError("Optuna is loaded")

    monkeypatch.setattr(optuna_repair, "distributions", loads_optuna)
    claim = claim_next("b")
    assert [one.state for one in optuna_trials(COARSE)] == [RUNNING] * 6
    study_of_coarse().tell(2, 0.9)
    ledger.hand_in(claim, worth(claim))
    found = optuna_trials(COARSE)
    assert [one.params for one in found] == [one.params for one in before]
    assert [one.user_attrs["klayer:seed"] for one in found] == [
        one.user_attrs["klayer:seed"] for one in before
    ]
    assert [one.values for one in found] == [[(n + 1) / 30] for n in range(6)]


@pytest.mark.parametrize("kind", ["postgresql"])  # SQLite has one writer at a time
def test_a_study_may_be_deleted_amid_its_repair(
    search: Search,
    storage: str,
    open_next: OpenNext,
    study_of_coarse: Callable[[], optuna.Study],
    optuna_trials: Trials,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_next(1)
    STRAYS["complete"](study_of_coarse())
    rewrite, strange = optuna_repair._rewrite, [delete]

    def meanwhile(*given: Any) -> None:
        if strange:
            strange.pop()(study_of_coarse())
        rewrite(*given)

    monkeypatch.setattr(optuna_repair, "_rewrite", meanwhile)
    with Ledger(storage, patience_seconds=30) as bearing:
        claim = bearing.next_work(search, "a")
        assert isinstance(claim, CohortClaim)
        assert [one.state for one in optuna_trials(COARSE)] == [RUNNING] * 6
        bearing.hand_in(claim, worth(claim))


@pytest.mark.parametrize("kind", ["postgresql"])  # SQLite has one writer at a time
def test_a_search_whose_studies_are_right_is_taken_up_beside_those_who_hand_in(
    ledger: Ledger, search: Search, storage: str, open_next: OpenNext, claim_next: ClaimNext
) -> None:
    """Somebody may fall silent amid that, and hold a cohort for half a minute."""
    open_next(1)
    claim_next("a")
    with somebody(storage) as silent:
        silent.execute(text("UPDATE klayer_cohorts SET lost = lost WHERE owner = 'a'"))
        taking_up = threading.Thread(target=ledger.take_up, args=[search], daemon=True)
        taking_up.start()
        taking_up.join(20)
        waits = taking_up.is_alive()
        silent.rollback()
    taking_up.join()
    assert not waits
