"""What the three searches with and without halving ask for."""

from pathlib import Path

import pytest

from benchmarks import halving
from benchmarks.halving import contenders, early_choice, planned_epochs
from benchmarks.halving_tables import EARLY, HALVED, WHOLE
from benchmarks.real_images import ON_DIGITS, STUDY
from benchmarks.setting import Setting
from search.study.halving import Halving
from search.study.reading import load

LABELS = (WHOLE, HALVED, EARLY)


@pytest.mark.parametrize("label", LABELS)
def test_one_choice_is_trained_over_fresh_seeds_as_the_trials_are(label: str) -> None:
    study = load(STUDY, contenders()[label])
    assert (study.final.finalists, study.final.seeds) == (1, 5)
    assert {stage.training for stage in study.stages} == {study.final.training}


def test_halving_is_the_same_in_all_stages_and_absent_in_the_search_without() -> None:
    declared = {
        label: {stage.halving for stage in load(STUDY, changes).stages}
        for label, changes in contenders().items()
    }
    assert declared == {WHOLE: {None}, HALVED: {halving.HALVING}, EARLY: {early_choice()}}


def test_planned_epochs_are_those_of_all_rungs() -> None:
    assert planned_epochs(()) == 40 * 8
    told = ["stages.coarse.halving={keep=0.5, at=[2, 4], among='stage'}"]
    assert planned_epochs(told) == 20 * 2 + 10 * 2 + 5 * 4 + 20 * 8


@pytest.mark.parametrize(
    ("keep", "basis"),
    [
        (0.5, ()),
        *(
            pytest.param(keep, basis, marks=pytest.mark.long)
            for keep in (0.25, 0.5, 0.75)
            for basis in ((), ON_DIGITS)
            if (keep, basis) != (0.5, ())
        ),
    ],
)
def test_the_early_choice_costs_about_what_halving_does(
    keep: float, basis: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = Halving(keep=keep, at=(2, 4), among="stage")
    monkeypatch.setattr(halving, "HALVING", wanted)
    early = early_choice(basis)
    assert early.at == (1,)
    both = contenders(basis)
    epochs = [planned_epochs((*basis, *both[label])) for label in (HALVED, EARLY)]
    # A trial more or less in each stage is 7 epochs each, and 3 stages.
    assert abs(epochs[0] - epochs[1]) <= 3 * 7 / 2


def test_it_is_said_that_real_images_are_needed(tmp_path: Path) -> None:
    setting = Setting(folder=tmp_path, quick=False, rounds=1, processes=1, data=None)
    section = halving.run(setting)
    assert "KLAYER_DATA" in section.text()
    assert not section.tables
    assert not section.figures
