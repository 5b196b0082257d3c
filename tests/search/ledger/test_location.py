"""Which storage URLs are taken, what they mean, one clear message for the others, no password."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from search.errors import LedgerError
from search.ledger.location import PASSWORD, PASSWORD_FILE, locate
from tests.postgresql import Server

NOWHERE: Mapping[str, str] = {}
MARK = "s3cret"
POSTGRESQL = "postgresql://USER@HOST/DATABASE"


def refusal(storage: str, environment: Mapping[str, str] = NOWHERE) -> str:
    with pytest.raises(LedgerError) as caught:
        locate(storage, environment)
    return str(caught.value)


@pytest.mark.parametrize(
    ("storage", "path"),
    [
        ("sqlite:///klayer.db", "klayer.db"),
        ("sqlite+pysqlite:///klayer.db", "klayer.db"),
        ("sqlite:////srv/größe 1.db", "/srv/größe 1.db"),
        ("sqlite:////srv/a@b:c.db", "/srv/a@b:c.db"),
        ("sqlite:////srv/a%3Fb.db", "/srv/a?b.db"),
    ],
)
def test_a_file_of_sqlite(storage: str, path: str) -> None:
    found = locate(storage)
    assert (found.kind, found.path) == ("sqlite", Path(path))
    assert found.url.drivername == "sqlite+pysqlite"
    assert found.shown == storage.replace("+pysqlite", "")
    assert locate(found.shown) == found


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "PostgreSQL"])
def test_a_database_of_postgresql_is_reached_through_psycopg_3(scheme: str) -> None:
    found = locate(f"{scheme}://anna:{MARK}@db:5433/klayer?sslmode=require", NOWHERE)
    assert (found.kind, found.path) == ("postgresql", None)
    assert found.url.render_as_string(hide_password=False) == (
        f"postgresql+psycopg://anna:{MARK}@db:5433/klayer?sslmode=require"
    )
    assert found.shown == "postgresql://anna@db:5433/klayer?sslmode=require"
    assert create_engine(found.url).dialect.driver == "psycopg"


@pytest.mark.parametrize(
    ("storage", "shown"),
    [
        ("postgresql://db/klayer", "postgresql://db/klayer"),
        ("postgresql:///klayer?host=/run/pg", "postgresql:///klayer?host=%2Frun%2Fpg"),
        ("postgresql://db/?dbname=klayer", "postgresql://db/?dbname=klayer"),
        ("postgresql://?service=klayer", "postgresql://?service=klayer"),
        ("postgresql://an%40na@[::1]:5432/klayer", "postgresql://an%40na@[::1]:5432/klayer"),
        (
            "postgresql://anna@db/klayer?passfile=/home/anna/.pgpass",
            "postgresql://anna@db/klayer?passfile=%2Fhome%2Fanna%2F.pgpass",
        ),
    ],
)
def test_a_url_without_a_password_is_shown_as_it_is(storage: str, shown: str) -> None:
    found = locate(storage, NOWHERE)
    assert found.url.password is None
    assert found.shown == shown
    assert locate(shown, NOWHERE) == found


@pytest.mark.parametrize(
    ("storage", "password"),
    [
        (f"postgresql://anna:{MARK}@db/klayer", MARK),
        (f"postgresql://anna:{MARK}%40%3A%2F%25@db/klayer", f"{MARK}@:/%"),
        (f"postgresql://anna:a/b?{MARK}@db/klayer", f"a/b?{MARK}"),
        (f"postgresql://anna@db/klayer?password={MARK}%26", f"{MARK}&"),
        (f"postgresql://:{MARK}@db/klayer", MARK),
        (f"postgresql:///klayer?password={MARK}&host=db", MARK),
    ],
)
def test_a_password_reaches_the_database_and_nobody_else(storage: str, password: str) -> None:
    found = locate(storage, {PASSWORD: "another"})
    assert found.url.password == password
    assert make_url(found.url.render_as_string(hide_password=False)).password == password
    engine = create_engine(found.url)
    assert engine.dialect.create_connect_args(found.url)[1]["password"] == password
    for shown in (found.shown, repr(found), str(found), f"{found}", repr(engine), repr([found])):
        assert MARK not in shown
    assert "***" not in found.shown


def test_the_password_of_a_key_is_kept_and_not_shown() -> None:
    found = locate(f"postgresql://anna@db/klayer?sslpassword={MARK}&sslmode=require", NOWHERE)
    assert found.url.query["sslpassword"] == MARK
    assert found.shown == "postgresql://anna@db/klayer?sslmode=require"


@pytest.mark.parametrize(
    "storage", ["postgresql://anna@db/klayer", "postgresql://anna:@db/klayer?sslmode=require"]
)
def test_a_password_from_outside_fills_in_for_one_that_is_not_there(storage: str) -> None:
    found = locate(storage, {PASSWORD: MARK})
    assert found.url.password == MARK
    assert MARK not in repr(found) + found.shown


def test_a_password_from_outside_needs_no_name_of_a_user() -> None:
    found = locate("postgresql://db/klayer", {PASSWORD: MARK})
    assert make_url(found.url.render_as_string(hide_password=False)).password == MARK
    assert found.shown == "postgresql://db/klayer"


def test_sqlite_asks_for_no_password() -> None:
    assert locate("sqlite:///a.db", {PASSWORD: MARK}).url.password is None


def test_the_environment_is_that_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, MARK)
    assert locate("postgresql://anna@db/klayer").url.password == MARK


@pytest.mark.parametrize("storage", ["", "nonsense", "klayer.db", "://", "/tmp/klayer.db"])
def test_what_is_no_url_is_refused(storage: str) -> None:
    message = refusal(storage)
    assert f"--storage: {storage!r} is not a database URL" in message
    assert message.endswith(f"write for example sqlite:///klayer.db or {POSTGRESQL}")


@pytest.mark.parametrize("storage", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(storage: str) -> None:
    assert "cannot be shared by worker processes" in refusal(storage)


@pytest.mark.parametrize("storage", ["sqlite+aiosqlite:///a.db", "sqlite:///a.db?mode=ro"])
def test_drivers_and_options_of_sqlite_are_refused(storage: str) -> None:
    message = refusal(storage)
    assert message.startswith(f"--storage: {storage}: ")
    assert "plain SQLite files" in message


@pytest.mark.parametrize("storage", ["sqlite://klayer.db", "sqlite://srv/klayer.db"])
def test_a_file_after_two_slashes_is_refused(storage: str) -> None:
    assert "its path begins after three slashes" in refusal(storage)


@pytest.mark.parametrize("scheme", ["mysql", "mysql+pymysql", "oracle", "https"])
def test_other_databases_are_refused(scheme: str) -> None:
    assert refusal(f"{scheme}://anna:{MARK}@db/klayer") == (
        f"--storage: {scheme}://anna:***@db/klayer: klayer keeps searches in SQLite or PostgreSQL; "
        f"write for example sqlite:///klayer.db or {POSTGRESQL}"
    )


@pytest.mark.parametrize("driver", ["psycopg2", "asyncpg", "psycopg_async", "pg8000"])
def test_other_drivers_of_postgresql_are_refused(driver: str) -> None:
    assert refusal(f"postgresql+{driver}://anna:{MARK}@db/klayer") == (
        f"--storage: postgresql+{driver}://anna:***@db/klayer: klayer reaches PostgreSQL through "
        f"psycopg 3, not through {driver}; write {POSTGRESQL}"
    )


@pytest.mark.parametrize(
    ("storage", "shown"),
    [
        (f"postgresql://anna:{MARK}@db", "postgresql://anna:***@db"),
        ("postgresql://db:5432/", "postgresql://db:5432/"),
        ("postgresql://", "postgresql://"),
    ],
)
def test_a_url_without_a_database_is_refused(storage: str, shown: str) -> None:
    message = refusal(storage)
    assert message.startswith(f"--storage: {shown}: it names no database")
    assert message.endswith(POSTGRESQL)


@pytest.mark.parametrize(
    ("storage", "said"),
    [
        (f"postgresql://anna:a@{MARK}@db/klayer", "elsewhere write %40"),
        (f"postgresql://an/na:{MARK}@db/klayer", "elsewhere write %40"),
        (f"postgresql://anna:a?b@{MARK}/x@db/klayer", "elsewhere write %40"),
        (f"postgresql://anna%3A{MARK}@db/klayer", "the user's name holds a colon"),
        (f"postgresql://anna@db/klayer?password=a&{MARK}=b", "an & in a value is written %26"),
        (f"postgresql://anna:{MARK}@db/k?password={MARK}", "more than one password"),
        (f"postgresql://anna@db/k?password={MARK}&password={MARK}", "more than one password"),
        (f"postgresql://anna:{MARK}/klayer", "is not a database URL"),
        (f"postgresql://anna:{MARK}@db:port/klayer", "is not a database URL"),
        (f"postgresql:/anna:{MARK}@db/klayer", "is not a database URL"),
        (f"host=db user=anna password={MARK}", "is not a database URL"),
    ],
)
def test_where_a_part_of_the_password_may_stand_elsewhere_it_is_refused(
    storage: str, said: str
) -> None:
    message = refusal(storage)
    assert said in message
    assert MARK not in message


@contextmanager
def noting(seen: list[str]) -> Iterator[None]:
    """Notes all that may be printed of an error that passes, and of those that led to it."""
    try:
        yield
    except LedgerError as error:
        chain: BaseException | None = error
        while chain is not None:
            seen += [str(chain), repr(chain)]
            chain = chain.__cause__ or chain.__context__
        raise


FORMS = (
    "postgresql://anna:{}@db/klayer",
    "postgresql://anna:{}@db:5432/klayer?sslmode=require",
    "postgresql://:{}@db",
    "postgresql://anna@db/klayer?password={}",
    "postgresql://anna@db/klayer?sslpassword={}&sslmode=require",
    "postgresql+asyncpg://anna:{}@db/klayer",
    "mysql://anna:{}@db/klayer",
    "sqlite://anna:{}@db/klayer.db",
    "dbname=klayer password={}",
)


@given(
    form=st.sampled_from(FORMS),
    before=st.text("@:/?#&=%[]'\" \n4a", max_size=5),
    after=st.text("@:/?#&=%[]'\" \n4a", max_size=5),
)
@settings(deadline=None)  # psycopg is imported with the first URL of PostgreSQL
def test_no_character_in_a_password_lets_it_be_shown(form: str, before: str, after: str) -> None:
    seen: list[str] = []
    with suppress(LedgerError), noting(seen):
        found = locate(form.format(before + MARK + after), NOWHERE)
        seen = [found.shown, repr(found), str(found)]
    assert seen
    assert not [text for text in seen if MARK in text]


def test_without_psycopg_the_message_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    message = refusal(f"postgresql://anna:{MARK}@db/klayer")
    assert message.startswith("--storage: postgresql://anna:***@db/klayer: ")
    assert message.endswith("pip install 'klayer[postgresql]'")
    assert locate("sqlite:///a.db").kind == "sqlite"


def test_sqlite_loads_nothing_of_postgresql() -> None:
    code = (
        "import sys; from search.ledger.location import locate; locate('sqlite:///a.db'); "
        "sys.exit('psycopg' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env=os.environ, check=False).returncode == 0


def user_of(storage: str, environment: Mapping[str, str] = NOWHERE) -> str:
    """Who a real server says has connected."""
    engine = create_engine(locate(storage, environment).url)
    try:
        with engine.connect() as connection:
            return str(connection.scalar(text("SELECT USER")))
    finally:
        engine.dispose()


@pytest.fixture
def bare(postgresql: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a real database, without its password, for a user who has stored none."""
    for name in ("PGPASSWORD", "PGPASSFILE", PASSWORD, PASSWORD_FILE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return postgresql.new_database().replace(f":{postgresql.password}@", "@")


def test_a_server_takes_the_password_wherever_it_stands(
    postgresql: Server, bare: str, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(f"{postgresql.password}\n")
    assert user_of(bare.replace("@", f":{postgresql.password}@")) == "klayer"
    assert user_of(f"{bare}?password={postgresql.password}") == "klayer"
    assert user_of(bare, {PASSWORD: postgresql.password}) == "klayer"
    assert user_of(bare, {PASSWORD_FILE: str(tmp_path / "secret")}) == "klayer"


def test_variables_of_libpq_are_read_where_klayers_are_not_set(
    postgresql: Server, bare: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OperationalError, match="no password supplied"):
        user_of(bare)
    passfile = tmp_path / "pgpass"
    passfile.touch(mode=0o600)
    passfile.write_text(f"*:*:*:klayer:{postgresql.password}\n")
    assert user_of(f"{bare}?passfile={passfile}") == "klayer"
    with monkeypatch.context() as patch:
        patch.setenv("PGPASSFILE", str(passfile))
        assert user_of(bare) == "klayer"
    monkeypatch.setenv("PGPASSWORD", postgresql.password)
    assert user_of(bare) == "klayer"


def test_a_server_that_refuses_the_password_does_not_show_it(bare: str) -> None:
    with pytest.raises(OperationalError) as caught:
        user_of(bare, {PASSWORD: MARK})
    assert "authentication failed" in str(caught.value)
    assert MARK not in str(caught.value)


def test_a_path_in_a_home_folder_is_found_as_a_shell_finds_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    assert locate("sqlite:///~/k.db").shown == "sqlite:////home/anna/k.db"
    assert locate("sqlite:///~root/k.db").path == Path("~root/k.db").expanduser()
    assert locate("sqlite:///~nobody at all/k.db").path == Path("~nobody at all/k.db")
    assert locate("sqlite:///~k.db").path == Path("~k.db")
