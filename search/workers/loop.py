"""The loop of one worker process: it looks for work, does it, and waits where there is none.

It serves one search until that is finished, or every open search of a database, the oldest first,
for as long as it is let. With another search come other data: it holds those of one at a time,
and opens others, which takes seconds where they are many, only when there is work on them.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from threadpoolctl import threadpool_limits

from search.errors import KlayerError
from search.ledger.changes import wait
from search.ledger.claims import Finished, Wait
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger, WorkKind
from search.ledger.opening import open_recorded
from search.ledger.records import CohortClaim, PlanningClaim, Presence, Search
from search.objective.port import Trainer
from search.runtime.environment import environment, numeric_changes
from search.workers.heartbeat import Heartbeat
from search.workers.locks import waiting_for_locks
from search.workers.planning import make_plan
from search.workers.training import train

# A lease that runs out changes nothing in the database, so that one looks now and then anyway.
LOOK_SECONDS = 1.0
# Between two looks that find nothing while others write: the longer it lasts, the longer.
SHORTEST_REST_SECONDS, LONGEST_REST_SECONDS = 0.02, 0.2
# What a search cannot be worked on for, such as data that are not here, may be put right while a
# worker serves others; or others can do what this one cannot.
PASS_OVER_SECONDS = 60.0

Tell = Callable[[str], None]


def serve(
    ledger: Ledger,
    who: Presence,
    name: str | None,
    data_folder: Path | None,
    should_stop: Callable[[], bool],
    tell: Tell,
    only: WorkKind | None = None,
    lease_seconds: float | None = None,
    devices: Sequence[str] = (),
    alarm: Tell | None = None,
) -> None:
    """Work on searches until there is nothing left to do for this process, or `should_stop`.

    Args:
        ledger: The database, opened in this process.
        who: This process.
        name: The one search that it serves, until that is finished or stopped; None for all, and
            then it waits for new ones.
        data_folder: Where the files of data sets lie; None for the cache.
        should_stop: Asked between epochs and while waiting. The ledger is asked as well.
        tell: Takes lines that say what happens.
        only: "cohorts" where somebody else plans, which spares this process Optuna.
        lease_seconds: How long others wait for this process if it dies without a word; that of its
            presence, unless given.
        devices: The graphics processors that it may use.
        alarm: Takes lines that somebody has to do something about; `tell`, unless given.

    Raises:
        KlayerError: The one search cannot be worked on here: its data are missing or others, it
            cannot be planned, or the database failed for longer than the ledger bears it.
        Exception: What a training of the one search raised; its cohort was handed back. A worker
            for all searches tells it, and passes that search over for a while.
    """
    seconds = who.lease_seconds if lease_seconds is None else lease_seconds
    with (
        threadpool_limits(limits=1),  # one thread a worker: more workers, and equal sums
        Heartbeat(ledger, who, seconds) as heartbeat,
        ledger.changes() as changes,
        ExitStack() as stack,
    ):

        def stopping() -> bool:
            return heartbeat.asked_to_stop or should_stop()

        stack.enter_context(waiting_for_locks(ledger, alarm or tell, stopping))
        work = _Work(
            ledger,
            who,
            heartbeat,
            data_folder,
            tell,
            only,
            stopping,
            name is None,
            devices,
        )
        stack.callback(work.close)
        rest = SHORTEST_REST_SECONDS
        while not stopping():
            did = work.work_on_one_of(ledger.read.open_searches(name))
            if name is not None and did in ([], ["finished"]):
                return
            if "worked" in did:
                rest = SHORTEST_REST_SECONDS
            else:
                time.sleep(rest)
                rest = min(1.5 * rest, LONGEST_REST_SECONDS)
                wait(changes, LOOK_SECONDS, stopping)
            # The next heartbeat would learn of it, but another cohort could be claimed before.
            heartbeat.asked_to_stop |= ledger.read.asked_to_stop(who)


Did = Literal["worked", "waited", "finished"]


class _Work:
    """What a worker has before it: the search that it works on, and its data."""

    def __init__(
        self,
        ledger: Ledger,
        who: Presence,
        heartbeat: Heartbeat,
        data_folder: Path | None,
        tell: Tell,
        only: WorkKind | None,
        should_stop: Callable[[], bool],
        bears_faults: bool,
        devices: Sequence[str],
    ) -> None:
        self._ledger, self._who, self._heartbeat = ledger, who, heartbeat
        self._folder, self._tell, self._only = data_folder, tell, only
        self._devices = devices
        self._should_stop, self._bears_faults = should_stop, bears_faults
        self._searches: dict[int, Search] = {}
        self._trainer: tuple[Search, Trainer] | None = None
        self._passed_over: dict[int, tuple[float, str]] = {}  # until when, and why

    def work_on_one_of(self, keys: Sequence[int]) -> list[Did]:
        """Do one piece of work of the first search that has any."""
        did: list[Did] = []
        self._searches = {key: one for key, one in self._searches.items() if key in keys}
        for key in keys:
            did.append(self.work_on(key))
            if did[-1] == "worked":
                break
        return did

    def work_on(self, key: int) -> Did:
        """Do one piece of work of a search, if there is any.

        Raises:
            KlayerError: It cannot be done here, and this worker serves no other search.
            Exception: What the training raised, likewise.
        """
        until, _ = self._passed_over.get(key, (0.0, ""))
        if time.monotonic() < until:
            return "waited"
        try:
            did = self._work_on(key)
        except DatabaseFaultError:
            raise
        except Exception as error:
            if not self._bears_faults:
                raise
            self._pass_over(key, error)
            return "waited"
        if did == "worked":
            self._passed_over.pop(key, None)
        return did

    def _work_on(self, key: int) -> Did:
        if key not in self._searches:
            self._searches[key] = self._ledger.read.search_by_id(key)
        search = self._searches[key]
        opened = self._trainer is not None and self._trainer[0] is search
        if (
            self._bears_faults
            and not opened
            and not self._ledger.read.has_work(search, self._who.name)
        ):
            del self._searches[key]  # it may be extended before there is any
            return "waited"
        trainer = self._opened(search)
        task = self._ledger.next_work(
            search, self._who.name, self._heartbeat.lease_seconds, self._only
        )
        match task:
            case Finished():
                self._searches.pop(key, None)  # it may have been extended, and is then read anew
                return "finished"
            case Wait():
                return "waited"
            case PlanningClaim():
                with self._heartbeat.holding(task):
                    make_plan(self._ledger, search, task)
                    self._tell(f"{search.study.name}: planned {task.named}")
            case CohortClaim():
                with self._heartbeat.holding(task):
                    self._train(search, trainer, task)
        return "worked"

    def _train(self, search: Search, trainer: Trainer, task: CohortClaim) -> None:
        began = time.monotonic()
        which = f"{search.study.name}: {task.named}"
        seconds = self._heartbeat.lease_seconds
        if train(self._ledger, search, trainer, task, self._should_stop, seconds):
            self._tell(f"{which}: trained in {time.monotonic() - began:.1f} s")
            if task.stage.kind == "final" and self._bears_faults:
                self._tell(f"{search.study.name}: finished")
        else:
            self._tell(f"{which}: handed back")

    def _opened(self, search: Search) -> Trainer:
        """The objective of a search, with its data open.

        Raises:
            KlayerError: The data are not to be had here, or are others.
        """
        # A search that was taken up again is read anew: its folder may have moved.
        if self._trainer is None or self._trainer[0] is not search:
            self.close()  # before others are opened
            trainer = open_recorded(search, self._folder, self._devices)
            other = numeric_changes(search.environment, environment())
            if other:
                self._tell(
                    f"{search.study.name}: this worker computes with {' and '.join(other)}: its "
                    "numbers may differ in their last bits from those of the others"
                )
            self._trainer = search, trainer
        return self._trainer[1]

    def close(self) -> None:
        """Give back what is open."""
        if self._trainer is not None:
            self._trainer[1].close()
        self._trainer = None

    def _pass_over(self, key: int, error: Exception) -> None:
        """Leave a search to others for a while; tell why, but not again and again."""
        why = str(error) if isinstance(error, KlayerError) else f"{type(error).__name__}: {error}"
        known = self._searches.get(key)
        name = f"search {key}" if known is None else known.study.name
        if known is not None and self._ledger.read.again(known).failure is not None:
            self._tell(f"{name}: nobody works on it any more: {why}")
            return
        _, told = self._passed_over.get(key, (0.0, ""))
        if why != told:
            self._tell(f"{name}: passed over here for {PASS_OVER_SECONDS:.0f} s: {why}")
        self._passed_over[key] = time.monotonic() + PASS_OVER_SECONDS, why
        self._searches.pop(key, None)  # its folder may have moved: then it is read and opened anew
