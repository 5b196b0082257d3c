"""What Optuna's dashboard is told of each stage."""

import pytest

from benchmarks.large_search import filling
from search.ledger.ledger import Ledger
from search.views.dashboard.pages.shelf import Shelf
from search.views.dashboard.pages.stage_notes import weave


@pytest.fixture
def shelf(ledger: Ledger) -> Shelf:
    for _ in filling(ledger, 40, 5):
        pass
    return Shelf(ledger)


def test_every_stage_carries_what_it_is_and_its_plots(shelf: Shelf) -> None:
    data = shelf.digest("large").data()
    for stage in data.stages:
        woven = weave(shelf, f"large/{stage.step.number}-{stage.step.name}")
        assert woven is not None
        assert f"Stage {stage.step.number} of 5" in woven.note
        assert "/klayer/search/large" in woven.note
        assert set(woven.figures) == {"klayer-zoom", "klayer-best", "klayer-curves"}
    coarse = weave(shelf, "large/1-coarse")
    assert coarse is not None
    assert "sampler random" in coarse.note
    assert "Best" in coarse.note
    final = weave(shelf, "large/5-final")
    assert final is not None
    assert "by which nothing is ever chosen" in final.note
    assert "Best" not in final.note


@pytest.mark.parametrize("name", ["large", "large/9-coarse", "other/1-coarse", "", "/", "large/"])
def test_other_studies_carry_nothing(shelf: Shelf, name: str) -> None:
    assert weave(shelf, name) is None
