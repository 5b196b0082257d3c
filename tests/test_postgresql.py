"""The server that other tests rely on does what they expect of it, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.postgresql import Server

OWN_PROCESS = """
import sys
from tests.postgresql import Server
server = Server()
server.start()
print(server.pid, server.folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One of this file's own, since its tests stop it."""
    with Server() as started:
        yield started


@pytest.fixture
def url(server: Server) -> str:
    return server.new_database()


def numbers(url: str) -> list[int]:
    """Adds a number to a table, and gives all that are in it."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS numbers (n SERIAL)")
        connection.execute("INSERT INTO numbers DEFAULT VALUES")
        return [n for (n,) in connection.execute("SELECT n FROM numbers ORDER BY n")]


def comes_true(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + 30
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_fixture_is_a_server(postgresql: Server) -> None:
    assert numbers(postgresql.new_database()) == [1]


def test_a_new_database_is_empty_and_its_role_may_do_all_in_it(server: Server, url: str) -> None:
    other = server.new_database()
    assert url != other
    assert numbers(url) == [1]
    assert numbers(url) == [1, 2]
    assert numbers(other) == [1]


def test_the_role_is_an_ordinary_one(url: str) -> None:
    with psycopg.connect(url) as connection:
        flags = "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = USER"
        assert connection.execute(flags).fetchone() == (False, False, False)


def test_the_reader_may_connect_and_no_more(server: Server, url: str) -> None:
    numbers(url)
    name = url.rpartition("/")[2]
    for statement in ("CREATE TABLE own (n INTEGER)", "SELECT n FROM numbers"):
        with (
            psycopg.connect(server.url(name, role="reader")) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


def test_the_password_is_asked_for(server: Server, url: str) -> None:
    for wrong in ("another", ""):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url.replace(server.password, wrong), passfile="/dev/null")


def test_settings_that_tests_rely_on(server: Server) -> None:
    def setting(name: str) -> str:
        return str(server.execute(f"SHOW {name}")[0][0])

    assert setting("fsync") == "on"
    assert setting("max_connections") == "300"
    assert setting("listen_addresses") == "127.0.0.1"
    assert setting("password_encryption") == "scram-sha-256"


def test_what_is_written_outlasts_a_restart(server: Server, url: str) -> None:
    numbers(url)
    before = server.pid
    server.restart()
    assert server.pid != before
    assert numbers(url) == [1, 2]


def test_a_server_that_is_stopped_refuses_until_it_is_started(server: Server, url: str) -> None:
    with psycopg.connect(url) as connection:
        server.stop()
        assert server.pid is None
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(url)
    server.stop()  # once more is no fault
    server.start()
    assert numbers(url) == [1]


def test_a_killed_server_comes_back_with_what_was_committed(server: Server, url: str) -> None:
    numbers(url)
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO numbers VALUES (99)")
        family = psutil.Process(server.pid).children(recursive=True)
        assert family
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert not [process.pid for process in family if is_alive(process.pid)]
    server.start()
    assert 99 not in numbers(url)


def test_connections_are_cut_and_others_are_left(server: Server, url: str) -> None:
    other = server.new_database()
    name = url.rpartition("/")[2]
    cut = [psycopg.connect(url) for _ in range(3)]
    with psycopg.connect(other) as left:
        assert server.cut_connections(name) == 3
        for connection in cut:
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
            connection.close()
        left.execute("SELECT 1")
    assert comes_true(lambda: server.cut_connections(name) == 0)
    assert numbers(url) == [1]


def test_nothing_is_left_of_a_server_that_is_closed() -> None:
    with Server(fsync=False) as server:
        family = psutil.Process(server.pid).children(recursive=True)
        pid, folder = server.pid, server.folder
        assert server.execute("SHOW fsync") == [("off",)]
        if os.geteuid() == 0:
            assert psutil.Process(pid).uids().effective != 0
    assert pid is not None
    assert not [process.pid for process in family if is_alive(process.pid)]
    assert not is_alive(pid)
    assert not folder.exists()


@pytest.mark.parametrize("end", [signal.SIGKILL, None], ids=["killed", "ended"])
def test_a_server_goes_with_the_process_that_started_it(end: signal.Signals | None) -> None:
    """However that ends: killed, or at its last line without a word about the server."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWN_PROCESS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        pid, folder = process.stdout.readline().split()
        assert is_alive(int(pid))
        if end is not None:
            process.send_signal(end)
        process.communicate()
    assert comes_true(lambda: not is_alive(int(pid)))
    assert comes_true(lambda: not Path(folder).exists())
