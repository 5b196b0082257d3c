"""Older tables become those of today, whole or not at all, with all that they hold."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from search.errors import LedgerError
from search.ledger import migrations
from search.ledger.ledger import Ledger
from search.ledger.location import locate
from search.ledger.records import CohortClaim, Presence
from search.ledger.schema import upgrade
from search.ledger.tables import metadata
from search.objective.data_card import DataCard
from search.study.file import Study
from tests.search.ledger.conftest import open_stage, somebody

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{last}"

def upgrade():
    with op.batch_alter_table("klayer_cohorts") as cohorts:  # SQLite replaces the whole table
        cohorts.alter_column("owner", new_column_name="held_by")
        cohorts.add_column(sa.Column("priority", sa.Integer, nullable=False, server_default="7"))
    op.create_table("klayer_notes", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("UPDATE klayer_searches SET study_text = 'moved on'")
"""
LAST = migrations.revisions()[-1]

Later = Callable[..., None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Later:
    """Lets this klayer know one revision more."""

    def known(script: str = NEXT) -> None:
        folder = tmp_path / "versions"
        shutil.copytree(migrations.VERSIONS, folder)
        (folder / "9999_next.py").write_text(script.format(last=LAST), "utf-8")
        monkeypatch.setattr(migrations, "VERSIONS", folder)

    return known


@pytest.fixture
def used(empty_storage: str, study: Study) -> str:
    """A database of the test's own with a search that a worker, which is gone, was training."""
    with Ledger(empty_storage, create=True) as ledger:
        search = ledger.record(study, "# as written\n", DataCard("digits", "f" * 64), {})
        open_stage(ledger, search)
        claim = ledger.next_work(search, "gone", lease_seconds=-1)
        assert isinstance(claim, CohortClaim)
    return empty_storage


def asked(storage: str, query: str) -> list[tuple[object, ...]]:
    with somebody(storage) as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def content(storage: str) -> dict[str, object]:
    """All tables with their columns, and the rows of the ledger's."""
    with somebody(storage) as connection:
        tables = inspect(connection)
        return {
            name: (
                [column["name"] for column in tables.get_columns(name)],
                [tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}"))]
                if name.startswith("klayer_")
                else None,
            )
            for name in sorted(tables.get_table_names())
        }


# --- the scripts ----------------------------------------------------------------------------------


def test_the_scripts_make_the_tables_that_a_fresh_database_has(empty_storage: str) -> None:
    """Where it fails, it shows what a script would have to say for the tables to be the same."""
    with somebody(empty_storage) as connection:
        migrations.upgrade(connection, None, time.time(), empty_storage)
        context = MigrationContext.configure(
            connection, opts={"version_table": "klayer_alembic_version"}
        )
        missing = produce_migrations(context, metadata)
        assert missing.upgrade_ops is not None
        assert compare_metadata(context, metadata) == [], render_python_code(missing.upgrade_ops)
        assert context.get_current_revision() == LAST


def test_the_names_of_the_scripts_are_their_revisions_in_a_row() -> None:
    scripts = list(migrations._scripts().walk_revisions())
    assert [script.revision for script in reversed(scripts)] == migrations.revisions()
    assert migrations._scripts().get_heads() == [LAST]


def test_a_database_that_is_up_to_date_is_opened_without_alembic(storage: str) -> None:
    code = (
        "import sys; from search.ledger.ledger import Ledger\n"
        f"with Ledger({storage!r}, create=True) as ledger: ledger.read.names()\n"
        "print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "False\n"


# --- an upgrade -----------------------------------------------------------------------------------


def test_older_tables_get_what_is_new_and_keep_what_they_hold(used: str, later: Later) -> None:
    before = asked(used, "SELECT * FROM klayer_trials ORDER BY id")
    held = asked(used, "SELECT id, owner, 7 FROM klayer_cohorts ORDER BY id")
    studies = asked(used, "SELECT * FROM trials ORDER BY trial_id")
    assert (len(before), len(studies)) == (6, 6)
    later()
    with pytest.raises(LedgerError) as caught:
        Ledger(used, create=True)
    assert str(caught.value) == (
        f"{locate(used).shown}: its tables are of revision {LAST}, this klayer uses revision 9999; "
        "stop its workers, keep a copy, and bring it up to date with `klayer storage upgrade`"
    )
    assert upgrade(used) == (LAST, "9999")
    assert asked(used, "SELECT * FROM klayer_trials ORDER BY id") == before
    assert asked(used, "SELECT id, held_by, priority FROM klayer_cohorts ORDER BY id") == held
    assert asked(used, "SELECT * FROM trials ORDER BY trial_id") == studies
    assert asked(used, "SELECT count(*) FROM klayer_notes") == [(0,)]
    assert asked(used, "SELECT study_text FROM klayer_searches") == [("moved on",)]
    assert asked(used, "SELECT version_num FROM klayer_alembic_version") == [("9999",)]
    with Ledger(used) as ledger:
        assert ledger.read.names() == ["digits"]
    assert upgrade(used) == ("9999", "9999")


def test_tables_of_this_revision_are_left_alone(used: str) -> None:
    before = content(used)
    assert upgrade(used) == (LAST, LAST)
    assert content(used) == before


def test_two_upgrades_at_once_are_one(used: str, later: Later) -> None:
    later()
    together = Barrier(2)

    def begin(_: int) -> tuple[str, str]:
        together.wait()
        return upgrade(used)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(begin, range(2))) == [(LAST, "9999"), ("9999", "9999")]


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "state"), [("klayer_cohorts", "claimed"), ("klayer_stages", "planning")]
)
def test_while_somebody_works_nothing_is_changed(
    used: str, later: Later, table: str, state: str
) -> None:
    with somebody(used) as connection:
        what = {"lease": time.time() + 60, "state": state}
        change = f"UPDATE {table} SET state = :state, owner = 'one', lease_until = :lease"
        connection.execute(text(f"{change} WHERE id = (SELECT min(id) FROM {table})"), what)
        connection.commit()
    later()
    before = content(used)
    with pytest.raises(LedgerError) as caught:
        upgrade(used)
    assert str(caught.value) == (
        f"{locate(used).shown}: processes of revision {LAST} are at work (1); stop them first (or, "
        "if they were killed, wait some minutes until their leases end), then upgrade"
    )
    assert content(used) == before


