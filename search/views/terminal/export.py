"""Every trial of a search as JSON or CSV.

An export says what was found, not when or by whom: two runs of one search give the same bytes, with
however many workers and through whatever interruptions.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import IO, Any

from search.ledger.records import Search, StageState, Trial
from search.objective.outcome import EpochFigures
from search.objective.report import Report

TRIAL_COLUMNS = ("stage", "number", "state", "value", "seed", "reason", "pruned_after")

# The figures of an epoch as columns; a searched learning rate has a column of its own.
EPOCH_COLUMNS = {field.name: field.name for field in fields(EpochFigures)} | {
    "learning_rate": "epoch_learning_rate"
}


def as_json(
    search: Search,
    stages: Sequence[StageState],
    trials: Sequence[Trial],
    curves: Mapping[int, Sequence[Report]],
) -> dict[str, Any]:
    """The whole search: study, stages with their boxes, trials with their epochs, test report."""
    return {
        "name": search.study.name,
        "study": search.study.canonical(),
        "study_hash": search.study_hash,
        "data_fingerprint": search.data_fingerprint,
        "stages": [
            {
                "number": stage.step.number,
                "name": stage.step.name,
                "kind": stage.step.kind,
                "state": stage.state,
                "boxes": list(stage.boxes),
                "explanation": stage.explanation,
            }
            for stage in stages
        ],
        "trials": [_trial(trial, curves.get(trial.id, ())) for trial in trials],
        "test": search.result,
    }


def write_json(document: Mapping[str, Any], file: IO[str]) -> None:
    """Write the document, indented, with a line end behind it."""
    json.dump(document, file, indent=2, ensure_ascii=False, allow_nan=False)
    file.write("\n")


def write_csv(
    trials: Sequence[Trial],
    curves: Mapping[int, Sequence[Report]],
    file: IO[str],
    *,
    epochs: bool = False,
) -> None:
    """Write a row a trial, or, with `epochs`, a row an epoch of each trial.

    Parameters stand in columns of their own name; a parameter that a trial does not have is empty.
    """
    names = list(dict.fromkeys(name for trial in trials for name in trial.parameters))
    columns = [*TRIAL_COLUMNS, *names, *(EPOCH_COLUMNS.values() if epochs else ["epochs"])]
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    for trial in trials:
        row = {name: getattr(trial, name) for name in TRIAL_COLUMNS} | dict(trial.parameters)
        curve = curves.get(trial.id, ())
        if not epochs:
            writer.writerow(row | {"epochs": len(curve)})
            continue
        for one in curve:
            writer.writerow(
                row | {EPOCH_COLUMNS[k]: v for k, v in {"epoch": one.step, **one.finite()}.items()}
            )


def _trial(trial: Trial, curve: Sequence[Report]) -> dict[str, Any]:
    return {
        "stage": trial.stage,
        "number": trial.number,
        "state": trial.state,
        "value": trial.value,
        "parameters": dict(trial.parameters),
        "seed": trial.seed,
        "order_seed": trial.order_seed,
        "reason": trial.reason,
        "pruned_after": trial.pruned_after,
        "reports": [{"step": one.step, **one.finite()} for one in curve],
    }
