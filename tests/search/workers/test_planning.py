"""What is to be planned next is planned once, by whoever comes first, and alike by everybody."""

import threading
from typing import Any

import pytest

from search.errors import KlayerError
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.ledger.records import PlanningClaim, Search
from search.workers.heartbeat import Heartbeat
from search.workers.planning import make_plan, plan_next
from tests.search.workers.serving import (
    COUNTS,
    HOPELESS,
    is_finished,
    recorded,
    states,
    table,
    work,
    worker,
)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stages that were put into effect, in their order."""
    real, names = Ledger.open_stage, list[str]()

    def told(self: Ledger, search: Search, claim: PlanningClaim, *rest: Any) -> None:
        real(self, search, claim, *rest)
        names.append(f"{search.study.name} {claim.stage.name}")

    monkeypatch.setattr(Ledger, "open_stage", told)
    return names


LEARNING_AND_RACING = (
    'stages.coarse.sampler="gp"',
    "stages.coarse.trials=10",
    "stages.coarse.generation=4",
    "final.candidates=4",
    "final.seeds=3",
)


@pytest.mark.parametrize("overrides", [(), LEARNING_AND_RACING])
def test_workers_without_a_launcher_plan_each_stage_once_and_come_to_the_same_table(
    ledger: Ledger, storage: str, opened: list[str], overrides: tuple[str, ...]
) -> None:
    alone, shared = (recorded(ledger, *overrides, name=name) for name in ("alone", "shared"))
    work(ledger, alone)

    def join(name: str) -> None:
        with Ledger(storage, patience_seconds=60) as own:
            work(own, own.read.search("shared"), name)

    workers = [threading.Thread(target=join, args=(name,)) for name in "abc"]
    for one in workers:
        one.start()
    for one in workers:
        one.join(60)
    assert is_finished(ledger, shared)
    assert opened == [f"{name} {stage}" for name in ("alone", "shared") for stage in COUNTS]
    assert table(ledger, shared) == table(ledger, alone)
    assert ledger.read.workers() == []


def test_many_who_plan_at_once_make_one_plan(
    ledger: Ledger, storage: str, opened: list[str]
) -> None:
    search, ready = recorded(ledger), threading.Barrier(4)

    def plan(name: str) -> None:
        with (
            Ledger(storage, patience_seconds=60) as own,
            Heartbeat(own, worker(name)) as heartbeat,
        ):
            ready.wait(30)
            plan_next(own, search, name, heartbeat)

    planners = [threading.Thread(target=plan, args=(name,)) for name in "abcd"]
    for one in planners:
        one.start()
    for one in planners:
        one.join(60)
    assert opened == ["digits coarse"]
    assert states(ledger, search) == ["waiting"] * 4


def test_there_is_nothing_to_plan_while_a_stage_is_open(ledger: Ledger, opened: list[str]) -> None:
    search = recorded(ledger)
    with Heartbeat(ledger, worker()) as heartbeat:
        for _ in range(2):
            plan_next(ledger, search, "a", heartbeat)
    assert opened == ["digits coarse"]


def test_a_plan_made_behind_a_lost_lease_is_void(ledger: Ledger, opened: list[str]) -> None:
    search = recorded(ledger)
    late = ledger.next_work(search, "late", 0.0)
    assert isinstance(late, PlanningClaim)
    with Heartbeat(ledger, worker("other")) as heartbeat:
        plan_next(ledger, search, "other", heartbeat)
    with Heartbeat(ledger, worker("late")) as heartbeat, heartbeat.holding(late):
        make_plan(ledger, search, late)
    assert opened == ["digits coarse"]
    assert ledger.read.again(search).failure is None


def test_where_there_is_no_plan_the_search_remembers_why_and_nobody_works_on_it(
    ledger: Ledger,
) -> None:
    search = recorded(ledger, *HOPELESS)
    with pytest.raises(KlayerError, match="there is no finalist: none of the 1 trials"):
        work(ledger, search)
    failure = ledger.read.again(search).failure
    assert failure is not None
    assert failure.startswith("there is no finalist")
    assert ledger.read.open_searches() == []
    assert work(ledger, search, "b") == []
    assert states(ledger, search) == ["diverged"]
    ledger.take_up(search)  # as `klayer run` does
    with pytest.raises(KlayerError, match="there is no finalist"):
        work(ledger, search, "c")


def test_a_fault_of_the_database_is_no_failure_of_the_search(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise DatabaseFaultError("the disk is full")

    search = recorded(ledger)
    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "open_stage", failing)
        with pytest.raises(DatabaseFaultError):
            work(ledger, search)
    assert ledger.read.again(search).failure is None
    work(ledger, search)  # and the planning was free at once
    assert is_finished(ledger, search)


def test_a_rung_is_planned_from_how_the_trials_stand(ledger: Ledger) -> None:
    search = recorded(
        ledger, "stages.coarse.halving={keep=0.5, at=[1], among='stage'}", "stages.fine.trials=2"
    )
    said = work(ledger, search)
    assert said.index("digits: planned coarse") < said.index("digits: planned coarse, rung 1")
    assert sorted(states(ledger, search, "coarse")) == ["complete", "complete", "pruned", "pruned"]
    assert is_finished(ledger, search)


def test_a_generation_is_planned_from_the_results_of_those_before_it(ledger: Ledger) -> None:
    learning = ("stages.coarse.sampler='tpe'", "stages.coarse.generation=4")
    learning += ("stages.coarse.trials=12",)
    search = recorded(ledger, *learning, name="one")
    said = work(ledger, search)
    planned = [line for line in said if line.startswith("one: planned coarse")]
    later = [f"one: planned coarse, generation {number}" for number in (2, 3)]
    assert planned == ["one: planned coarse", *later]
    assert states(ledger, search, "coarse") == ["complete"] * 12
    assert is_finished(ledger, search)
    again = recorded(ledger, *learning, name="again")
    work(ledger, again)
    assert table(ledger, again) == table(ledger, search)


STOPPING = ("stages.coarse.trials=12", "stages.coarse.stop={after=2, min_delta=1.0}")


def test_a_stage_in_which_nothing_improves_ends_before_all_its_trials(ledger: Ledger) -> None:
    search = recorded(ledger, *STOPPING, name="one")
    work(ledger, search)
    assert is_finished(ledger, search)
    coarse = ledger.read.stages(search)[0]
    assert (coarse.state, coarse.trials, coarse.finished) == ("finished", 4, 4)
    said = coarse.explanation.splitlines()[-1]
    assert said.startswith("stopped after 4 of 12 trials: none of the last 3 was better than #0")
    again = recorded(ledger, *STOPPING, name="again")
    work(ledger, again)
    assert table(ledger, again) == table(ledger, search)


FROM_RESULTS = (
    "stages=[{name='coarse', sampler='results', results=["
    "{learning_rate=0.1, weight_decay=1e-4, value=0.5},"
    "{learning_rate=0.2, weight_decay=1e-5, value=0.99}],"
    "box={learning_rate={low=1e-3, high=1.0}, weight_decay={low=1e-6, high=1e-2}}},"
    "{name='fine', trials=3, zoom={rule='decades', decades=0.3}}]",
)


def test_a_search_goes_on_from_results_of_before(ledger: Ledger) -> None:
    search = recorded(ledger, *FROM_RESULTS)
    said = work(ledger, search)
    assert is_finished(ledger, search)
    assert not any("coarse #" in line for line in said)
    coarse, fine, *_ = ledger.read.stages(search)
    assert (coarse.state, coarse.trials, coarse.finished) == ("finished", 2, 2)
    assert (coarse.steps_done, coarse.steps_total, coarse.steps_each) == (0, 0, 0)
    assert "2 results of the study file, from before this search" in coarse.explanation
    assert "coarse #1 (99.00 %)" in fine.explanation
    trials = [one for one in ledger.read.trials(search) if one.stage == "coarse"]
    assert [(one.value, one.state) for one in trials] == [(0.5, "complete"), (0.99, "complete")]
    assert ledger.read.worked_on(trials[0]).worker == "results of the study file"
    assert ledger.read.curves_of([trials[0].id]) == {}
    assert ledger.read.strays(search) == []
