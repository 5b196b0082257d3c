"""The cache of prepared data: listed, cleared by name, bounded by what was used longest ago."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from model.data import digits, prepared
from model.data.cache import bound, clear, listed
from model.errors import DataFileError

prepare = partial(prepared.prepare, digits.source(), validation=300)


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def at(folder: Path, seconds: float) -> Path:
    """The folder, as if it had last been used then."""
    for file in folder.iterdir():
        os.utime(file, (seconds, seconds))
    return folder


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """Three folders of two data sets, the first used longest ago."""
    other = replace(digits.source(), name="others")
    made = [prepare(tmp_path, seed=1), prepare(tmp_path, seed=2)]
    made.append(prepared.prepare(other, tmp_path, validation=300, seed=1))
    return [at(one.folder, 1_000.0 + place) for place, one in enumerate(made)]


def test_what_was_prepared_is_listed_with_its_size(tmp_path: Path, three: list[Path]) -> None:
    found = listed(tmp_path)
    assert [one.folder for one in found] == three[::-1]
    assert [one.name for one in found] == ["others", "digits", "digits"]
    assert [one.bytes for one in found] == [size_of(folder) for folder in three[::-1]]
    assert {(one.rows, one.inputs) for one in found} == {(1_500, 64)}


def test_opening_a_folder_is_using_it(tmp_path: Path, three: list[Path]) -> None:
    prepared.open_prepared(three[0])
    assert listed(tmp_path)[0].folder == three[0]


def test_those_used_longest_ago_go_first_and_what_is_used_now_stays(
    tmp_path: Path, three: list[Path]
) -> None:
    sizes = [size_of(folder) for folder in three]
    assert bound(tmp_path, sum(sizes), three[2]) == 0
    assert bound(tmp_path, sum(sizes) - 1, three[0]) == sizes[1]
    assert [folder.exists() for folder in three] == [True, False, True]
    assert bound(tmp_path, 0, three[0]) == sizes[2]
    assert listed(tmp_path)[0].folder == three[0]


def test_all_that_are_used_now_stay(tmp_path: Path, three: list[Path]) -> None:
    gone = size_of(three[1])
    assert bound(tmp_path, 0, three[0], three[2]) == gone
    assert [folder.exists() for folder in three] == [True, False, True]


def test_what_others_may_still_write_stays(tmp_path: Path, three: list[Path]) -> None:
    drafts = [tmp_path / f".digits-{'0' * 16}.{name}" for name in ("new", "old")]
    for draft in drafts:
        draft.mkdir()
        (draft / "x.npy").write_bytes(bytes(1_000))
    os.utime(drafts[1] / "x.npy", (1, 1))
    assert bound(tmp_path, 0, *three) == 1_000
    assert [draft.exists() for draft in drafts] == [True, False]


def test_one_data_set_is_cleared_by_its_name(tmp_path: Path, three: list[Path]) -> None:
    with pytest.raises(DataFileError, match=r"cars: no data of this name .* digits, others"):
        clear(tmp_path, "cars")
    digits_bytes = sum(map(size_of, three[:2]))
    assert clear(tmp_path, "digits") == digits_bytes
    assert [one.folder for one in listed(tmp_path)] == [three[2]]


def test_what_a_killed_process_left_is_listed_without_a_name(tmp_path: Path) -> None:
    left = tmp_path / f".digits-{'0' * 16}.abc"
    left.mkdir()
    (left / "x.npy").write_bytes(b"12345")
    (only,) = listed(tmp_path)
    assert (only.name, only.bytes) == ("", 5)
    assert clear(tmp_path) == 5
    assert not left.exists()


def test_clear_removes_what_was_prepared_and_nothing_else(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    size = size_of(prepare(cache, seed=1).folder)
    elsewhere = prepare(tmp_path / "elsewhere", seed=1).folder
    foreign = cache / "photographs-0123456789abcdef"
    foreign.mkdir()
    (foreign / "me.png").write_text("mine")
    (cache / "cifar-10-batches-bin").mkdir()
    (cache / "notes").write_text("mine")
    (cache / f"linked-{'0' * 16}").symlink_to(elsewhere)
    assert clear(cache) == size
    left = {path.name for path in cache.iterdir()}
    assert left == {foreign.name, "cifar-10-batches-bin", "notes", f"linked-{'0' * 16}"}
    assert (foreign / "me.png").read_text() == "mine"
    prepared.open_prepared(elsewhere)
    assert clear(tmp_path / "absent") == 0
