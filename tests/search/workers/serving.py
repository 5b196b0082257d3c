"""A small search, recorded, and workers in this process that serve it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future

from sqlalchemy import select

from search.ledger.ledger import Ledger, WorkKind
from search.ledger.opening import card_of
from search.ledger.records import Presence, Search
from search.ledger.tables import cohorts, stages
from search.study.reading import load
from search.workers.heartbeat import presence
from search.workers.loop import serve
from search.workers.pool import Job

SMALL = (
    "stages.coarse.trials=4",
    "stages.fine.trials=3",
    "stages.finest.trials=2",
    "final.finalists=2",
    "training.schedule.epochs=2",
)
COUNTS = {"coarse": 4, "fine": 3, "finest": 2, "finalists": 4, "final": 2}
# One trial, which diverges in its first epoch.
HOPELESS = (
    "stages=[{name='only', sampler='points', points=[{learning_rate=1e6, weight_decay=0.1}]}]",
    "network.batch_norm='none'",
    "final.finalists=1",
)


def never() -> bool:
    """For workers that nobody asks to stop."""
    return False


def recorded(ledger: Ledger, *overrides: str, name: str | None = None) -> Search:
    """A small search of the digits, or one with other keys."""
    study = load("digits", [*SMALL, *overrides], name)
    return ledger.record(study, "", card_of(study, None), {})


def worker(
    name: str = "a",
    search: Search | None = None,
    launcher: str | None = None,
    lease_seconds: float = 60.0,
) -> Presence:
    """A worker of this process."""
    return presence(name, "worker", search and search.id, launcher, lease_seconds)


def work(
    ledger: Ledger,
    search: Search,
    name: str = "a",
    should_stop: Callable[[], bool] = never,
    only: WorkKind | None = None,
    lease_seconds: float = 60.0,
) -> list[str]:
    """Serve one search until it is finished, or until asked to stop; the lines that it said."""
    said: list[str] = []
    who = worker(name, search, lease_seconds=lease_seconds)
    serve(ledger, who, search.study.name, None, should_stop, said.append, only)
    return said


def work_on_all(
    ledger: Ledger, until: Callable[[], bool], name: str = "a", said: list[str] | None = None
) -> list[str]:
    """Serve every search until something holds; the lines that were said."""
    lines = [] if said is None else said
    serve(ledger, worker(name), None, None, until, lines.append)
    return lines


class Threads:
    """An engine whose workers are threads of this process: they begin at once."""

    parent: int | None = None

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.closed = False

    def start(self, serve: Callable[[Job], None], job: Job) -> Future[None]:
        """Begin a worker."""
        self.jobs.append(job)
        future: Future[None] = Future()

        def run() -> None:
            try:
                future.set_result(serve(job))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=run, name="worker").start()
        return future

    def kill(self) -> None:
        """Threads cannot be killed."""

    def close(self) -> None:
        """Nothing is open."""
        self.closed = True


def is_finished(ledger: Ledger, search: Search) -> bool:
    """Whether its last stage is."""
    return ledger.read.again(search).finished_at is not None


def states(ledger: Ledger, search: Search, stage: str | None = None) -> list[str]:
    """The states of its trials, or of those of a stage."""
    trials = ledger.read.trials(search)
    return [one.state for one in trials if stage in (None, one.stage)]


def attempts(ledger: Ledger, search: Search) -> list[tuple[int, int]]:
    """How often each cohort was claimed, and with how many workers it was lost."""
    query = (
        select(cohorts.c.attempt, cohorts.c.lost)
        .join(stages, stages.c.id == cohorts.c.stage_id)
        .where(stages.c.search_id == search.id)
        .order_by(stages.c.number, cohorts.c.rung, cohorts.c.number)
    )
    with ledger.database.reading() as connection:
        return [(row.attempt, row.lost) for row in connection.execute(query)]


def table(ledger: Ledger, search: Search) -> list[tuple[object, ...]]:
    """Every trial with all that training gave it; floats in full."""
    curves = ledger.read.curves(search)
    return [
        (
            one.stage,
            one.number,
            one.state,
            repr(one.parameters),
            one.seed,
            repr(one.value),
            repr(curves[one.id]),
        )
        for one in ledger.read.trials(search)
    ]
