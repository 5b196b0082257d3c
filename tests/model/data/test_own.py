"""A fingerprint is of what is said, of names and of bytes, and of nothing else."""

from pathlib import Path

import pytest

from model.data.own import fingerprint_of


def test_the_fingerprint_is_of_what_is_said_of_names_and_of_bytes(tmp_path: Path) -> None:
    for name, content in (("a", b"12"), ("b", b"3"), ("c", b"12")):
        (tmp_path / name).write_bytes(content)
    a, b, c = (tmp_path / name for name in "abc")
    first = fingerprint_of(["x", 0.2], [("one", a), ("two", b)])
    assert first == fingerprint_of(["x", 0.2], [("one", c), ("two", b)])
    others = [
        fingerprint_of(["x", 0.3], [("one", a), ("two", b)]),
        fingerprint_of(["x", 0.2], [("two", b), ("one", a)]),
        fingerprint_of(["x", 0.2], [("one", b), ("two", a)]),
        fingerprint_of(["x", 0.2], [("one", a)]),
        fingerprint_of(["x", 0.2], [("onetwo", a)]),
        fingerprint_of(["x", 0.2], []),
    ]
    assert len({first, *others}) == len(others) + 1
    assert len(first) == 64


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fingerprint_of([], [("a", tmp_path / "none")])
