"""Databases that older versions of klayer have made go on as if this one had made them.

They are in data/, made by those versions themselves: `version_2.sql` and the others say how.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING, Any

import optuna
import pytest
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import inspect

from search.errors import LedgerError
from search.ledger import optuna_rows
from search.ledger.ledger import Ledger
from search.ledger.location import locate
from search.ledger.records import Claim, PlanningClaim
from search.ledger.schema import upgrade
from search.ledger.tables import SCHEMA_VERSION, metadata
from search.workers import presence, serve
from tests.search.ledger.conftest import somebody

if TYPE_CHECKING:
    from tests.postgresql import Server

DATA = Path(__file__).with_name("data")
SEARCHES = {
    2: ["done", "half", "drafted"],
    3: ["done", "half", "drafted", "resting", "rung"],
    4: ["done", "half", "drafted", "resting", "rung"],
}
TRIAL = ("stage", "number", "state", "value", "seed", "order_seed", "reason")
FINISHED = ("complete", "pruned", "diverged")

versions = pytest.mark.parametrize("version", [2, 3, 4])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The older databases as files; not to be changed."""
    folder = tmp_path_factory.mktemp("older")
    found = {}
    for version in SEARCHES:
        found[version] = folder / f"version_{version}.db"
        with closing(sqlite3.connect(found[version])) as connection:
            connection.executescript((DATA / f"version_{version}.sql").read_text("utf-8"))
            connection.execute("PRAGMA journal_mode = WAL")  # as they were
    return found


@pytest.fixture
def older(made: dict[int, Path], version: int, tmp_path: Path) -> Path:
    """A database of an older version."""
    return Path(shutil.copy(made[version], tmp_path / "ledger.db"))


@pytest.fixture
def storage(older: Path) -> str:
    return f"sqlite:///{older}"


@pytest.fixture
def upgraded(older: Path, version: int, storage: str) -> str:
    assert upgrade(storage) == (version, SCHEMA_VERSION)
    return storage


@pytest.fixture
def shown(upgraded: str) -> Callable[[str], list[FrozenTrial]]:
    """The trials of an Optuna study, by its name."""

    def read(name: str) -> list[FrozenTrial]:
        opened = RDBStorage(upgraded)
        found = optuna.load_study(study_name=name, storage=opened).get_trials()
        opened.remove_session()
        opened.engine.dispose()
        return found

    return read


def rows(path: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query, values).fetchall()


def content(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump())


# --- the tables ---------------------------------------------------------------------------------


def described(path: Path) -> dict[str, Any]:
    """All that SQLite knows of the ledger's tables, whatever the order in which it was made.

    Texts have a length there in name only; and what a column is without a value matters to none:
    klayer gives every row a value, which older rows had to get.
    """
    found: dict[str, Any] = {}
    with closing(sqlite3.connect(path)) as connection:

        def asked(pragma: str, name: str) -> list[tuple[Any, ...]]:
            return connection.execute(f"PRAGMA {pragma}({name})").fetchall()

        for name in sorted(metadata.tables):
            indexes = []
            for _, index, unique, origin, partial in asked("index_list", name):
                columns = tuple(one[2] for one in asked("index_info", index))
                named = index if origin == "c" else ""
                indexes.append((named, unique, origin, partial, columns))
            found[name] = {
                "columns": {
                    (column, kind.partition("(")[0], required, key)
                    for _, column, kind, required, _, key in asked("table_info", name)
                },
                "indexes": sorted(indexes),
                "references": sorted(one[2:7] for one in asked("foreign_key_list", name)),
            }
    return found


@versions
def test_tables_become_those_that_are_made_today(
    upgraded: str, older: Path, sqlite_template: Path
) -> None:
    assert described(older) == described(sqlite_template)
    assert rows(older, "SELECT version FROM klayer_schema") == [(SCHEMA_VERSION,)]
    assert rows(older, "PRAGMA foreign_key_check") == []
    assert rows(older, "PRAGMA integrity_check") == [("ok",)]
    with somebody(upgraded) as connection:  # nothing is left of those in between
        names = set(inspect(connection).get_table_names())
    with somebody(f"sqlite:///{sqlite_template}") as connection:
        assert names == set(inspect(connection).get_table_names())


# --- what they hold -----------------------------------------------------------------------------


