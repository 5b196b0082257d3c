"""Works through the first stage of a search with made-up results, and says what it claimed."""

import time
from dataclasses import replace
from pathlib import Path

from search.ledger.ledger import Ledger
from search.ledger.records import CohortClaim, PlanningClaim, TrialResult
from search.objective.data_card import DataCard
from search.plan.plan import plan, step_of
from search.plan.samplers import distributions
from search.study.reading import load
from tests.faults.workers import write_to

NAME = "digits"
TRIALS = 120


def claim_all(storage: str, owner: str, gate: str, log: str) -> None:
    """Record, claim, hand in, until the stage is finished.

    It waits for the file `gate`, so that many of them begin at once, on a database that is not
    there yet. Each planning and each trial that it claims is a line of `log`.
    """
    write_to(log)
    study = load(NAME, [f"stages.coarse.trials={TRIALS}"])
    print("ready", flush=True)  # noqa: T201
    while not Path(gate).exists():
        time.sleep(0.001)
    with Ledger(storage, create=True, patience_seconds=60) as ledger:
        search = ledger.record(study, "", DataCard("digits", "f" * 64), {})
        while True:
            work = ledger.next_work(search, owner)
            if isinstance(work, PlanningClaim):
                print(work.stage.name, "planned", flush=True)  # noqa: T201
                if work.stage.number > 1:
                    return
                made = plan(study, step_of(study, work.stage.number), [])
                alone = tuple((trial.number,) for trial in made.trials)  # cohorts of one trial
                ledger.open_stage(
                    search, work, replace(made, cohorts=alone), distributions(made.boxes), 2
                )
            elif isinstance(work, CohortClaim):
                print(*(f"{work.stage.name} {number}" for number in work.numbers), sep="\n")  # noqa: T201
                ledger.hand_in(work, [TrialResult(n, n / 7) for n in work.numbers])
            elif ledger.read.stages(search)[0].state == "finished":
                return
            else:
                time.sleep(0.02)
