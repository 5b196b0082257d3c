"""What klayer adds to a trial that does nothing, beside Optuna's `study.optimize`.

    python -m benchmarks.function_overhead [--trials 200] [--workers 2] [--rounds 5]

A function objective returns a parameter; as many processes as klayer has workers call
`study.optimize` of the same function on an Optuna study, in a SQLite file of the same folder. The
cost of a trial is the time from the first trial's start to the last one's end, divided by the
trials that each process trained; the start of the processes is not in it.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import optuna

from benchmarks.rounds import Spread
from search.ledger.ledger import Ledger

STUDY = """
[objective]
kind = "function"
function = "nothing.py:train"

[hyperparameters]
x = {{low = 1e-3, high = 1.0}}

[[metrics]]
name = "loss"
direction = "minimize"

[[stages]]
sampler = "random"
trials = {trials}
"""
FUNCTION = """
def train(parameters, seed, report):
    return parameters["x"]
"""


def klayer_seconds(folder: Path, trials: int, workers: int) -> float:
    """Seconds from the first claim to the last result of a search of trials that do nothing."""
    (folder / "nothing.toml").write_text(STUDY.format(trials=trials))
    (folder / "nothing.py").write_text(FUNCTION)
    storage = f"sqlite:///{folder / 'klayer.db'}"
    command = [sys.executable, "-c", "from search.cli import main; main()", "run"]
    command += [str(folder / "nothing.toml"), "--storage", storage, "--workers", str(workers)]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | _importable())
    with Ledger(storage) as ledger:
        spans = ledger.read.spans(ledger.read.search("nothing"))
    return max(end for _, end in spans) - min(start for start, _ in spans)


def optuna_seconds(folder: Path, trials: int, workers: int) -> float:
    """The same of Optuna's own loop, in so many processes."""
    storage = f"sqlite:///{folder / 'optuna.db'}"
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(storage=storage, study_name="nothing")
    each = trials // workers
    context = multiprocessing.get_context("spawn")
    some = [context.Process(target=_optimize, args=(storage, each)) for _ in range(workers)]
    for one in some:
        one.start()
    for one in some:
        one.join()
    done = study.get_trials(deepcopy=False)
    starts = [trial.datetime_start for trial in done if trial.datetime_start is not None]
    ends = [trial.datetime_complete for trial in done if trial.datetime_complete is not None]
    return (max(ends) - min(starts)).total_seconds()


def _optimize(storage: str, trials: int) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.RandomSampler()
    study = optuna.load_study(storage=storage, study_name="nothing", sampler=sampler)
    study.optimize(lambda trial: trial.suggest_float("x", 1e-3, 1.0, log=True), n_trials=trials)


def _importable() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).parents[1])}


def measured(trials: int, workers: int, rounds: int) -> list[tuple[float, float]]:
    """Milliseconds of a worker for each trial, klayer's and Optuna's, a pair a round, by turns."""
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            ours = klayer_seconds(Path(name), trials, workers)
            theirs = optuna_seconds(Path(name), trials, workers)
        each = trials / workers
        found.append((1000 * ours / each, 1000 * theirs / each))
    return found


def main() -> None:
    """Print both, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    found = measured(asked.trials, asked.workers, asked.rounds)
    ours, theirs = Spread.of([one for one, _ in found]), Spread.of([other for _, other in found])
    ratio = Spread.of([one / other for one, other in found])
    print(f"{asked.trials} trials that do nothing, {asked.workers} workers, {asked.rounds} rounds")  # noqa: T201
    print(f"klayer            {ours.text(2)} ms a trial")  # noqa: T201
    print(f"study.optimize    {theirs.text(2)} ms a trial")  # noqa: T201
    print(f"ratio             {ratio.text(2)}")  # noqa: T201


if __name__ == "__main__":
    main()
