"""What must come out of a search, whatever befell it: each trial once, with the same numbers."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from search.ledger.ledger import Ledger

NAME = "tiny"  # of every search here
Table = list[tuple[Any, ...]]

OPTUNA_STATES = {
    "complete": "COMPLETE",
    "pruned": "PRUNED",
    "diverged": "FAIL",
    "failed": "FAIL",
    "waiting": "WAITING",
    "running": "RUNNING",
}
ENDED = {"complete", "pruned", "diverged", "failed"}

OPTUNA_TRIALS = text("""
    SELECT studies.study_name, trials.number, trials.state,
        (SELECT count(*) FROM trial_values WHERE trial_values.trial_id = trials.trial_id)
    FROM trials JOIN studies ON studies.study_id = trials.study_id
    ORDER BY studies.study_name, trials.number
""")

ATTACHMENTS = text("SELECT trial_id, content FROM klayer_attachments")


@dataclass(frozen=True)
class Counts:
    """Trials that are not as they should be.

    Attributes:
        lost: Planned, and not there.
        doubled: There twice, with two results, or not planned at all.
        stuck: There without a result, though the search has ended.
        failed: Ended as failed, as they would not have undisturbed.
    """

    lost: int = 0
    doubled: int = 0
    stuck: int = 0
    failed: int = 0


def table(storage: str) -> Table:
    """Every trial in full: stage, number, state, parameters, seed, value, curve, attachment."""
    with Ledger(storage) as ledger:
        search = ledger.read.search(NAME)
        curves = ledger.read.curves(search)
        with ledger.database.reading() as connection:
            attachments = {
                trial: hashlib.sha256(content).hexdigest()
                for trial, content in connection.execute(ATTACHMENTS)
            }
        return [
            (
                one.stage,
                one.number,
                one.state,
                repr(one.parameters),
                one.seed,
                repr(one.value),
                repr(curves.get(one.id, ())),
                attachments.get(one.id),
            )
            for one in ledger.read.trials(search)
        ]


def count(storage: str, expected: Table) -> Counts:
    """The trials that are not as they should be, in the ledger's tables or in Optuna's."""
    planned = {(stage, number) for stage, number, *_ in expected}
    with Ledger(storage) as ledger:
        search = ledger.read.search(NAME)
        ours = [(one.stage, one.number, one.state) for one in ledger.read.trials(search)]
    optunas = _optunas_trials(storage)
    seen = [[row[:2] for row in ours], [row[:2] for row in optunas]]
    is_ended = {state: name in ENDED for name, state in OPTUNA_STATES.items()}
    doubled = {row[:2] for row in optunas if row[3] > 1}
    for places in seen:
        doubled |= {place for place, often in Counter(places).items() if often > 1}
        doubled |= set(places) - planned
    stuck = {row[:2] for row in ours if row[2] not in ENDED}
    stuck |= {row[:2] for row in optunas if not is_ended[row[2]]}
    lost = {place for place in planned if any(place not in places for places in seen)}
    known = {row[:2] for row in expected if row[2] == "failed"}
    failed = {row[:2] for row in ours if row[2] == "failed"} - known
    return Counts(len(lost), len(doubled), len(stuck), len(failed))


def assert_whole(storage: str, expected: Table) -> None:
    """Each trial is there once, with the expected numbers, and the search has ended."""
    assert count(storage, expected) == Counts()
    assert table(storage) == expected
    assert_finished(storage)


def assert_finished(storage: str) -> None:
    """The search has ended with a result, nobody holds anything, and Optuna says the same."""
    with Ledger(storage) as ledger:
        search = ledger.read.search(NAME)
        assert search.failure is None
        assert (search.result is None) == (search.study.objective.evaluates is None)
        states = {stage.state for stage in ledger.read.stages(search)}
        trials = ledger.read.trials(search)
        with ledger.database.reading() as connection:
            query = text("SELECT DISTINCT state FROM klayer_cohorts")
            cohorts = set(connection.scalars(query))
    assert (states, cohorts) == ({"finished"}, {"finished"})
    said = [
        (one.stage, one.number, OPTUNA_STATES[one.state], int(one.value is not None))
        for one in trials
    ]
    assert _optunas_trials(storage) == said


def _optunas_trials(storage: str) -> list[tuple[str, int, str, int]]:
    """Stage, number, state, and how many values, of each trial in Optuna's tables."""
    with Ledger(storage) as ledger, ledger.database.reading() as connection:
        return [
            (study.partition("-")[2], number, state, values)
            for study, number, state, values in connection.execute(OPTUNA_TRIALS)
            if study.startswith(f"{NAME}/")
        ]
