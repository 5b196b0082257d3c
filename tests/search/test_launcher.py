"""The launcher watches its workers, passes on what they raise, and leaves nothing behind.

What happens when processes are killed is tested in `tests/faults`.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from search import objective
from search.errors import KlayerError
from search.launcher import InterruptedRunError, launch
from search.ledger.ledger import Ledger
from search.ledger.records import Search
from search.study.reading import load
from search.worker import plan_next

SMALL = (
    "stages.coarse.trials=4",
    "stages.fine.trials=2",
    "stages.finest.trials=2",
    "final.finalists=1",
    "final.seeds=1",
    "training.schedule.epochs=2",
)
POINTS = "[{learning_rate=1e6, weight_decay=0.1}]"
HOPELESS = (
    f"stages=[{{name='only', sampler='points', points={POINTS}}}]",
    "network.batch_norm='none'",
    "final.finalists=1",
)


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)  # it is kept from the first use on
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def ledger(storage: str) -> Iterator[Ledger]:
    with Ledger(storage, create=True) as opened:
        yield opened


def run(ledger: Ledger, storage: str, overrides: tuple[str, ...], watch: list[int]) -> None:
    study = load("digits", overrides)
    data = objective.open_data(study, None)
    search = ledger.record(study, "", data.fingerprint, {})

    def watched() -> None:
        watch.append(sum(stage.finished for stage in ledger.read.stages(search)))

    launch(ledger, storage, search, data, 2, watched, lambda: watch.append(-1))


def test_a_search_is_run_to_its_end_and_watched(
    ledger: Ledger, storage: str, tmp_path: Path
) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    watch: list[int] = []
    run(ledger, storage, SMALL, watch)
    assert ledger.read.is_finished(ledger.read.search("digits"))
    assert watch == sorted(watch)
    assert (watch[0], watch[-1]) == (0, 4 + 2 + 2 + 1)
    assert {number: signal.getsignal(number) for number in before} == before
    assert not [one for one in threading.enumerate() if one.name == "crew"]
    assert not list(tmp_path.glob("klayer-*"))

    again: list[int] = []  # it is finished: nothing is started
    run(ledger, storage, SMALL, again)
    assert again == []


def test_what_a_worker_raises_is_raised(ledger: Ledger, storage: str, tmp_path: Path) -> None:
    with pytest.raises(KlayerError, match="there is no finalist: none of the 1 trials"):
        run(ledger, storage, HOPELESS, [])
    search = ledger.read.search("digits")
    assert [stage.state for stage in ledger.read.stages(search)][:2] == ["finished", "planning"]
    assert not list(tmp_path.glob("klayer-*"))


def test_a_watcher_that_fails_leaves_no_worker_behind(
    ledger: Ledger, storage: str, tmp_path: Path
) -> None:
    class Failing(list[int]):
        def append(self, finished: int) -> None:
            states = [one.state for one in ledger.read.trials(ledger.read.search("digits"))]
            if "running" in states:
                raise SystemExit("the pipe is closed")

    with pytest.raises(SystemExit, match="the pipe is closed"):
        run(ledger, storage, (*SMALL, "training.schedule.epochs=500"), Failing())
    assert not [one for one in threading.enumerate() if one.name == "crew"]
    assert not list(tmp_path.glob("klayer-*"))
    states = {one.state for one in ledger.read.trials(ledger.read.search("digits"))}
    assert states == {"waiting"}


class SecondPlan:
    """In place of `plan_next`: the first stage is planned at once; then `instead` is done."""

    def __init__(self, instead: Callable[[], None]) -> None:
        self._instead = instead

    def __call__(self, ledger: Ledger, search: Search, owner: str, lease_seconds: float) -> None:
        if ledger.read.stages(search)[0].state == "finished":  # so the workers are there
            self._instead()
        else:
            plan_next(ledger, search, owner, lease_seconds)


@dataclass
class SlowPlan:
    """A plan that takes until it is let go, or far too long."""

    begun: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> None:
        self.begun.set()
        self.let_go.wait(30)
        self.over.set()


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_does_not_wait_for_a_slow_plan(
    ledger: Ledger, storage: str, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    slow = SlowPlan()
    monkeypatch.setattr("search.launcher.plan_next", SecondPlan(slow))
    # Asked once, the run waits for the plan as long as this; told twice, not at all.
    monkeypatch.setattr("search.launcher.PLANNING_LEASE_SECONDS", 0.5 if times == 1 else 60.0)

    class Pressing(list[int]):
        def append(self, finished: int) -> None:
            super().append(finished)
            asked = finished == -1
            if (slow.begun.is_set() and -1 not in self) or (asked and times == 2):
                os.kill(os.getpid(), signal.SIGINT)
            if asked:
                answered.append(not slow.over.is_set())

    answered: list[bool] = []
    try:
        with pytest.raises(InterruptedRunError, match="digits: stopped before it was finished"):
            run(ledger, storage, SMALL, Pressing())
        assert answered == [True]
        assert not slow.over.is_set()  # nor does the end of the run wait for it
    finally:
        slow.let_go.set()
        assert slow.over.wait(10) or not slow.begun.is_set()
    assert not [one for one in threading.enumerate() if one.name == "crew"]


def test_what_planning_raises_ends_the_run(
    ledger: Ledger, storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing() -> None:
        raise KlayerError("there is no plan")

    monkeypatch.setattr("search.launcher.plan_next", SecondPlan(failing))
    with pytest.raises(KlayerError, match="there is no plan"):
        run(ledger, storage, SMALL, [])
    assert not [one for one in threading.enumerate() if one.name in ("crew", "clerk")]
    assert not list(tmp_path.glob("klayer-*"))
    states = [stage.state for stage in ledger.read.stages(ledger.read.search("digits"))]
    # The first stage may have ended between the look and the plan that followed it.
    assert states[0] == "finished"
    assert set(states[2:]) == {"unplanned"}


def test_a_wish_to_stop_is_told_once_and_ends_the_run(ledger: Ledger, storage: str) -> None:
    class Stopping(list[int]):
        def append(self, finished: int) -> None:
            super().append(finished)
            if len(self) == 1:
                os.kill(os.getpid(), signal.SIGTERM)

    watch = Stopping()
    with pytest.raises(InterruptedRunError, match="digits: stopped before it was finished"):
        run(ledger, storage, (*SMALL, "training.schedule.epochs=500"), watch)
    assert watch.count(-1) == 1
    states = {one.state for one in ledger.read.trials(ledger.read.search("digits"))}
    assert "running" not in states
