"""Where a ledger's database is, as a value: the storage URL read, checked, its password filled in.

SQLite's files and PostgreSQL's databases, and one clear message for everything else. Nothing is
opened here. A password may stand in the URL, in an environment variable or in a file; it is in no
message and in nothing that is shown.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from search.errors import LedgerError
from search.ledger import DEFAULT_STORAGE
from search.runtime.outside_password import outside_password
from search.runtime.passwords import is_secret, without_password

PASSWORD = "KLAYER_STORAGE_PASSWORD"  # noqa: S105 (the name of a variable)
PASSWORD_FILE = f"{PASSWORD}_FILE"
POSTGRESQL_EXAMPLE = "postgresql://USER@HOST/DATABASE"


@dataclass(frozen=True, repr=False)
class Location:
    """Where a database is.

    Attributes:
        url: For SQLAlchemy, with its driver and its password.
    """

    url: URL

    def __repr__(self) -> str:
        return f"Location({self.shown!r})"

    @property
    def kind(self) -> Literal["sqlite", "postgresql"]:
        """Which database it is."""
        return "sqlite" if self.url.drivername.startswith("sqlite") else "postgresql"

    @property
    def path(self) -> Path | None:
        """SQLite's file; None for PostgreSQL."""
        return Path(self.url.database or "") if self.kind == "sqlite" else None

    @property
    def shown(self) -> str:
        """The URL as a user may write it, without any password."""
        if self.kind == "sqlite":
            name = self.url.database or ""
            # SQLAlchemy would write other letters than English ones as percent signs and numbers.
            return f"sqlite:///{name}" if not set("%?") & set(name) else self._rendered(self.url)
        secret = [key for key in self.url.query if is_secret(key)]
        return self._rendered(self.url.difference_update_query(secret))

    def _rendered(self, url: URL) -> str:
        return URL.create(
            self.kind, url.username or None, None, url.host, url.port, url.database, url.query
        ).render_as_string()


def locate(storage: str, environment: Mapping[str, str] = os.environ) -> Location:
    """Read a storage URL.

    Args:
        storage: Such as `sqlite:///klayer.db` or `postgresql://anna@db/klayer`.
        environment: Where a PostgreSQL URL has no password: perhaps `KLAYER_STORAGE_PASSWORD`, or
            `KLAYER_STORAGE_PASSWORD_FILE`, which names a file that holds it. Without either libpq
            looks for its own, PGPASSWORD and PGPASSFILE.

    Raises:
        LedgerError: It is no URL, or of no database that klayer can use, or the password cannot be
            read.
    """
    url = _parsed(storage)
    name = url.drivername.lower()
    backend = name.partition("+")[0]
    if backend == "sqlite":
        return Location(_sqlite_url(storage, url, name))
    if backend in ("postgresql", "postgres"):
        return Location(_postgresql_url(storage, url, name, environment))
    raise _refused(
        storage,
        "klayer keeps searches in SQLite or PostgreSQL; write for example "
        f"{DEFAULT_STORAGE} or {POSTGRESQL_EXAMPLE}",
    )


def _refused(storage: str, why: str) -> LedgerError:
    return LedgerError(f"--storage: {without_password(storage)}: {why}")


def _parsed(storage: str) -> URL:
    with suppress(ArgumentError, ValueError):  # the latter of a port that is no number
        return make_url(storage)
    # Raised here, where the error that may quote the password is no part of this one.
    raise LedgerError(
        f"--storage: {without_password(storage)!r} is not a database URL; write for example "
        f"{DEFAULT_STORAGE} or {POSTGRESQL_EXAMPLE}"
    )


def _sqlite_url(storage: str, url: URL, name: str) -> URL:
    if name not in ("sqlite", "sqlite+pysqlite") or url.query:
        raise _refused(
            storage,
            "klayer keeps searches in plain SQLite files, without another driver or options; "
            f"write for example {DEFAULT_STORAGE}",
        )
    if url.host or url.port or url.username or url.password:
        raise _refused(
            storage,
            "a SQLite file is on no host, and its path begins after three slashes; "
            f"write for example {DEFAULT_STORAGE}",
        )
    if not url.database or url.database == ":memory:":
        raise _refused(
            storage,
            "an in-memory database cannot be shared by worker processes; "
            f"name a file, for example {DEFAULT_STORAGE}",
        )
    return URL.create("sqlite+pysqlite", database=_from_home(url.database))


def _from_home(path: str) -> str:
    """A path that begins with `~/` or `~anna/`, which a shell leaves as it is within a URL."""
    if not path.startswith("~") or "/" not in path:
        return path
    with suppress(RuntimeError):  # there is no such user
        return str(Path(path).expanduser())
    return path


def _postgresql_url(storage: str, url: URL, name: str, environment: Mapping[str, str]) -> URL:
    driver = name.partition("+")[2]
    if driver not in ("", "psycopg"):
        raise _refused(
            storage,
            f"klayer reaches PostgreSQL through psycopg 3, not through {driver}; "
            f"write {POSTGRESQL_EXAMPLE}",
        )
    _check_parts(storage, url)
    try:
        psycopg = import_module("psycopg")
    except ImportError:
        raise _refused(
            storage,
            "PostgreSQL needs psycopg, which is not installed here; "
            "pip install 'klayer[postgresql]'",
        ) from None
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    if not set(url.query) <= known:
        raise _refused(
            storage,
            "after the ? stands an option that PostgreSQL's libpq does not know; "
            "there may be for example sslmode=require, and an & in a value is written %26",
        )
    password = _password(storage, url, environment)
    query = {key: value for key, value in url.query.items() if key != "password"}
    # Without a name SQLAlchemy would leave the password out where it writes the URL.
    username = url.username or ("" if password else None)
    return URL.create(
        "postgresql+psycopg", username, password, url.host, url.port, url.database, query
    )


def _check_parts(storage: str, url: URL) -> None:
    # With more of these, a part of the password may be taken for something else, and be shown.
    if storage.count("@") > (url.username is not None):
        raise _refused(
            storage,
            "one @ may stand in it, between the password and the host; elsewhere write %40",
        )
    if ":" in (url.username or ""):
        raise _refused(
            storage,
            "the user's name holds a colon (%3A); the one before the password is written as it is",
        )
    if not url.database and not {"dbname", "service"} & set(url.query):
        raise _refused(
            storage,
            "it names no database, which stands after the host and a slash; "
            f"write for example {POSTGRESQL_EXAMPLE}",
        )


def _password(storage: str, url: URL, environment: Mapping[str, str]) -> str | None:
    said = [str(url.password)] if url.password else []
    queried = url.query.get("password", ())
    said += [queried] if isinstance(queried, str) else queried
    if len(said) > 1:
        raise _refused(storage, "it has more than one password; leave one of them")
    return said[0] if said else outside_password(environment, PASSWORD, LedgerError)