def test_while_somebody_waits_for_work_nothing_is_changed(used: str, later: Later) -> None:
    """It would go on with its old code."""
    who = Presence("host/1", "worker", "host", "kernel", 11, None, None, 60.0)
    with Ledger(used) as ledger:
        ledger.join(who)
        later()
        with pytest.raises(LedgerError, match=r"are at work \(1\); stop them first"):
            upgrade(used)
    with somebody(used) as connection:  # it is lost, and its clock was ahead
        connection.execute(text("UPDATE klayer_workers SET seen_at = seen_at + 7200"))
        connection.commit()
    assert upgrade(used) == (LAST, "9999")


def test_an_upgrade_that_fails_changes_nothing(used: str, later: Later) -> None:
    later(f"{NEXT}    op.execute('DELETE FROM nowhere')\n")
    before = content(used)
    with pytest.raises(LedgerError, match="nowhere"):
        upgrade(used)
    assert content(used) == before


@pytest.mark.parametrize("kind", ["sqlite"])
def test_rows_that_refer_to_nothing_are_found(used: str, later: Later) -> None:
    """SQLite does not look at references while tables are replaced; a server always does."""
    later(f"{NEXT}    op.execute('UPDATE klayer_trials SET cohort_id = 4711 WHERE number = 1')\n")
    before = content(used)
    with pytest.raises(LedgerError) as caught:
        upgrade(used)
    assert str(caught.value) == (
        f"{used}: rows of klayer_trials refer to rows of klayer_cohorts that are missing"
    )
    assert content(used) == before
