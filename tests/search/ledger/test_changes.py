"""A watcher sees what others write, once, and says what is wrong with the database."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from search.ledger.changes import Changes
from search.ledger.database import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.study.file import Study


def test_each_change_is_seen_once(ledger: Ledger, storage: str, study: Study) -> None:
    with ledger.changes() as changes:
        assert changes.any()  # all that was written before
        assert not changes.any()
        search = ledger.record(study, "", "f" * 64, {})
        assert changes.any()
        assert not changes.any()
        with Ledger(storage) as another:
            assert another.read.search(study.name) == search
            assert not changes.any()  # reading is no change
            another.next_work(search, "a worker")
        assert changes.any()
        assert not changes.any()


def test_each_watcher_sees_for_itself(ledger: Ledger, study: Study) -> None:
    with ledger.changes() as one, ledger.changes() as other:
        assert one.any()
        assert other.any()
        ledger.record(study, "", "f" * 64, {})
        assert one.any()
        assert other.any()


def test_a_database_that_fails_is_a_fault_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    with Ledger(f"sqlite:///{file}", create=True):
        pass
    engine = create_engine(f"sqlite:///{file}")
    changes = Changes(engine)
    file.unlink()
    shutil.copy(__file__, file)  # no database any more
    with Changes(engine) as late, pytest.raises(DatabaseFaultError, match="not a database"):
        late.any()
    changes.close()
    engine.dispose()


def test_a_database_that_cannot_be_opened_is_one_too(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/gone/ledger.db")
    with pytest.raises(DatabaseFaultError, match="unable to open database file"):
        Changes(engine)
    engine.dispose()