@versions
def test_searches_trials_and_curves_are_what_they_were(
    made: dict[int, Path], version: int, upgraded: str
) -> None:
    trials = (
        "SELECT s.name, t.number, t.state, value, seed, order_seed, reason, t.finished_at, {} "
        "FROM klayer_trials t JOIN klayer_stages s ON s.id = t.stage_id "
        "JOIN klayer_searches x ON x.id = s.search_id WHERE x.name = ? ORDER BY s.number, t.number"
    ).format("pruned_after" if version >= 3 else "NULL")
    epochs = "SELECT * FROM klayer_epochs WHERE trial_id = ? ORDER BY epoch"
    with Ledger(upgraded) as ledger:
        assert ledger.read.names() == SEARCHES[version]
        for name in SEARCHES[version]:
            search = ledger.read.search(name)
            kept, curves = ledger.read.trials(search), ledger.read.curves(search)
            assert rows(made[version], trials, name) == [
                (*(getattr(one, name) for name in TRIAL), one.finished_at, one.pruned_after)
                for one in kept
            ]
            for one in kept:
                reports = curves[one.id].reports if one.id in curves else ()
                assert rows(made[version], epochs, one.id) == [
                    (one.id, each.step, *each.finite().values()) for each in reports
                ]


@versions
def test_searches_stand_where_they_stood(upgraded: str, version: int) -> None:
    with Ledger(upgraded) as ledger:
        stood = {}
        for name in SEARCHES[version]:
            search = ledger.read.search(name)
            stood[name] = [
                (stage.state, stage.finished, stage.running, stage.pruned)
                for stage in ledger.read.stages(search)
                if stage.state != "unplanned"
            ]
            assert (search.stopped_at, search.failure) == (None, None)
            assert (search.result is not None) == (name == "done")
        assert stood["done"] == [("finished", n, 0, 0) for n in (6, 3, 2, 4, 2)]
        assert stood["half"] == [("open", 3, 3, 0)]
        assert stood["drafted"] == [("finished", 6, 0, 0), ("planning", 0, 0, 0)]
        if version >= 3:
            assert stood["resting"] == [("open", 0, 0, 0)]
            assert stood["rung"] == [("open", 3, 2, 3)]
        assert len(ledger.read.open_searches()) == len(SEARCHES[version]) - 1
        assert ledger.read.workers() == []


@versions
def test_optuna_is_told_what_it_was_not_told_in_time(
    upgraded: str, shown: Callable[[str], list[FrozenTrial]], version: int
) -> None:
    states = {one: TrialState[name] for one, name in optuna_rows.STATES.items()}
    with Ledger(upgraded) as ledger:
        for name in SEARCHES[version]:
            search = ledger.read.search(name)
            kept = ledger.read.trials(search)
            for stage in {one.stage: None for one in kept}:
                number = next(
                    s.step.number for s in ledger.read.stages(search) if s.step.name == stage
                )
                mine = [one for one in kept if one.stage == stage]
                found = shown(f"{name}/{number}-{stage}")
                assert [one.params for one in found] == [one.parameters for one in mine]
                assert [one.state for one in found] == [states[one.state] for one in mine]
                assert [one.value for one in found] == [one.value for one in mine]
                assert [one.user_attrs.get("pruned_after") for one in found] == [
                    one.pruned_after for one in mine
                ]


@pytest.mark.parametrize("version", [2, 3])  # later ones plan in one transaction
def test_what_a_killed_planner_left_in_optuna_is_gone(
    made: dict[int, Path], version: int, older: Path, upgraded: str
) -> None:
    query = "SELECT study_name FROM studies WHERE study_name LIKE 'drafted/%'"
    left = "drafted/2-fine (in the making, attempt 1)"
    assert rows(made[version], query) == [("drafted/1-coarse",), (left,)]
    assert rows(older, query) == [("drafted/1-coarse",)]
    for table in ("trial_params", "trial_user_attributes", "trial_values"):
        orphans = f"SELECT * FROM {table} WHERE trial_id NOT IN (SELECT trial_id FROM trials)"
        assert rows(older, orphans) == []


# --- going on -----------------------------------------------------------------------------------


@versions
def test_the_same_study_file_goes_on_with_its_search(upgraded: str, version: int) -> None:
    with Ledger(upgraded, create=True) as ledger:
        for name in SEARCHES[version]:
            known = ledger.read.search(name)
            again = ledger.record(known.study, "", known.data_fingerprint, {})
            assert again == known
            assert again.study.canonical() == known.study.canonical()


