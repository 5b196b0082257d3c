"""Databases of both kinds to test on, and a small search in one, of results that are made up."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from optuna import load_study
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial
from sqlalchemy import Connection, event, text

from search.ledger.claims import hold
from search.ledger.database import connect, now
from search.ledger.ledger import LEASE_SECONDS, Ledger
from search.ledger.location import locate
from search.ledger.records import Claim, CohortClaim, PlanningClaim, Search, TrialResult
from search.objective.data_card import DataCard
from search.objective.report import Report
from search.plan.plan import plan, step_of
from search.plan.samplers import distributions
from search.study.file import Study
from search.study.reading import load

if TYPE_CHECKING:
    from tests.postgresql import Server

OVERRIDES = (
    "stages.coarse.trials=6",
    "stages.fine.trials=3",
    "stages.finest.trials=2",
    "final.finalists=2",
    "training.schedule.epochs=2",
)
EPOCHS = 2
METRICS = tuple(metric.name for metric in load("digits").objective.metrics)
SCORE = METRICS[-1]
KINDS = ("sqlite", "postgresql")

# What others have left in it goes; rows only, since new files for each table would take as long as
# a new database. Whoever is still at work goes first: a test that failed may hold locks. To wait
# for the end of a session takes a tenth of a second, so those that hold nothing stay.
EMPTIED = """
DO $$ DECLARE found record; BEGIN
    PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle';
    SET LOCAL session_replication_role = replica;  -- foreign keys are not looked at
    FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
        AND tablename NOT IN ('alembic_version', 'version_info', 'klayer_alembic_version')
    LOOP EXECUTE format('DELETE FROM %I', found.tablename); END LOOP;
    PERFORM setval(format('%I', sequencename)::regclass, 1, false)
        FROM pg_sequences WHERE schemaname = 'public';
END $$
"""

Alter = Callable[..., list[Any]]


def study_with_budget(seconds: float, *overrides: str) -> Study:
    """Stages of 12, 6 and 4 epochs, one finalist, and a final of 2 epochs."""
    hours = f"budget={{hours={seconds / 3600}}}"
    return load("digits", [*OVERRIDES, "final.finalists=1", "final.seeds=1", hours, *overrides])


class Clock:
    """The database's clock, which a test sets."""

    time = 1_000.0

    def __call__(self, _: Connection) -> float:
        return self.time


def train(ledger: Ledger, search: Search, clock: Clock, seconds: float = 20.0) -> None:
    """Train the next cohort."""
    claim = ledger.next_work(search, "a")
    assert isinstance(claim, CohortClaim)
    clock.time += seconds
    ledger.hand_in(claim, worth(claim))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the ledger, which stands still."""
    made = Clock()
    monkeypatch.setattr("search.ledger.ledger.now", made)
    monkeypatch.setattr("search.ledger.queries.now", made)
    monkeypatch.setattr("search.ledger.claims.now", made)
    return made


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and no search, to be copied."""
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    with Ledger(f"sqlite:///{path}", create=True):
        pass
    return path


@pytest.fixture(scope="session")
def postgresql_storage(postgresql: "Server") -> str:
    """The one database with all tables that the tests of a PostgreSQL ledger share."""
    storage = postgresql.new_database()
    with Ledger(storage, create=True):
        pass
    # What tests write need not outlive a crash; the tables do.
    name = locate(storage).url.database
    postgresql.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    return storage


@pytest.fixture(scope="session")
def postgresql_ledger(postgresql_storage: str) -> Iterator[Ledger]:
    """The ledger in it, opened once."""
    with Ledger(postgresql_storage) as opened:
        yield opened


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Every test of the contract runs against each kind of database."""
    return str(request.param)


@pytest.fixture
def storage(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a database that has all tables and no search. Its tables are not to be changed."""
    if kind == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "ledger.db")
        return f"sqlite:///{tmp_path}/ledger.db"
    url: str = request.getfixturevalue("postgresql_storage")
    server: Server = request.getfixturevalue("postgresql")
    server.execute(EMPTIED, database=str(locate(url).url.database))
    return url


