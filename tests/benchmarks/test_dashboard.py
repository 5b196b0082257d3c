"""The page of a large search, measured on a small one."""

from pathlib import Path

import pytest

from benchmarks import dashboard, report
from benchmarks.dashboard import TARGET, Measured, measured, page
from tests.chromium import needs_browser


@pytest.mark.long
@needs_browser
def test_a_search_is_filled_opened_and_refreshed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "REFRESHES", 2)
    monkeypatch.setattr(dashboard, "EPOCHS", 5)
    found = measured(f"sqlite:///{tmp_path}/large.db", 200)
    assert 0 < found.frame <= found.sight <= found.pictures
    assert len(found.refreshes) >= 2
    assert len(found.heaps) == 2
    assert 4.5 < found.report < 8


def test_it_is_told_as_a_table() -> None:
    text = page(
        {"SQLite": Measured(1.0, 1.5, 2.0, 3.0, [0.1, 0.2, 0.9], [30.0, 31.0], 6.5)}, 10_000
    )
    assert (
        "| SQLite | 1.00 s | 1.50 s | 2.00 s | 3.00 s | 0.20 s / 0.20 s | 30 MB / 31 MB | 6.5 MB |"
        in text
    )


def test_the_page_has_a_place_for_it() -> None:
    report.check(Path(__file__).parents[2] / "docs" / "dashboard.md", TARGET)