@versions
def test_what_killed_workers_held_is_claimed_once_more(upgraded: str, version: int) -> None:
    with Ledger(upgraded) as ledger:
        half = ledger.read.search("half")
        claim = ledger.next_work(half, "next")
        assert isinstance(claim, Claim)
        assert (claim.numbers, claim.attempt, claim.start) == ((3, 4, 5), 2, 0)
        assert len(ledger.read.curves(half)) == 3  # of those that were handed in
        planning = ledger.next_work(ledger.read.search("drafted"), "next")
        assert isinstance(planning, PlanningClaim)
        assert (planning.step.name, planning.attempt) == ("fine", 2)


@pytest.mark.parametrize("version", [3, 4])
def test_checkpoints_of_resting_trials_are_kept(
    upgraded: str, made: dict[int, Path], version: int
) -> None:
    with Ledger(upgraded) as ledger:
        claim = ledger.next_work(ledger.read.search("rung"), "next")
        assert isinstance(claim, Claim)
        assert (claim.start, claim.stop, claim.attempt) == (1, 3, 2)
        query = (
            "SELECT c.state FROM klayer_checkpoints c JOIN klayer_trials t ON t.id = c.trial_id "
            "WHERE t.cohort_id = ? ORDER BY t.number"
        )
        assert list(claim.checkpoints) == [
            state for (state,) in rows(made[version], query, claim.cohort_id)
        ]
        resting = ledger.next_work(ledger.read.search("resting"), "next")
        assert isinstance(resting, Claim)
        assert (resting.start, resting.stop, resting.attempt) == (0, 1, 1)


@pytest.mark.parametrize(
    ("version", "name"),
    [
        (2, "half"),
        (2, "drafted"),
        (3, "half"),
        (3, "resting"),
        (3, "rung"),
        (4, "half"),
        (4, "drafted"),
        (4, "rung"),
    ],
)
def test_a_search_is_trained_to_its_end(upgraded: str, older: Path, name: str) -> None:
    """By a real worker, on the digits; what was there before it stays as it was."""
    with Ledger(upgraded) as ledger:
        search = ledger.read.search(name)
        before = {
            (one.stage, one.number): one
            for one in ledger.read.trials(search)
            if one.state in FINISHED
        }
        serve(ledger, presence("worker"), name, None, lambda: False, lambda _: None)
        found = ledger.read.again(search)
        assert found.finished_at is not None
        assert found.result is not None
        after = {(one.stage, one.number): one for one in ledger.read.trials(search)}
        assert {place: after[place] for place in before} == before
        assert {one.state for one in after.values()} <= set(FINISHED)
        assert [stage.state for stage in ledger.read.stages(search)] == ["finished"] * 5
        drawn = [one for one in after.values() if ledger.read.portrait(one) is not None]
        assert {one.stage for one in drawn} == {"final"}
    untold = (
        "SELECT count(*) FROM trials o JOIN studies s ON s.study_id = o.study_id "
        "WHERE s.study_name LIKE ? AND o.state NOT IN ('COMPLETE', 'PRUNED', 'FAIL')"
    )
    assert rows(older, untold, f"{name}/%") == [(0,)]


# --- refusals -----------------------------------------------------------------------------------


@versions
@pytest.mark.parametrize("table", ["klayer_cohorts", "klayer_stages"])
def test_while_somebody_works_nothing_is_changed(
    older: Path, storage: str, version: int, table: str
) -> None:
    state = {"klayer_cohorts": "claimed", "klayer_stages": "planning"}[table]
    with closing(sqlite3.connect(older)) as connection:
        connection.execute(
            f"UPDATE {table} SET lease_until = ? "
            f"WHERE id = (SELECT id FROM {table} WHERE state = ? LIMIT 1)",
            (time.time() + 60, state),
        )
        connection.commit()
    before = content(older)
    with pytest.raises(LedgerError) as caught:
        upgrade(storage)
    assert str(caught.value) == (
        f"{storage}: workers of version {version} hold leases (1); stop them first (or, if they "
        "were killed, wait a minute until their leases end), then upgrade"
    )
    assert content(older) == before


