"""What klayer's search had chosen at each moment, and what that says of the test rows.

    python -m benchmarks.equal_time_klayer DATABASE CACHE BEGAN [DATA]

A search tests its winner alone. So every earlier incumbent is trained once more when the time is
over, with its whole cohort as it was trained then, and its value is compared with the recorded one:
equal bits mean the same network. The search is not told anything of it.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks import machine
from benchmarks.equal_time_family import NAME
from benchmarks.service import cohort_of
from model.data import prepared
from search.ledger.ledger import Ledger
from search.ledger.opening import open_recorded
from search.ledger.records import RecordedTrial, Search
from search.objective.report import Assignment
from search.objectives.network.folds import folds_of
from search.objectives.network.sections import TrainingSection
from search.objectives.network.stack import epochs, votes_of
from search.objectives.network.trainer import NetworkTrainer
from search.plan.plan import FINALISTS
from search.plan.ranking import ranking_of
from search.study.file import Study


def main() -> None:
    """Write what a search found as JSON."""
    database, cache, began, *data = sys.argv[1:]
    os.environ["XDG_CACHE_HOME"] = cache
    told = found(Path(database), float(began), Path(data[0]) if data else None)
    json.dump(told, sys.stdout)


def found(database: Path, began: float, data: Path | None) -> dict[str, Any]:
    """When which training ended, and the incumbents, as `benchmarks.equal_time_tables.Result`.

    Args:
        database: Of the search.
        began: When its command was started, in seconds since 1970.
        data: The folder of the images.
    """
    with Ledger(f"sqlite:///{database}") as ledger:
        search = ledger.read.search(NAME)
        trials = ledger.read.trials(search)
        curves = ledger.read.curves(search)
    ended = sorted(
        (one.finished_at, len(curves.get(one.id, ()))) for one in trials if one.finished_at
    )
    chosen = incumbents(search.study, trials)
    tests = tested(search, trials, [one for _, one in chosen], cohort_of(database), data)
    told = [
        (at - began, one.value, test) for (at, one), (test, _) in zip(chosen, tests, strict=True)
    ]
    same = sum(same for _, same in tests)
    note = f"{same} of its {len(tests)} incumbents came out again with the recorded value"
    if search.finished_at is not None and search.result is not None:
        told.append((search.finished_at - began, None, search.result["accuracies"][0]))
        note += f"; ended after {(search.finished_at - began) / 60:.1f} minutes"
        if (vote := search.result["finalist_ensemble"]) is not None:
            note += f", with {100 * vote:.2f} % of the test rows for all finalists, voting"
    return {
        "ended": [(at - began, epochs) for at, epochs in ended if epochs],
        "incumbents": told,
        "note": note,
    }


def incumbents(study: Study, trials: Sequence[RecordedTrial]) -> list[tuple[float, RecordedTrial]]:
    """The best trial from each moment on at which it changes, as klayer ranks.

    That is the best value of those that have ended, and once the race over fresh seeds is over the
    trial of the configuration that won it.
    """
    ranking = ranking_of(study)
    there = {one.id: at for one in trials if (at := one.finished_at) and one.state == "complete"}
    searched = [one for one in trials if one.id in there and one.stage in study.contenders()]
    found: list[tuple[float, RecordedTrial]] = []
    for moment in sorted({there[one.id] for one in searched}):
        best = ranking.best([one for one in searched if there[one.id] <= moment])
        if best is not None and (not found or best is not found[-1][1]):
            found.append((moment, best))
    race = [one for one in trials if one.stage == FINALISTS]
    if race and all(one.finished_at for one in race):
        point = ranking.chosen(race)
        best = ranking.best([one for one in searched if one.parameters == point])
        if best is not None and best is not found[-1][1]:
            found.append((max(one.finished_at or 0 for one in race), best))
    return found


def tested(
    search: Search,
    trials: Sequence[RecordedTrial],
    chosen: Sequence[RecordedTrial],
    cohort: Mapping[int, int],
    data: Path | None,
) -> list[tuple[float, bool]]:
    """Train the cohorts of some trials again, in as many processes as there are cores.

    Args:
        search: The search.
        trials: All of it.
        chosen: Some of them.
        cohort: As `cohort_of`.
        data: The folder of the images.

    Returns:
        Of each trial the accuracy on the test rows, and whether its value is the recorded one.
    """
    trainer = open_recorded(search, data)
    if not isinstance(trainer, NetworkTrainer):
        raise TypeError(f"{search.study.name}: trains no network of klayer's own")
    trainings = {stage.name: stage.training for stage in search.study.stages}
    keys = list(dict.fromkeys(cohort[one.id] for one in chosen))
    cohorts = [[one for one in trials if cohort[one.id] == key] for key in keys]
    wanted = {one.id for one in chosen}
    with ProcessPoolExecutor(machine.cores()) as pool:
        asked = [
            pool.submit(again, trainer, trainings[some[0].stage], some, wanted) for some in cohorts
        ]
        by_id = {key: test for one in asked for key, test in one.result().items()}
    return [by_id[one.id] for one in chosen]


def again(
    trainer: NetworkTrainer,
    training: TrainingSection,
    cohort: Sequence[RecordedTrial],
    wanted: set[int],
) -> dict[int, tuple[float, bool]]:
    """Train a cohort once more; what `tested` says of its wanted trials, by key."""
    assignments = [Assignment(one.parameters, one.seed) for one in cohort]
    folds = folds_of(training, trainer.data)
    with threadpool_limits(1):
        *_, last = epochs(trainer.objective, training, assignments, cohort[0].order_seed, folds)
        test = prepared.test_set(trainer.data.prepared, trainer.data.source())
        blocks = [votes_of(last.network, x).argmax(axis=2) for x in test.blocks()]
    hits = (np.concatenate(blocks, axis=1) == test.targets).mean(axis=1)
    return {
        cohort[place].id: (float(hit), last.reports[place].value == cohort[place].value)
        for place, hit in zip(last.places, hits, strict=True)
        if cohort[place].id in wanted
    }


if __name__ == "__main__":
    main()
