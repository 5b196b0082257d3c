"""The benchmarks' PostgreSQL server: a real one, which is gone behind its block."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from benchmarks import postgresql_server
from benchmarks.timing import NotMeasuredError


def test_a_server_has_databases_and_is_gone_behind_its_block() -> None:
    with postgresql_server.running() as server:
        url = server.new_database("some").replace("postgresql:", "postgresql+psycopg:")
        assert "fsync on" in server.about
        engine = create_engine(url)
        with engine.connect() as connection:
            folder = Path(str(connection.scalar(text("SHOW data_directory"))))
            assert connection.scalar(text("SELECT current_database()")) == "some"
            assert connection.scalar(text("SHOW listen_addresses")) == "127.0.0.1"
            assert folder.is_dir()
        engine.dispose()
    assert not folder.parent.exists()
    with pytest.raises(OperationalError):
        engine.connect()


def test_where_it_is_not_installed_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgresql_server, "INSTALLED", tmp_path)
    with (
        pytest.raises(NotMeasuredError, match="PostgreSQL is not installed"),
        postgresql_server.running(),
    ):
        pass
