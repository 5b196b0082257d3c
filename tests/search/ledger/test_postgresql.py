"""A server for workers of many hosts: connections that are noticed to be gone, rights, one schema."""

import threading
import time
from typing import TYPE_CHECKING

import pytest

from search.errors import LedgerError
from search.ledger import postgresql as module
from search.ledger.database import connect
from search.ledger.ledger import Ledger
from search.ledger.location import locate
from search.ledger.tables import cohorts
from tests.search.ledger.conftest import somebody

if TYPE_CHECKING:
    from tests.postgresql import Server


@pytest.fixture
def kind() -> str:
    return "postgresql"


def test_what_the_server_sees_of_a_process(ledger: Ledger, storage: str, alter: object) -> None:
    """One connection while it is idle, by klayer's name."""
    for _ in range(3):
        ledger.read.names()
    with somebody(storage) as other:
        rows = other.exec_driver_sql(
            "SELECT application_name FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).all()
    assert rows == [("klayer",)]


def test_a_way_that_is_gone_without_a_word_is_noticed_soon(storage: str) -> None:
    engine = connect(locate(storage))
    with engine.connect() as connection:
        settings = {
            name: int(connection.exec_driver_sql(f"SHOW {name}").scalar() or 0)
            for name in ("tcp_keepalives_idle",)
        }
        raw = connection.connection.driver_connection
        assert raw is not None
        asked = raw.info.get_parameters()
    engine.dispose()
    assert settings  # the server has its own; ours are the client's
    assert int(asked["connect_timeout"]) == module.CONNECT_SECONDS
    idle, interval, count = (int(asked[f"keepalives_{x}"]) for x in ("idle", "interval", "count"))
    assert idle + interval * count <= 30
    assert int(asked["tcp_user_timeout"]) <= 30_000


def test_what_the_url_says_is_not_changed(storage: str) -> None:
    engine = connect(locate(f"{storage}?connect_timeout=3&application_name=mine"))
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        asked = raw.info.get_parameters()
        assert (asked["connect_timeout"], asked["application_name"]) == ("3", "mine")
    engine.dispose()


def test_one_at_a_time_changes_the_schema(storage: str) -> None:
    held, got = threading.Event(), []

    def second() -> None:
        held.wait()
        with somebody(storage) as connection:
            module.lock_schema(connection)
            got.append(time.monotonic())

    thread = threading.Thread(target=second)
    thread.start()
    with somebody(storage) as connection:
        module.lock_schema(connection)
        held.set()
        time.sleep(0.2)
        assert not got
        connection.commit()
    thread.join()
    assert len(got) == 1


def test_who_may_not_write_is_told_what_to_grant(storage: str, postgresql: "Server") -> None:
    name = str(locate(storage).url.database)
    with somebody(storage) as connection:
        module.check_rights(connection, cohorts.name, "here")
    postgresql.execute("GRANT USAGE ON SCHEMA public TO reader", database=name)
    try:
        with somebody(postgresql.url(name, "reader")) as connection:
            with pytest.raises(LedgerError) as caught:
                module.check_rights(connection, cohorts.name, "here")
            assert str(caught.value) == (
                "here: the role reader may not write to the ledger's tables; let their owner "
                "GRANT ALL ON ALL TABLES IN SCHEMA public TO reader, or connect as the owner"
            )
    finally:
        postgresql.execute("REVOKE USAGE ON SCHEMA public FROM reader", database=name)
