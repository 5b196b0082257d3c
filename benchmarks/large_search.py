"""A finished search of thousands of trials, made without training: for what shows searches.

Its values follow from the learning rate and the weight decay by a made-up rule, with noise drawn
from each trial's seed: a hill, to whose top the stages come ever closer; some trials diverge.
"""

import math
from collections.abc import Iterator

import numpy as np
from sqlalchemy import insert

from search.errors import KlayerError
from search.ledger import reports
from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, PlanningClaim, Search, TrialResult
from search.ledger.tables import reports as reports_table
from search.ledger.tables import trials as trials_table
from search.objective.data_card import DataCard
from search.objective.report import Assignment, Evaluation, Report
from search.plan.plan import FINAL
from search.study.reading import load
from search.workers.planning import make_plan

NAME = "large"
SCORE = "validation_accuracy"
SHARES = {"coarse": 0.6, "fine": 0.25, "finest": 0.15}  # of the trials


def filling(ledger: Ledger, trials: int, epochs: int, name: str = NAME) -> Iterator[Search]:
    """Record such a search, and finish it, cohort by cohort.

    Args:
        ledger: Its database.
        trials: How many its three stages have together.
        epochs: Of each trial.
        name: Of the search.

    Raises:
        LedgerError: The database holds another search of that name.
    """
    changes = [f"training.schedule.epochs={epochs}"]
    for stage, share in SHARES.items():
        changes += [f"stages.{stage}.trials={round(share * trials)}"]
        changes += [f"stages.{stage}.sampler='random'"]
    search = ledger.record(
        load("digits", changes, name), "# made up\n", DataCard("digits", "0" * 64), {"made": "up"}
    )
    while ledger.read.again(search).finished_at is None:
        work = ledger.next_work(search, "filler")
        if isinstance(work, PlanningClaim):
            make_plan(ledger, search, work)
        elif isinstance(work, CohortClaim):
            _train(ledger, work, epochs)
        else:
            raise KlayerError(f"there is always something to do, not {work}")
        yield search


def _train(ledger: Ledger, claim: CohortClaim, epochs: int) -> None:
    """Hand in a cohort's made-up results, all its epochs in one statement."""
    curves = [_curve(trial, epochs) for trial in claim.trials]
    with ledger.database.writing() as connection:
        query = trials_table.select().where(trials_table.c.cohort_id == claim.cohort_id)
        ids = {row.number: row.id for row in connection.execute(query)}
        rows = [
            reports.row(ids[number], claim.metrics, SCORE, said)
            for number, curve in zip(claim.numbers, curves, strict=True)
            for said in curve
        ]
        connection.execute(insert(reports_table), rows)
    final = claim.stage.name == FINAL
    outcomes = [
        TrialResult(number, None, f"diverged in epoch {len(curve)}")
        if len(curve) < epochs
        else TrialResult(number, curve[-1].metrics[SCORE])
        for number, curve in zip(claim.numbers, curves, strict=True)
    ]
    values = tuple(outcome.value for outcome in outcomes)
    result = {
        "accuracies": list(values),
        "snapshot_ensemble": None,
        "snapshot_ensembles": [None] * len(values),
        "finalist_ensemble": 0.93,
        "rows": 297,
        "fingerprint": "0" * 64,
    }
    ledger.hand_in(claim, outcomes, Evaluation(result, values) if final else None)


def _curve(trial: Assignment, epochs: int) -> list[Report]:
    random = np.random.default_rng(trial.seed)
    eta = math.log10(float(trial.parameters["learning_rate"]))
    decay = math.log10(float(trial.parameters["weight_decay"]))
    top = 0.97 - 0.12 * (eta + 1.2) ** 2 / 2 - 0.02 * (decay + 4) ** 2 / 2
    top = min(max(top + 0.01 * random.standard_normal(), 0.1), 0.995)
    last = epochs if eta < -0.1 or random.random() < 0.5 else max(1, epochs // 10)
    shape = 1 - np.exp(-np.arange(1, last + 1) / (0.15 * epochs + 1))
    noise = 0.004 * random.standard_normal((2, last))
    validation = np.clip(0.1 + (top - 0.1) * shape + noise[0], 0, 1)
    training = np.clip(validation + 0.02 * shape + noise[1] / 2, 0, 1)
    return [
        Report(
            epoch,
            {
                "learning_rate": 10**eta * 0.99**epoch,
                "train_cost": 2.5 * (1 - training[epoch - 1]) + 0.02,
                "train_loss": 2.5 * (1 - training[epoch - 1]),
                "train_accuracy": float(training[epoch - 1]),
                "validation_cost": 2.7 * (1 - validation[epoch - 1]) + 0.02,
                "validation_loss": 2.7 * (1 - validation[epoch - 1]),
                SCORE: float(validation[epoch - 1]),
            },
        )
        for epoch in range(1, last + 1)
    ]