@versions
def test_an_upgrade_that_fails_changes_nothing(older: Path, storage: str) -> None:
    with closing(sqlite3.connect(older)) as connection:
        connection.execute("CREATE TABLE klayer_portraits (in_the_way TEXT)")
    before = content(older)
    with pytest.raises(LedgerError, match="klayer_portraits already exists"):
        upgrade(storage)
    assert content(older) == before


@versions
def test_rows_that_refer_to_nothing_are_found(older: Path, storage: str) -> None:
    with closing(sqlite3.connect(older)) as connection:
        connection.execute("UPDATE klayer_trials SET cohort_id = 4711 WHERE id = 1")
        connection.commit()
    before = content(older)
    with pytest.raises(LedgerError) as caught:
        upgrade(storage)
    assert str(caught.value) == (
        f"{storage}: rows of klayer_trials refer to rows of klayer_cohorts that are missing"
    )
    assert content(older) == before


@versions
def test_two_upgrades_at_once_are_one(storage: str, older: Path, version: int) -> None:
    together = Barrier(2)

    def begin(_: int) -> tuple[int, int]:
        together.wait()
        return upgrade(storage)

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(begin, range(2)))
    assert found == [(version, SCHEMA_VERSION), (SCHEMA_VERSION, SCHEMA_VERSION)]
    with Ledger(storage) as ledger:
        assert ledger.read.names() == SEARCHES[version]


def test_tables_of_this_version_are_left_alone(sqlite_template: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(sqlite_template, tmp_path / "a.db"))
    before = content(path)
    assert upgrade(f"sqlite:///{path}") == (SCHEMA_VERSION, SCHEMA_VERSION)
    assert content(path) == before


def test_what_was_finished_before_there_were_portraits_has_none(made: dict[int, Path]) -> None:
    copy = made[4].with_name("copy.db")
    shutil.copy(made[4], copy)
    storage = f"sqlite:///{copy}"
    upgrade(storage)
    with Ledger(storage) as ledger:
        done = ledger.read.trials(ledger.read.search("done"))
        assert len(done) == 17
        assert {ledger.read.portrait(one) for one in done} == {None}


# --- on a server, whose first version is 4 ------------------------------------------------------

SHAPE = """
    SELECT column_name, data_type, is_nullable, column_default, conname, contype,
        CAST(confrelid AS regclass)
    FROM information_schema.columns
    JOIN pg_constraint ON conrelid = CAST('klayer_portraits' AS regclass)
    WHERE table_name = 'klayer_portraits' AND (contype <> 'n') ORDER BY column_name, conname
"""
RIGHTS = """
    SELECT grantee, privilege_type FROM information_schema.role_table_grants
    WHERE table_name = %s ORDER BY grantee, privilege_type
"""


def test_tables_on_a_server_are_left_alone_when_they_are_of_this_version(
    postgresql_storage: str,
) -> None:
    assert upgrade(postgresql_storage) == (SCHEMA_VERSION, SCHEMA_VERSION)


def test_tables_on_a_server_become_those_of_today_and_who_may_use_them_still_may(
    postgresql: "Server",
) -> None:
    storage = postgresql.new_database()
    with Ledger(storage, create=True):
        pass
    database = str(locate(storage).url.database)

    def asked(statement: str, *values: str) -> list[tuple[Any, ...]]:
        return postgresql.execute(statement, values, database)

    shape = asked(SHAPE)
    assert len(shape) == 4  # two columns, two constraints
    asked("DROP TABLE klayer_portraits")
    asked("UPDATE klayer_schema SET version = 4")
    asked("GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC")
    asked("GRANT ALL ON ALL TABLES IN SCHEMA public TO reader")
    asked("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO reader")
    with pytest.raises(LedgerError, match="its tables are of version 4, this klayer uses version"):
        Ledger(storage)
    assert upgrade(storage) == (4, SCHEMA_VERSION)
    assert asked(SHAPE) == shape
    rights = asked(RIGHTS, "klayer_trials")
    assert {role for role, _ in rights} == {"PUBLIC", "klayer", "reader"}
    assert asked(RIGHTS, "klayer_portraits") == rights
    with Ledger(postgresql.url(database, "reader"), create=True) as ledger:
        assert ledger.read.names() == []


def test_what_is_kept_here_is_small_and_says_nothing_of_where_it_was_made() -> None:
    for path in DATA.iterdir():
        text = path.read_text("utf-8")
        assert len(text) < 200_000
        assert os.uname().nodename not in text.split("'")
        assert "/home" not in text
