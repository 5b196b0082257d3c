"""How much the user's cache holds."""

from pathlib import Path

import pytest

from search.runtime.cache import cache_folder, size


def test_every_file_counts_however_deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "klayer"
    assert size() == 0  # there is none yet
    deep = cache_folder() / "prepared" / "some"
    deep.mkdir(parents=True)
    (deep / "rows").write_bytes(bytes(70))
    (cache_folder() / "fetched").write_bytes(bytes(30))
    (deep / "gone").symlink_to(tmp_path / "nowhere")
    assert 100 <= size() < 500  # and the link itself
