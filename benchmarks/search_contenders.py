"""The searches that are compared on tables of trainings: klayer's own plans, and Optuna's samplers.

A budget is a number of trainings, those of the finalists among them. klayer's searches are study
files, planned by klayer's own code; only the training of a trial is looked up.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import optuna
from optuna.samplers import BaseSampler, CmaEsSampler, TPESampler
from optuna.trial import Trial as OptunaTrial

from benchmarks.hpo_tables import Table
from search.plan.generations import plan_generation
from search.plan.plan import FINALISTS, PlannedTrial, plan, steps, trials_in_all
from search.plan.ranking import Ranking
from search.plan.seeds import derive
from search.plan.trial import Trial
from search.space.space import Box, Choices, Point
from search.study.file import Study, study_of
from search.study.race import rounds

BUDGETS = (32, 64, 128)
ALIKE: Mapping[int, Mapping[str, int]] = {
    32: {"finalists": 3, "seeds": 2},
    64: {"finalists": 3, "seeds": 2},
    128: {"finalists": 4, "seeds": 4},
}
"""Finalists that all are trained with the same seeds, by budget."""
RACE: Mapping[int, Mapping[str, int]] = {
    32: {"candidates": 4, "finalists": 2, "seeds": 3},
    64: {"candidates": 8, "finalists": 4, "seeds": 5},
    128: {"candidates": 16, "finalists": 4, "seeds": 9},
}
"""Finalists that race, by budget."""
VALUE: Mapping[int, Mapping[str, int]] = {
    budget: {"finalists": 1, "seeds": 0} for budget in BUDGETS
}
"""No finalists: the best single value."""

Stages = Callable[[int], list[dict[str, Any]]]
_LOWEST = Ranking("minimize")
_OF_TPE = 4  # trials of a generation


def cost(final: Mapping[str, int]) -> int:
    """How many trainings finalists take."""
    if not final["seeds"]:
        return 0
    ends = final.get("candidates", final["finalists"]), final["finalists"]
    return sum(one.trials for one in rounds(*ends, final["seeds"]))


@dataclass(frozen=True)
class Klayer:
    """A search of klayer's.

    Attributes:
        stages: For a number of trials, the stages, without the box of the first.
        finals: By budget, what `[final]` says.
    """

    stages: Stages
    finals: Mapping[int, Mapping[str, int]]

    def chosen(self, table: Table, budget: int, seed: int) -> int:
        """The configuration that a search of the table chooses."""
        return search(self.study(table, budget, seed), table)

    def study(self, table: Table, budget: int, seed: int) -> Study:
        """The study file of a search."""
        final = dict(self.finals[budget])
        return study_of(
            {
                "name": "table",
                "seed": seed,
                "objective": {"kind": "function", "function": "looked:up"},
                "hyperparameters": table.family.ranges(),
                "metrics": [{"name": "loss", "direction": "minimize"}],
                "stages": self.stages(budget - cost(final)),
                "final": final,
            }
        )


def search(study: Study, table: Table) -> int:
    """The configuration that a study chooses, its trainings looked up in a table."""
    results: list[Trial] = []
    for step in steps(study):
        made = plan(study, step, results)
        mine = [_trained(step.name, one, made.boxes, table) for one in made.trials]
        generation = 0
        while len(mine) < trials_in_all(study, made):
            generation += 1
            following = plan_generation(study, step, generation, made.boxes, mine)
            mine += [_trained(step.name, one, made.boxes, table) for one in following.trials]
        results += mine
    point = _LOWEST.chosen(one for one in results if one.stage == FINALISTS)
    if point is None:
        best = _LOWEST.best(results)
        point = best.parameters if best is not None else {}
    return table.place(point)


def _trained(stage: str, one: PlannedTrial, boxes: Sequence[Box], table: Table) -> Trial:
    """A trial: the same seed is the same column of the table for every configuration."""
    value = float(table.costs[table.place(one.parameters), one.seed % table.seeds])
    return Trial(stage, one.number, one.parameters, value, boxes[one.box])


@dataclass(frozen=True)
class Optuna:
    """A sampler of Optuna's, and what is done with the trials that it asked for.

    Attributes:
        sampler: For a seed.
        finals: By budget, how the finalists are trained.
    """

    sampler: Callable[[int], BaseSampler]
    finals: Mapping[int, Mapping[str, int]]

    def chosen(self, table: Table, budget: int, seed: int) -> int:
        """The configuration that a search of the table chooses."""
        final = self.finals[budget]
        told = _optimized(self.sampler, table, seed)[: budget - cost(final)]
        return _finished(_LOWEST.ranked(told), final, table, seed)


@lru_cache(maxsize=8)
def _optimized(sampler: Callable[[int], BaseSampler], table: Table, seed: int) -> tuple[Trial, ...]:
    """The trials of the largest budget; the first of them are those of a smaller one."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=sampler(derive(seed, "sampler") % 2**32))

    def looked_up(trial: OptunaTrial) -> float:
        column = derive(seed, "trial", trial.number) % table.seeds
        return float(table.costs[table.place(_asked(trial, table)), column])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study.optimize(looked_up, n_trials=max(BUDGETS))
    return tuple(
        Trial("search", one.number, one.params, one.value, _single(one.params))
        for one in study.trials
    )


