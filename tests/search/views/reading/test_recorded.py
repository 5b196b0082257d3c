"""What a search's numbers depend on, as lines."""

from dataclasses import replace

from benchmarks.large_search import filling
from search.ledger.ledger import Ledger
from search.views.reading.recorded import recorded


def test_times_are_dates_and_all_else_is_text(ledger: Ledger) -> None:
    search = next(filling(ledger, 40, 5))
    given = {"python": "3.11.7", "blas": {"kernels": "Haswell", "threads": 1}, "cores": 2}
    lines = recorded(replace(search, created_at=0.0, environment=given))
    assert "recorded: 1970-01-01 00:00:00 UTC" in lines
    assert "finished: not yet" in lines
    assert 'blas: {"kernels": "Haswell", "threads": 1}' in lines
    assert "cores: 2" in lines
    assert f"study (SHA-256): {search.study_hash}" in lines
