"""A file that cannot be written is one message, and what klayer reads is not written over."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from search.errors import KlayerError
from search.runtime.output import check, replace, writing


def test_a_file_that_cannot_be_written_is_told_of_by_its_option(tmp_path: Path) -> None:
    missing = tmp_path / "none" / "x.csv"
    with pytest.raises(KlayerError) as told, writing(missing):
        missing.write_text("x")
    said = "cannot be written: No such file or directory"
    assert str(told.value) == f"--output: {missing}: {said}"
    with pytest.raises(KlayerError) as told:
        replace(missing, "x", option="--pictures")
    assert str(told.value) == f"--pictures: {missing}: {said}"


def test_other_faults_pass(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="else"), writing(tmp_path):
        raise ValueError("something else")


def test_text_is_written_as_utf_8_and_bytes_as_they_are(tmp_path: Path) -> None:
    replace(tmp_path / "out", "λ\n")
    assert (tmp_path / "out").read_bytes() == b"\xce\xbb\n"
    replace(tmp_path / "out", b"\xff")
    assert (tmp_path / "out").read_bytes() == b"\xff"


def test_a_database_is_not_written_over(tmp_path: Path) -> None:
    """Nor what SQLite keeps beside it, nor under another name."""
    database = tmp_path / "k.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x)")
        (tmp_path / "link").symlink_to("k.db")
        os.link(database, tmp_path / "same")
        for name in ("k.db", "k.db-wal", "k.db-shm", "link", "same"):
            before = (tmp_path / name).read_bytes()
            with pytest.raises(KlayerError, match=f"{name}: is a SQLite database, which would be"):
                replace(tmp_path / name, "x")
            assert (tmp_path / name).read_bytes() == before
    replace(tmp_path / "new-wal", "x")
    replace(tmp_path / "new-wal", "x")


def test_a_study_file_is_not_written_over(tmp_path: Path) -> None:
    study = tmp_path / "mine.toml"
    study.write_text("seed = 1\n")
    with pytest.raises(KlayerError, match=r"mine.toml: is a study file"):
        check(study)
    check(tmp_path / "new.toml")


def test_what_is_read_is_not_written_over(tmp_path: Path) -> None:
    data, images = tmp_path / "data.csv", tmp_path / "images"
    data.write_text("a,b\n")
    images.mkdir()
    (images / "0.png").write_bytes(b"")
    (tmp_path / "link").symlink_to("data.csv")
    os.link(data, tmp_path / "same")
    for output in (data, tmp_path / "link", tmp_path / "same", images / "0.png"):
        with pytest.raises(KlayerError, match="is a file that is read"):
            check(output, (tmp_path / "none", data, images))
        check(output, ())
    check(images / "new.png", (data, images))


def test_an_existing_pipe_or_device_is_not_opened_to_look(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    check(tmp_path / "pipe", (tmp_path / "data.csv",))
    check(Path("/dev/null"), (tmp_path / "data.csv",))
