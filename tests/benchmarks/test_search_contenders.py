"""The searches that are compared spend just their budget, and choose by what they are told."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import search_contenders
from benchmarks.hpo_tables import HPOBENCH, Table
from benchmarks.search_contenders import (
    ALIKE,
    AUTO,
    BUDGETS,
    CONTENDERS,
    RACE,
    VALUE,
    Klayer,
    cost,
)
from search.plan.plan import expected_trials, steps
from search.study.file import study_of

SIZES = [len(values) for values in HPOBENCH.grid.values()]


class Counted(Table):
    """A table that counts what is looked up."""

    looked_up = 0

    def place(self, point: object) -> int:
        type(self).looked_up += 1
        return super().place(point)  # type: ignore[arg-type]


@pytest.fixture
def table() -> Counted:
    """The loss is how far a configuration lies from the middle of the grid, with little noise."""
    Counted.looked_up = 0
    places = np.stack(np.unravel_index(np.arange(np.prod(SIZES)), SIZES), axis=1)
    off = (((places + 0.5) / SIZES - 0.5) ** 2).sum(1)
    noise = np.random.default_rng(1).normal(0, 0.01, (len(off), 5))
    return Counted("own", HPOBENCH, off[:, None] + noise)


def test_finalists_cost_what_the_page_says() -> None:
    assert [[cost(final[budget]) for budget in BUDGETS] for final in (VALUE, ALIKE, RACE)] == [
        [0, 0, 0],
        [6, 6, 16],
        [8, 16, 56],
    ]


@pytest.mark.parametrize("name", [name for name in CONTENDERS if name.startswith("klayer")])
def test_each_search_of_klayers_takes_its_budget_of_trainings(name: str, table: Counted) -> None:
    contender = CONTENDERS[name]
    assert isinstance(contender, Klayer)
    for budget in BUDGETS:
        study = contender.study(table, budget, 1)
        assert sum(expected_trials(study, step) for step in steps(study)) == budget


@pytest.mark.parametrize("name", ["klayer: random, finalists", "Optuna: TPE, klayer's race", AUTO])
def test_a_search_chooses_a_good_configuration_the_same_each_time(
    name: str, table: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_contenders, "BUDGETS", (32,))
    chosen = CONTENDERS[name].chosen(table, 32, 1)
    assert table.rank(chosen) < 15
    assert CONTENDERS[name].chosen(table, 32, 1) == chosen


def test_the_best_of_klayers_is_what_its_strategy_writes(table: Counted) -> None:
    contender = CONTENDERS[AUTO]
    assert isinstance(contender, Klayer)
    for budget in BUDGETS:
        ours = contender.study(table, budget, 1)
        kept = ("name", "seed", "objective", "hyperparameters", "metrics")
        document = {key: value for key, value in ours.canonical().items() if key in kept}
        written = study_of({**document, "strategy": "auto", "budget": {"trainings": budget}})
        assert (written.stages, written.final) == (ours.stages, ours.final)


def test_klayers_search_looks_each_training_up_once(table: Counted) -> None:
    """And once more the winner, to say which it is."""
    contender = CONTENDERS["klayer: random, finalists"]
    assert isinstance(contender, Klayer)
    contender.chosen(table, 32, 1)
    assert table.looked_up == 33
    alone = replace(contender, finals=VALUE)
    alone.chosen(table, 32, 1)
    assert table.looked_up == 33 + 33
