"""Commands that only networks have; `model` and `gradcheck` are run in `tests/search/cli`."""

from pathlib import Path
from typing import Any

import pytest

from search.ledger.opening import card_of
from search.study.reading import load


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_was_prepared_is_cleared(klayer_here: Any, cache: Path) -> None:
    card_of(load("digits"), None)
    files = [path for path in cache.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    assert size > 0
    assert klayer_here("data", "clear") == (0, f"{size / 1e6:,.0f} MB freed\n", "")
    assert not [path for path in cache.rglob("*") if path.is_file()]
    assert klayer_here("data", "clear") == (0, "0 MB freed\n", "")


def test_where_a_data_set_was_fetched_to_is_printed(
    klayer_here: Any, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.objectives.network.fetch.fetch", lambda _, folder, progress: folder)
    assert klayer_here("data", "fetch", "cifar10") == (0, f"{cache}/klayer/cifar10\n", "")
