"""A search that was made up is, for all who read it, a search."""

from pathlib import Path

from benchmarks.large_search import SHARES, filling
from search.ledger.ledger import Ledger


def test_it_is_finished_and_whole(tmp_path: Path) -> None:
    with Ledger(f"sqlite:///{tmp_path}/large.db", create=True) as ledger:
        *_, search = filling(ledger, 60, 12)
        stages = ledger.read.stages(search)
        assert ledger.read.again(search).finished_at is not None
        assert all(stage.state == "finished" for stage in stages)
        assert [stage.trials for stage in stages[:3]] == [60 * share for share in SHARES.values()]
        curves = ledger.read.curves(search)
        trials = ledger.read.trials(search)
    assert all(len(curves[t.id]) == 12 for t in trials if t.state == "complete")
    coarse, finest = stages[0].best, stages[2].best
    assert coarse is not None
    assert finest is not None
    spread = {t.stage: t.parameters["learning_rate"] for t in trials}
    assert set(spread) >= set(SHARES)
