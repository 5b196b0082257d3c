"""Every trial of a search as JSON or CSV.

An export says what was found, not when or by whom: two runs of one search give the same bytes, with
however many workers and through whatever interruptions.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from typing import IO, Any

from search.ledger.records import RecordedTrial, Search, StageState
from search.objective.port import Objective
from search.objective.report import Report

TRIAL_COLUMNS = ("stage", "number", "state", "value", "seed", "reason", "pruned_after")


def as_json(
    search: Search,
    stages: Sequence[StageState],
    trials: Sequence[RecordedTrial],
    curves: Mapping[int, Sequence[Report]],
) -> dict[str, Any]:
    """The whole search: study, stages with their boxes, trials with their reports, evaluation."""
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
    objective: Objective,
    trials: Sequence[RecordedTrial],
    curves: Mapping[int, Sequence[Report]],
    file: IO[str],
    *,
    steps: bool = False,
) -> None:
    """Write a row a trial, or, with `steps`, a row a step of each trial.

    Parameters stand in columns of their own name, or `parameter_NAME` where that is taken; a
    parameter that a trial does not have is empty.
    """
    reported = metric_columns(objective)
    names = {name: parameter_column(name) for trial in trials for name in trial.parameters}
    own = [*TRIAL_COLUMNS, *names.values()]
    columns = [*own, *(["step", *reported.values()] if steps else ["steps"])]
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    for trial in trials:
        row = {name: getattr(trial, name) for name in TRIAL_COLUMNS}
        row |= {names[name]: value for name, value in trial.parameters.items()}
        reports = curves.get(trial.id, ())
        if not steps:
            writer.writerow(row | {"steps": len(reports)})
            continue
        for one in reports:
            found = one.finite()
            told = {column: found.get(name) for name, column in reported.items()}
            writer.writerow(row | {"step": one.step} | told)


def parameter_column(name: str) -> str:
    """The column of a hyperparameter: its name, unless that is a column of every export."""
    return f"parameter_{name}" if name in (*TRIAL_COLUMNS, "step", "steps") else name


def metric_columns(objective: Objective) -> dict[str, str]:
    """The column of each metric of a step: its name, unless a hyperparameter has that name."""
    taken = {*TRIAL_COLUMNS, "step"}
    names = [metric.name for metric in objective.metrics]
    return {
        name: f"{objective.step}_{name}"
        if name in taken or objective.registry.find(name) is not None
        else name
        for name in names
    }


def _trial(trial: RecordedTrial, curve: Sequence[Report]) -> dict[str, Any]:
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
