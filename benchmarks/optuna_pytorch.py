"""Experiment C4 as a good user of Optuna and PyTorch would write it: the peer of `klayer run`.

    python -m benchmarks.optuna_pytorch FOLDER --training N --workers 2 --storage FILE

Stages and boxes are those of `benchmarks.peer_plan`, λ is drawn log-uniform; 8 epochs each in two
cycles of η; the value is the validation accuracy of the networks at the end of each cycle, which
vote. The processes live through all stages, use one thread each, and map the same images. A stage
is an Optuna study in SQLite, of which every process takes its share. Only values are stored: no
curves, nothing to resume from, no pruning.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna
import torch
from torch import Tensor

from benchmarks import side_by_side
from benchmarks.contenders import pytorch
from benchmarks.peer_plan import EPOCHS, STAGES, Best, Stage, box
from benchmarks.problem import HALF_CYCLE_EPOCHS, Problem

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier


@dataclass(frozen=True)
class Job:
    """What every process is told."""

    folder: Path
    training: int
    workers: int
    storage: str


def main() -> None:
    """Run the search and write its trials as JSON on standard output."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    parser.add_argument("folder", type=Path, help="holds x.npy and y.npy, training rows first")
    parser.add_argument("--training", type=int, required=True, help="how many training rows")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--storage", type=Path, required=True, help="a new SQLite file")
    given = parser.parse_args()
    job = Job(given.folder, given.training, given.workers, f"sqlite:///{given.storage}")
    storage = opened(job.storage)
    for stage in STAGES:
        optuna.create_study(study_name=stage.name, storage=storage, direction="maximize")
    code = side_by_side.run(partial(work, job), job.workers)
    if code:
        sys.exit(f"a process was ended by signal {-code}" if code < 0 else code)
    json.dump([trial for stage in STAGES for trial in _trials(stage, storage)], sys.stdout)


def opened(url: str) -> optuna.storages.RDBStorage:
    """The database, whose writers wait for each other."""
    return optuna.storages.RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 60}})


def work(job: Job, number: int, together: "Barrier") -> None:
    """What one process does: its share of each stage, the stages one after another."""
    torch.set_num_threads(1)
    torch.manual_seed(number)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = opened(job.storage)
    images = mapped(job)
    for place, stage in enumerate(STAGES):
        low, high = box(place, best(place, storage))
        study = optuna.load_study(
            study_name=stage.name,
            storage=storage,
            sampler=optuna.samplers.RandomSampler(seed=1000 * number + place),
        )

        def objective(trial: optuna.Trial, low: float = low, high: float = high) -> float:
            return value(images, trial.suggest_float("weight_decay", low, high, log=True))

        share = len(range(number, stage.trials, job.workers))
        study.optimize(objective, n_trials=share)
        together.wait()


def best(place: int, storage: optuna.storages.RDBStorage) -> list[Best]:
    """The best trial of each stage before a place."""
    found = [
        optuna.load_study(study_name=stage.name, storage=storage).best_trial
        for stage in STAGES[:place]
    ]
    return [Best(one.value or 0.0, float(one.params["weight_decay"])) for one in found]


@dataclass(frozen=True)
class Tensors:
    """Training rows x (n, d), validation rows (v, d), and their labels."""

    x: Tensor
    labels: Tensor
    validation_x: Tensor
    validation_labels: Tensor


def mapped(job: Job) -> Tensors:
    """The images, mapped from their file: one copy in memory for all processes."""
    # Copy on write, since tensors cannot be read-only; nothing is ever written.
    x = torch.from_numpy(np.load(job.folder / "x.npy", mmap_mode="c"))
    labels = torch.from_numpy(np.load(job.folder / "y.npy"))
    n = job.training
    return Tensors(x[:n], labels[:n], x[n:], labels[n:])


def value(images: Tensors, weight_decay: float) -> float:
    """Train one network; the accuracy of its snapshots' mean probabilities."""
    problem = Problem(inputs=images.x.shape[1])
    model = pytorch.network(problem)
    optimizer = pytorch.sgd(model, weight_decay, fused=True)
    forward = pytorch.batch_loss(model)
    votes = []
    cycle = 2 * HALF_CYCLE_EPOCHS
    for epoch in range(EPOCHS):
        pytorch.train_epoch(forward, optimizer, images.x, images.labels, problem.batch_size, epoch)
        found = pytorch.probabilities(model, images.validation_x)
        pytorch.figures(found, images.validation_labels)
        if (epoch + 1) % cycle == 0:
            votes.append(found)
    chosen = torch.stack(votes).mean(dim=0).argmax(dim=1)
    return float((chosen == images.validation_labels).float().mean())


def _trials(stage: Stage, storage: optuna.storages.RDBStorage) -> list[dict[str, Any]]:
    study = optuna.load_study(study_name=stage.name, storage=storage)
    return [
        {
            "stage": stage.name,
            "value": trial.value,
            **trial.params,
            "began": trial.datetime_start.timestamp() if trial.datetime_start else None,
            "ended": trial.datetime_complete.timestamp() if trial.datetime_complete else None,
        }
        for trial in study.trials
    ]


if __name__ == "__main__":
    main()
