"""Runs a search as the command does, in a process that a test may kill.

    python run_search.py STUDY.toml STORAGE WORKERS

Exit status: 0 finished, 3 asked to stop, 4 its workers died again and again.
"""

import sys
from pathlib import Path

from search import objective
from search.launcher import InterruptedRunError, WorkersDiedError, launch
from search.ledger.ledger import Ledger
from search.study.reading import load


def main(file: str, storage: str, workers: str) -> int:
    """Run the search of a study file to its end; the exit status."""
    study = load(file)
    data = objective.open_data(study, None)
    with Ledger(storage, create=True) as ledger:
        search = ledger.record(study, Path(file).read_text(), data.fingerprint, {})
        try:
            launch(ledger, storage, search, data, int(workers), lambda: None, lambda: None)
        except InterruptedRunError:
            return 3
        except WorkersDiedError as error:
            print(error)  # noqa: T201 (the test reads it)
            return 4
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
