"""Eight processes at once on no database: it is made once, and no cohort is claimed twice."""

from collections import Counter
from pathlib import Path

import optuna

from search.ledger.ledger import Ledger
from tests.faults.claim_all import TRIALS
from tests.faults.runs import LONGEST_SECONDS, started

PROCESSES = 8


def test_many_begin_at_once_and_every_trial_is_claimed_once(tmp_path: Path) -> None:
    storage, gate = f"sqlite:///{tmp_path}/new.db", tmp_path / "gate"
    processes = [
        started("claim_all.py", storage, f"worker {place}", str(gate)) for place in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    gate.touch()
    said = [process.communicate(timeout=LONGEST_SECONDS) for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, said
    assert [errors for _, errors in said] == [""] * PROCESSES

    claimed = Counter(line for out, _ in said for line in out.splitlines())
    claimed.pop("fine planned", None)  # where one asked before it saw that the first had ended
    once = ["coarse planned", *(f"coarse {number}" for number in range(TRIALS))]
    assert claimed == Counter(once)
    assert sum(1 for out, _ in said if "coarse" in out) > 1  # they did compete

    with Ledger(storage) as ledger:
        assert ledger.read.names() == ["digits"]
        search = ledger.read.search("digits")
        assert [one.value for one in ledger.read.trials(search)] == [n / 7 for n in range(TRIALS)]
    seen = optuna.load_study(study_name="digits/1-coarse", storage=storage).get_trials()
    assert [one.value for one in seen] == [n / 7 for n in range(TRIALS)]
