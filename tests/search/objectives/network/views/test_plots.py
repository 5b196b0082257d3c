"""The network's own plots, of the winner and of each network of the final."""

from dataclasses import replace

from search.objectives.network.views.plots import ENTRIES, FINAL_ENTRIES
from search.views.plots.catalogue import entries, trial_entries
from search.views.plots.data import SearchData


def test_the_catalogue_has_them_behind_the_others(small: SearchData) -> None:
    assert [entry.key for entry in ENTRIES] == [
        "widths",
        "test",
        "predictions",
        "weights",
        "gradients",
    ]
    assert entries(small.objective)[-5:] == ENTRIES
    assert trial_entries(small.objective, final=True)[-3:] == FINAL_ENTRIES
    facts = replace(small.objective.facts, shape=())
    of_table = replace(small.objective, facts=facts)
    assert [entry.key for entry in entries(of_table)[-2:]] == ["predictions", "gradients"]
    assert len(trial_entries(of_table, final=True)) == len(FINAL_ENTRIES) - 1 + 4
    assert not set(FINAL_ENTRIES) & set(trial_entries(small.objective, final=False))


def test_the_winner_s_network_and_that_of_its_trial_are_one(small: SearchData) -> None:
    final = next(t for t in small.trials if t.stage == "final" and t.number == 0)
    for entry, own in zip(ENTRIES[-3:], FINAL_ENTRIES, strict=True):
        assert own.key == f"trial-{entry.key}"
        assert entry.draw(small).figure == own.draw(small, final).figure
        assert not entry.draw(small).empty


def test_what_was_not_kept_or_is_damaged_is_said(small: SearchData) -> None:
    final = next(t for t in small.trials if t.stage == "final" and t.number == 0)
    for attachments in ({}, {final.id: b"no npz"}):
        for entry in ENTRIES[-3:]:
            plot = entry.draw(replace(small, attachments=attachments))
            assert plot.empty
            assert "Kept of the networks of the final" in plot.caption
