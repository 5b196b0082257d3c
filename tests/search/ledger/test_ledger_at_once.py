"""Many at once: whatever two processes do at the same moment happens once, and neither fails.

Each thread here opens the database for itself, as the processes do that it stands for; none of them
bears a fault, so that a deadlock would end the test.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from threading import Barrier
from typing import Any

import optuna
import pytest
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial
from sqlalchemy import event

from search.ledger.claims import LostLeaseError, Wait
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, PlanningClaim, Presence, Search, TrialResult
from search.objective.data_card import DataCard
from search.objective.report import Report
from search.study.reading import load
from tests.search.ledger.conftest import OVERRIDES, Alter, open_stage, worth

WORKERS = 6
AGAIN = 8  # so often two come at the same moment
TRIALS = 24
MOST_STATEMENTS = 12  # of a result that is taken

Together = Callable[[Callable[[Ledger, int], object], int], list[object]]


@pytest.fixture
def together(storage: str) -> Iterator[Together]:
    """Lets so many do the same at the same moment, each with a ledger and its number."""
    with ExitStack() as opened, ThreadPoolExecutor(WORKERS) as pool:
        ledgers = [opened.enter_context(Ledger(storage)) for _ in range(WORKERS)]

        def done(what: Callable[[Ledger, int], object], count: int = WORKERS) -> list[object]:
            barrier = Barrier(count)

            def one(place: int) -> object:
                barrier.wait()
                return what(ledgers[place], place)

            return list(pool.map(one, range(count)))

        yield done


def small_search(ledger: Ledger, name: str, *overrides: str) -> Search:
    study = load("digits", [*OVERRIDES, f'name="{name}"', *overrides])
    return ledger.record(study, "", DataCard("digits", "f" * 64), {})


def claim(ledger: Ledger, search: Search, owner: str, lease_seconds: float = 60.0) -> CohortClaim:
    claimed = ledger.next_work(search, owner, lease_seconds)
    assert isinstance(claimed, CohortClaim)
    return claimed


def test_the_same_search_recorded_by_many_is_one(ledger: Ledger, together: Together) -> None:
    for place in range(5):
        found = together(lambda one, _, name=f"s{place}": small_search(one, name), WORKERS)  # type: ignore[misc]
        assert all(one == found[0] for one in found)
    assert ledger.read.names() == [f"s{place}" for place in range(5)]


def test_planning_is_claimed_by_one(ledger: Ledger, together: Together) -> None:
    for place in range(AGAIN):
        search = small_search(ledger, f"s{place}")
        got = together(lambda one, n, s=search: one.next_work(s, f"planner {n}"), WORKERS)  # type: ignore[misc]
        assert sum(isinstance(one, PlanningClaim) for one in got) == 1
        assert got.count(Wait()) == WORKERS - 1


def test_planning_that_lapsed_is_claimed_by_one(ledger: Ledger, together: Together) -> None:
    for place in range(AGAIN):
        search = small_search(ledger, f"s{place}")
        assert isinstance(ledger.next_work(search, "lost", -1.0), PlanningClaim)
        got = together(lambda one, n, s=search: one.next_work(s, f"planner {n}"), WORKERS)  # type: ignore[misc]
        (claimed,) = [one for one in got if isinstance(one, PlanningClaim)]
        assert claimed.attempt == 2
        assert got.count(Wait()) == WORKERS - 1


@pytest.mark.parametrize("lapsed", [False, True])
def test_one_free_cohort_is_claimed_by_one(
    ledger: Ledger, together: Together, lapsed: bool
) -> None:
    for place in range(AGAIN):
        search = small_search(ledger, f"s{place}")
        open_stage(ledger, search)
        if lapsed:
            claim(ledger, search, "lost", -1.0)
        got = together(lambda one, n, s=search: one.next_work(s, f"worker {n}"), WORKERS)  # type: ignore[misc]
        (claimed,) = [one for one in got if isinstance(one, CohortClaim)]
        assert claimed.attempt == 1 + lapsed
        assert got.count(Wait()) == WORKERS - 1


def test_every_cohort_is_claimed_once(ledger: Ledger, together: Together) -> None:
    search = small_search(ledger, "s", f"stages.coarse.trials={TRIALS}")
    open_stage(ledger, search, TRIALS)

    def work(one: Ledger, place: int) -> list[tuple[int, int]]:
        claimed = []
        while isinstance(
            task := one.next_work(search, f"worker {place}", only="cohorts"), CohortClaim
        ):
            claimed.append((task.cohort_id, task.attempt))
            one.hand_in(task, worth(task))
        return claimed

    got = [one for some in together(work, WORKERS) for one in some]  # type: ignore[attr-defined]
    assert sorted(attempt for _, attempt in got) == [1] * TRIALS
    assert len({cohort for cohort, _ in got}) == TRIALS
    assert ledger.read.stages(search)[0].state == "finished"


def test_of_the_last_two_cohorts_exactly_one_closes_the_stage(
    ledger: Ledger, together: Together
) -> None:
    for place in range(AGAIN):
        search = small_search(ledger, f"s{place}")
        open_stage(ledger, search, 2)
        claims = [claim(ledger, search, name) for name in ("a", "b")]
        together(lambda one, n, c=claims: one.hand_in(c[n], worth(c[n])), 2)  # type: ignore[misc]
        stage = ledger.read.stages(search)[0]
        assert (stage.state, stage.finished) == ("finished", 6)
        following = ledger.next_work(search, "planner")
        assert isinstance(following, PlanningClaim)
        assert (following.stage.name, following.attempt) == ("fine", 1)


def test_a_result_that_is_handed_in_twice_at_once_is_taken_once(
    ledger: Ledger, together: Together
) -> None:
    for place in range(AGAIN):
        search = small_search(ledger, f"s{place}")
        open_stage(ledger, search)
        claimed = claim(ledger, search, "a")

        def hand_in(one: Ledger, place: int, claimed: CohortClaim = claimed) -> bool:
            try:
                one.hand_in(claimed, [TrialResult(n, place / 7) for n in claimed.numbers])
            except LostLeaseError:
                return False
            return True

        took = together(hand_in, 2)
        assert sorted(took) == [False, True]  # type: ignore[type-var]
        values = {one.value for one in ledger.read.trials(search)}
        assert values == {took.index(True) / 7}


def test_a_claim_that_lapsed_is_kept_by_its_owner_or_taken_over(
    ledger: Ledger, together: Together
) -> None:
    for place in range(AGAIN):
        search = small_search(ledger, f"s{place}")
        open_stage(ledger, search)
        late = claim(ledger, search, "late", -1.0)

        def hand_in_or_claim(
            one: Ledger, place: int, search: Search = search, late: CohortClaim = late
        ) -> object:
            if place:
                return one.next_work(search, "prompt")
            try:
                return one.hand_in(late, worth(late))
            except LostLeaseError as error:
                return error

        handed_in, got = together(hand_in_or_claim, 2)
        states = {one.state for one in ledger.read.trials(search)}
        assert isinstance(got, CohortClaim) == isinstance(handed_in, LostLeaseError)
        assert states == ({"running"} if isinstance(got, CohortClaim) else {"complete"})


@pytest.mark.parametrize("when", ["before they claim", "before they hand in"])
def test_a_study_that_is_gone_is_written_anew_by_all_at_once(
    ledger: Ledger,
    together: Together,
    optuna_storage: RDBStorage,
    optuna_trials: Callable[[str], list[FrozenTrial]],
    when: str,
) -> None:
    """Workers have only their own trials to write; some take the search up meanwhile."""
    for place in range(AGAIN // 2):
        search = small_search(ledger, f"s{place}", f"stages.coarse.trials={TRIALS}")
        open_stage(ledger, search, WORKERS)
        study = f"s{place}/1-coarse"
        if when == "before they claim":
            optuna.delete_study(study_name=study, storage=optuna_storage)
        claims = together(lambda one, n, s=search: claim(one, s, f"worker {n}"), WORKERS)  # type: ignore[misc]
        if when == "before they hand in":
            optuna.delete_study(study_name=study, storage=optuna_storage)

        def go_on(one: Ledger, n: int, search: Search = search, claims: list[Any] = claims) -> None:
            one.hand_in(claims[n], worth(claims[n])) if n % 3 else one.take_up(search)

        together(go_on, WORKERS)
        for n in range(0, WORKERS, 3):
            ledger.hand_in(claims[n], worth(claims[n]))  # type: ignore[arg-type]
        found = {one.number: one.value for one in optuna_trials(study)}
        assert found == {n: (n + 1) / 30 for n in range(TRIALS)}
        assert ledger.read.strays(search) == []


@pytest.mark.parametrize("kind", ["postgresql"])  # SQLite has one writer at a time
@pytest.mark.parametrize("does", ["claims", "hands back"])
def test_whatever_happens_between_two_statements_of_a_result_loses_nothing(
    ledger: Ledger, storage: str, does: str
) -> None:
    """One hands in a cohort, and amid that another claims the other cohort, or hands it back.

    If it were overlooked, the stage would be closed, and nobody would ever train it.
    """
    to_do: list[Callable[[], object]] = []  # the last one before the next statement

    def act(*_: object) -> None:
        if to_do:
            to_do.pop()()

    with Ledger(storage) as handing_in:
        event.listen(handing_in.database.engine, "before_cursor_execute", act)
        for moment in range(MOST_STATEMENTS):
            search = small_search(ledger, f"s{moment}")
            open_stage(ledger, search, 2)
            first, second = (claim(ledger, search, name) for name in ("first", "second"))
            if does == "claims":
                ledger.release(second)
                to_do[:] = [partial(claim, ledger, search, "second")]
            else:
                to_do[:] = [partial(ledger.release, second)]
            to_do += [lambda: None] * moment
            handing_in.hand_in(first, worth(first))
            last = claim(ledger, search, "second")
            assert last.numbers == second.numbers, moment
            ledger.hand_in(last, worth(last))
            assert ledger.read.stages(search)[0].state == "finished"
    assert to_do  # the last moment came behind all statements


def test_nobody_is_in_anybodys_way(
    ledger: Ledger,
    together: Together,
    figures: Callable[[int, float], Report],
    optuna_trials: Callable[[str], list[FrozenTrial]],
) -> None:
    """Whatever workers do to cohorts of one stage, at random, every trial ends once."""
    search = small_search(ledger, "s", f"stages.coarse.trials={TRIALS}")
    open_stage(ledger, search, TRIALS // 2)

    def work(one: Ledger, place: int) -> Counter[int]:
        draw, ended = random.Random(place), Counter[int]()
        name = f"worker {place}"
        who = Presence(name, "worker", "here", "m", place, None, "pool", 60.0)
        one.join(who)
        while isinstance(task := one.next_work(search, name, only="cohorts"), CohortClaim | Wait):
            if isinstance(task, Wait):
                if one.read.stages(search)[0].state == "finished":
                    break
                continue
            one.beat(who, task)
            one.record_reports(task, {n: figures(1, 0.5) for n in task.numbers})
            match draw.randrange(5):
                case 0:
                    one.release(task)
                case 1:
                    one.leave(who)
                    one.join(who)
                case 2:
                    one.release_of("pool", [name], lost=False)
                    one.join(who)
                case _:
                    one.hand_in(task, worth(task))
                    ended.update(task.numbers)
        return ended

    ended = sum(together(work, WORKERS), Counter[int]())  # type: ignore[arg-type]
    assert ended == Counter(range(TRIALS))
    kept = ledger.read.trials(search)
    assert [(one.state, one.value) for one in kept] == [
        ("complete", (n + 1) / 30) for n in range(TRIALS)
    ]
    assert {len(one) for one in ledger.read.curves(search).values()} == {1}
    shown = optuna_trials("s/1-coarse")
    assert [one.value for one in shown] == [one.value for one in kept]


def test_a_budget_cuts_a_stage_once_beside_one_that_hands_in(
    ledger: Ledger, together: Together, alter: Alter
) -> None:
    for again in range(AGAIN):
        search = small_search(ledger, f"cut-{again}", "budget={hours=1}")
        open_stage(ledger, search, 3)
        first, second = (ledger.next_work(search, owner) for owner in "ab")
        assert isinstance(first, CohortClaim)
        assert isinstance(second, CohortClaim)
        ledger.hand_in(first, worth(first))
        alter("UPDATE klayer_searches SET worked = 4000 WHERE id = :search", search=search.id)

        def work(
            own: Ledger, place: int, search: Search = search, held: CohortClaim = second
        ) -> Any:
            if place == 0:
                return own.hand_in(held, worth(held))
            return own.next_work(search, f"{search.study.name}-{place}")

        assert not any(isinstance(one, CohortClaim) for one in together(work))
        coarse = ledger.read.stages(search)[0]
        assert (coarse.state, coarse.trials, coarse.skipped) == ("finished", 4, 2)
        assert coarse.explanation.count("cut after") == 1