@pytest.fixture
def empty_storage(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a database of the test's own: on PostgreSQL without tables, on SQLite no file."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/new.db"
    server: Server = request.getfixturevalue("postgresql")
    return server.new_database()


@pytest.fixture
def shown(storage: str) -> str:
    """The URL of the database as messages may show it."""
    return locate(storage).shown


@contextmanager
def somebody(storage: str) -> Iterator[Connection]:
    """A connection of somebody else's, in a transaction that is rolled back unless committed."""
    engine = connect(locate(storage))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@pytest.fixture
def alter(storage: str) -> Alter:
    """Does something to the database behind the ledger's back; the rows."""

    def altered(statement: str, **values: Any) -> list[Any]:
        with somebody(storage) as connection:
            done = connection.execute(text(statement), values)
            rows = list(done) if done.returns_rows else []
            connection.commit()
        return rows

    return altered


@pytest.fixture
def optuna_storage(storage: str) -> Iterator[RDBStorage]:
    """Optuna's own door to the same database, as any reader of it opens it."""
    url = locate(storage).url.render_as_string(hide_password=False)
    opened = RDBStorage(url, skip_compatibility_check=True, skip_table_creation=True)  # in no time
    yield opened
    opened.remove_session()
    opened.engine.dispose()


@pytest.fixture
def optuna_trials(optuna_storage: RDBStorage) -> Callable[[str], list[FrozenTrial]]:
    """The trials of an Optuna study, by its name."""
    return lambda name: load_study(study_name=name, storage=optuna_storage).get_trials()


@pytest.fixture
def study() -> Study:
    return load("digits", OVERRIDES)


@pytest.fixture
def ledger(storage: str, kind: str, request: pytest.FixtureRequest) -> Iterator[Ledger]:
    if kind == "postgresql":  # to open it each time would take longer than most tests
        yield copy(request.getfixturevalue("postgresql_ledger"))
        return
    with Ledger(storage) as opened:
        yield opened


@pytest.fixture
def few_values(ledger: Ledger, kind: str) -> None:
    """Statements may have 550 values, as if the others' 32,766 or 65,535 were tried; on SQLite."""
    if kind == "sqlite":

        @event.listens_for(ledger.database.engine, "checkout")
        def limit(connection: sqlite3.Connection, *_: object) -> None:
            connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 550)


@pytest.fixture
def search(ledger: Ledger, study: Study) -> Search:
    return ledger.record(study, "# as written\n", DataCard("digits", "f" * 64), {"numpy": "2"})


@pytest.fixture
def figures() -> Callable[[int, float], Report]:
    """A report with `value` as its score; all metrics differ and have no short decimal form."""

    def made(step: int, value: float) -> Report:
        divided = zip(METRICS, (3, 7, 11, 13, 17, 19), strict=False)
        return Report(step, {name: value / by for name, by in divided} | {SCORE: value})

    return made


def open_stage(ledger: Ledger, search: Search, groups: int = 1) -> PlanningClaim:
    """Plan the next stage, with cohorts of trials whose numbers agree modulo `groups`.

    The cohorts of the plan itself would make these tests depend on how stacks are cut.
    """
    claim = ledger.next_work(search, "planner")
    assert isinstance(claim, PlanningClaim)
    step = step_of(search.study, claim.stage.number)
    made = plan(search.study, step, ledger.read.finished_trials(search))
    sharing: dict[int, list[int]] = {}  # only trials of one order may share a cohort
    for trial in made.trials:
        sharing.setdefault(trial.order_seed, []).append(trial.number)
    cohorts = tuple(
        tuple(numbers[first::groups]) for numbers in sharing.values() for first in range(groups)
    )
    space = distributions(made.boxes, listed=step.kind != "search")
    ledger.open_stage(search, claim, replace(made, cohorts=cohorts), space, EPOCHS)
    return claim


@pytest.fixture
def open_next(ledger: Ledger, search: Search) -> Callable[[int], PlanningClaim]:
    """Plans the next stage, in cohorts of trials whose numbers agree modulo `groups`."""
    return lambda groups=1: open_stage(ledger, search, groups)


@pytest.fixture
def claim_next(ledger: Ledger, search: Search) -> Callable[..., CohortClaim]:
    """Claims the next cohort."""

    def claimed(owner: str, lease_seconds: float = 60.0) -> CohortClaim:
        claim = ledger.next_work(search, owner, lease_seconds)
        assert isinstance(claim, CohortClaim)
        return claim

    return claimed


def renew(ledger: Ledger, claim: Claim, lease_seconds: float = LEASE_SECONDS) -> None:
    """Let a lease run from now on; LostLeaseError where somebody else has the claim."""
    with ledger.database.writing() as connection:
        hold(connection, claim, now(connection) + lease_seconds)


def worth(claim: CohortClaim) -> list[TrialResult]:
    """A value for each trial of a claim: its number's share of 30, which has no short form."""
    return [TrialResult(n, (n + 1) / 30) for n in claim.numbers]


@pytest.fixture
def outcomes() -> Callable[[CohortClaim], list[TrialResult]]:
    """A value for each trial of a claim."""
    return worth
