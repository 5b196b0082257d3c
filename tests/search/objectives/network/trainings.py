"""Trainings of the digits, asked of the objective and, beside it, of the model by hand."""

from collections.abc import Generator, Mapping
from typing import Any

import numpy as np

from model import schedule, training
from model.epochs import Epoch
from model.members import Architecture, Member
from model.recipe import Recipe
from model.rows import Data
from search.objective.report import Assignment, Evaluation, Report
from search.objectives.network import final, trials
from search.objectives.network.data import Dataset, open_data
from search.objectives.network.portrait import Portrait, from_bytes
from search.study.file import Study
from search.study.reading import load

ORDER_SEED = 11
TRIALS = (
    Assignment({"learning_rate": 0.05, "weight_decay": 1e-4}, 3),
    Assignment({"learning_rate": 0.2, "weight_decay": 1e-2}, 4),
    Assignment({"learning_rate": 0.01, "weight_decay": 1e-5}, 5),
)
DIVERGING = Assignment({"learning_rate": 1e6, "weight_decay": 1e-1}, 6)
DECAY = "training.schedule={kind='decay', epochs=3, factor=0.9}"
CYCLES = "training.schedule={kind='cycles', cycles=2, half_cycle_epochs=1}"


def study_with(*overrides: str) -> Study:
    return load("digits", overrides)


def section_and_data(study: Study) -> tuple[Any, Dataset]:
    return study.objective.training, open_data(study.objective, study.seed, None)


def trained(study: Study, given: tuple[Assignment, ...] = TRIALS) -> list[Mapping[int, Report]]:
    section, data = section_and_data(study)
    return list(trials.train(study.objective, section, given, ORDER_SEED, data))


def evaluated(
    study: Study, given: tuple[Assignment, ...] = TRIALS
) -> tuple[list[Mapping[int, Report]], Evaluation]:
    """The reports of a final, and what is said at its end."""
    section, data = section_and_data(study)
    return drained(final.evaluate(study.objective, section, given, ORDER_SEED, data))


def portraits_of(evaluation: Evaluation) -> dict[int, Portrait]:
    """The portraits that an evaluation keeps, by the places of their trials."""
    return {n: from_bytes(kept) for n, kept in evaluation.attachments.items()}


def drained(epochs: Generator[Mapping[int, Report], Any, Any]) -> tuple[list[Any], Any]:
    """All that a generator yields, and its value."""
    reports = []
    while True:
        try:
            reports.append(next(epochs))
        except StopIteration as end:
            return reports, end.value


def directly(
    study: Study,
    fold: Data,
    of: schedule.Schedule,
    trials: tuple[Assignment, ...] = TRIALS,
) -> list[Epoch]:
    """The same training, asked of the model by hand."""
    members = [
        Member(
            (50, 50),
            trial.seed,
            float(trial.parameters["learning_rate"]),
            learning_rate_min=1e-5 if isinstance(of, schedule.Cycles) else 0.0,
            weight_decay=float(trial.parameters["weight_decay"]),
            momentum=0.9,
        )
        for trial in trials
    ]
    recipe = Recipe(batch_size=100, schedule=of, seed=ORDER_SEED)
    return list(training.train(Architecture(64, 10, batch_norm="before"), members, recipe, fold))


def fold_of(data: Dataset, *, whole: bool = False) -> Data:
    one, other = data.prepared.training, data.prepared.validation
    if not whole:
        return Data(one.x, one.y, other.x, other.y)
    return Data(
        np.concatenate([one.x, other.x]),
        np.concatenate([one.y, other.y]),
        other.x[:0],
        other.y[:0],
    )
