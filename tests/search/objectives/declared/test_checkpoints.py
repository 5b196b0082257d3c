"""Folders of checkpoints that are packed, kept and put back."""

import io
import tarfile
from pathlib import Path

import pytest

from search.objectives.declared.checkpoints import State, pack, unpack
from search.objectives.declared.reports import Progress
from search.objectives.faults import TrialError


def test_a_folder_comes_back_as_it_was(tmp_path: Path) -> None:
    there = tmp_path / "one"
    (there / "deep").mkdir(parents=True)
    (there / "deep" / "weights.bin").write_bytes(bytes(range(256)))
    (there / "run.sh").write_text("#!/bin/sh\n")
    (there / "run.sh").chmod(0o755)
    unpack(pack(there), tmp_path / "two")
    assert (tmp_path / "two/deep/weights.bin").read_bytes() == bytes(range(256))
    assert (tmp_path / "two/run.sh").stat().st_mode & 0o111


def test_links_lead_to_the_same_file_after_the_folder_has_moved(tmp_path: Path) -> None:
    there = tmp_path / "one"
    (there / "deep").mkdir(parents=True)
    (there / "step-3").write_text("3")
    (there / "latest").symlink_to(there / "step-3")
    (there / "deep" / "latest").symlink_to(there / "step-3")
    packed = pack(there)
    there.rename(tmp_path / "gone")
    unpack(packed, tmp_path / "two")
    assert (tmp_path / "two/latest").resolve() == tmp_path / "two/step-3"
    assert (tmp_path / "two/deep/latest").read_text() == "3"


def test_a_folder_without_files_is_nothing(tmp_path: Path) -> None:
    assert pack(tmp_path) == pack(tmp_path / "missing") == b""
    unpack(b"", tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_a_state_is_what_it_writes() -> None:
    state = State(Progress(3, 0.1, {"loss": 0.1}), 1, [{"step": 4, "loss": 0.3}], b"tar")
    assert State.of(state.plain()) == state


def test_a_folder_that_is_too_large_costs_one_message(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(bytes(3 * 2**20))
    with pytest.raises(TrialError, match=r"holds 3 MiB, but .* may keep 2 MiB; keep the last"):
        pack(tmp_path, most_bytes=2 * 2**20)


def test_nothing_is_put_outside_the_folder(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("../outside"))
    with pytest.raises(TrialError, match="cannot be put back"):
        unpack(packed.getvalue(), tmp_path / "inside")
    assert not (tmp_path / "outside").exists()