def _asked(trial: OptunaTrial, table: Table) -> Point:
    point: dict[str, Any] = {}
    for name, extent in table.family.ranges().items():
        if isinstance(extent, list):
            point[name] = trial.suggest_categorical(name, extent)
        elif isinstance(extent["low"], int):
            point[name] = trial.suggest_int(name, extent["low"], extent["high"])
        else:
            log = extent.get("log", True)
            point[name] = trial.suggest_float(name, extent["low"], extent["high"], log=log)
    return point


def _single(point: Point) -> Box:
    return Box({name: Choices((value,)) for name, value in point.items()})


def _finished(ranked: Sequence[Trial], final: Mapping[str, int], table: Table, seed: int) -> int:
    """The configuration that wins among the best, trained with fresh seeds as klayer would."""
    places = list(dict.fromkeys(table.place(one.parameters) for one in ranked))
    if not final["seeds"]:
        return places[0]
    count = final.get("candidates", final["finalists"])
    values: dict[int, list[float | None]] = {place: [] for place in places[:count]}
    left: Iterable[int] = values
    for one in rounds(len(values), min(len(values), final["finalists"]), final["seeds"]):
        left = _LOWEST.by_seeds({place: values[place] for place in left})[: one.candidates]
        columns = [derive(seed, FINALISTS, number) % table.seeds for number in one.seeds]
        for place in left:
            values[place] += table.costs[place, columns].tolist()
    best = _LOWEST.winner(values)
    return places[0] if best is None else best


def _first(sampler: str, trials: int, **more: Any) -> dict[str, Any]:
    return {"name": "coarse", "sampler": sampler, "trials": trials, **more}


def _zoomed(name: str, trials: int, sampler: str = "sobol", **zoom: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name, "sampler": sampler, "trials": trials, "zoom": zoom}
    return made | ({"generation": _OF_TPE} if sampler == "tpe" else {})


def _quantile(trials: int, sampler: str = "sobol") -> list[dict[str, Any]]:
    half = trials // 2
    fine = _zoomed("fine", trials - half, sampler, rule="quantile", quantile=0.25)
    return [_first("sobol", half), fine]


def _digits(trials: int) -> list[dict[str, Any]]:
    half, quarter = trials // 2, trials // 4
    rest = {"from": ["coarse", "fine"]}
    return [
        _first("sobol", half),
        _zoomed("fine", quarter, "random", rule="quantile", quantile=0.5),
        _zoomed("finest", trials - half - quarter, "random", rule="decades", decades=0.5, **rest),
    ]


def _c4(trials: int) -> list[dict[str, Any]]:
    half, quarter = trials // 2, trials // 4
    return [
        _first("random", half),
        _zoomed("fine", quarter, "random", rule="decades", decades=1.0),
        _zoomed("finest", trials - half - quarter, "random", rule="decades", decades=0.3),
    ]


def _learning_tpe(trials: int) -> list[dict[str, Any]]:
    return [_first("tpe", trials, generation=_OF_TPE)]


def _process(trials: int) -> list[dict[str, Any]]:
    """Half of the trials are start points; the others are asked for in two generations."""
    return [_first("gp", trials, generation=trials // 4)]


def _tpe(seed: int) -> BaseSampler:
    return TPESampler(seed=seed)


def _cma_es(seed: int) -> BaseSampler:
    return CmaEsSampler(seed=seed)


AUTO = "klayer: Gaussian process, race"
CONTENDERS: Mapping[str, Klayer | Optuna] = {
    "Optuna: TPE, best single value": Optuna(_tpe, VALUE),
    "Optuna: TPE, finalists": Optuna(_tpe, ALIKE),
    "Optuna: CMA-ES, finalists": Optuna(_cma_es, ALIKE),
    "Optuna: TPE, klayer's race": Optuna(_tpe, RACE),
    "klayer: random, finalists": Klayer(lambda n: [_first("random", n)], ALIKE),
    "klayer: plan of C4, finalists": Klayer(_c4, ALIKE),
    "klayer: plan of `digits`, finalists": Klayer(_digits, ALIKE),
    "klayer: Sobol, quantile, finalists": Klayer(_quantile, ALIKE),
    "klayer: Sobol, quantile with TPE, finalists": Klayer(lambda n: _quantile(n, "tpe"), ALIKE),
    "klayer: TPE, finalists": Klayer(_learning_tpe, ALIKE),
    "klayer: Gaussian process, finalists": Klayer(_process, ALIKE),
    "klayer: Sobol, quantile, race": Klayer(_quantile, RACE),
    "klayer: Sobol, quantile with TPE, race": Klayer(lambda n: _quantile(n, "tpe"), RACE),
    "klayer: TPE, race": Klayer(_learning_tpe, RACE),
    AUTO: Klayer(_process, RACE),
}
