"""Many processes at once on no database: it is made once, and no cohort is claimed twice."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import optuna
import pytest
from optuna.storages import RDBStorage

from search.ledger.ledger import Ledger
from tests.faults.claims_of_all import NAME, TRIALS, claim_all
from tests.faults.databases import mostly_postgresql
from tests.faults.watch import wait_until
from tests.faults.workers import fork


@pytest.mark.long
@mostly_postgresql
@pytest.mark.parametrize("processes", [8, 32])
def test_many_begin_at_once_and_every_trial_is_claimed_once(
    storage: str, tmp_path: Path, tried: Callable[..., None], processes: int
) -> None:
    gate, logs = tmp_path / "gate", [tmp_path / f"log {place}" for place in range(processes)]
    begun = [
        fork(claim_all, storage, f"worker {place}", str(gate), str(log))
        for place, log in enumerate(logs)
    ]
    for log in logs:
        wait_until(lambda: log.exists() and log.read_text() != "", "processes to begin")  # noqa: B023
    gate.touch()
    for process in begun:
        process.join()
    said = [log.read_text().splitlines() for log in logs]
    assert [process.exitcode for process in begun] == [0] * processes, said

    claimed = Counter(line for lines in said for line in lines)
    claimed.pop("fine planned", None)  # where one asked before it saw that the first had ended
    assert claimed.pop("ready") == processes
    once = ["coarse planned", *(f"coarse {number}" for number in range(TRIALS))]
    assert claimed == Counter(once)
    competing = sum(1 for lines in said if any("coarse" in line for line in lines))
    assert competing > processes / 4

    if storage.startswith("sqlite"):
        with closing(sqlite3.connect(storage[10:])) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    values = [n / 7 for n in range(TRIALS)]
    with Ledger(storage) as ledger:
        assert ledger.read.names() == [NAME]
        found = ledger.read.trials(ledger.read.search(NAME))
        url = ledger.database.engine.url.render_as_string(hide_password=False)
    assert [one.value for one in found] == values
    optunas = RDBStorage(url)
    try:
        seen = optuna.load_study(study_name=f"{NAME}/1-coarse", storage=optunas).get_trials()
    finally:
        optunas.remove_session()
        optunas.engine.dispose()
    assert [one.value for one in seen] == values
    tried(f"{processes} workers started at once on an empty database", 1, TRIALS)
