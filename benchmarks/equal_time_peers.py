"""Searches of the family by Optuna and PyTorch for the same time, in processes side by side.

    python -m benchmarks.equal_time_peers '{"contender": "TPE", "until": …, …}'

As a good user would write it: the images are tensors mapped from one file, each process has one
thread and draws its next trial itself from one SQLite storage, a value is reported each epoch, and
a training that diverges ends. What was found is written as JSON on standard output.
"""

import json
import math
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna
import torch
from torch import Tensor, nn

from benchmarks import side_by_side
from benchmarks.contenders import pytorch
from benchmarks.equal_time_family import BATCH_SIZE, EPOCHS, FAMILY, MOMENTUM, NAME, rate
from benchmarks.optuna_pytorch import opened

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

HYPERBAND, TPE, RANDOM = "Hyperband", "TPE", "random"
TEST = "test"  # what a trial's attributes are called
SPENT = "seconds on test rows"


@dataclass(frozen=True)
class Job:
    """What every process is told.

    Attributes:
        contender: Which search.
        seed: Of its draws.
        folder: Holds x.npy and y.npy, training rows first, then those for validation.
        tests: Holds test_x.npy and test_y.npy.
        training: How many rows are for training.
        workers: How many processes.
        storage: A new SQLite file.
        began: When the time begins, in seconds since 1970.
        until: When it is over.
    """

    contender: str
    seed: int
    folder: str
    tests: str
    training: int
    workers: int
    storage: str
    began: float
    until: float

    @property
    def url(self) -> str:
        """The storage as Optuna takes it."""
        return f"sqlite:///{self.storage}"


@dataclass(frozen=True)
class Rows:
    """Rows (n, d) and their labels (n,), for training, for validation and for the test."""

    training: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


def main() -> None:
    """Search, and write what was found."""
    job = Job(**json.loads(sys.argv[1]))
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(study_name=NAME, storage=opened(job.url), direction="maximize")
    code = side_by_side.run(partial(work, job), job.workers)
    if code:
        sys.exit(f"a process was ended by signal {-code}" if code < 0 else code)
    json.dump(found(study.trials, job), sys.stdout)


def work(job: Job, number: int, together: "Barrier") -> None:
    """What one process does: trial after trial until the time is over."""
    del together
    torch.set_num_threads(1)
    torch.manual_seed(1000 * job.seed + number)
    seed = 1000 * job.seed + number
    study = optuna.load_study(
        study_name=NAME,
        storage=opened(job.url),
        sampler=(
            optuna.samplers.RandomSampler(seed)
            if job.contender == RANDOM
            else optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        ),
        pruner=(
            optuna.pruners.HyperbandPruner(min_resource=1, max_resource=EPOCHS)
            if job.contender == HYPERBAND
            else optuna.pruners.NopPruner()
        ),
    )
    rows = mapped(job)
    study.optimize(
        lambda trial: value(trial, rows, job.until), timeout=max(job.until - time.time(), 1e-3)
    )


def mapped(job: Job) -> Rows:
    """The images, mapped from their files: one copy in memory for all processes."""

    def of(folder: str, name: str) -> Tensor:
        # Copy on write, since tensors cannot be read-only; nothing is ever written.
        return torch.from_numpy(np.load(Path(folder) / f"{name}.npy", mmap_mode="c"))

    x, y, n = of(job.folder, "x"), of(job.folder, "y").long(), job.training
    test = of(job.tests, "test_x"), of(job.tests, "test_y").long()
    return Rows((x[:n], y[:n]), (x[n:], y[n:]), test)


def network(inputs: int, classes: int, widths: tuple[int, ...], dropout: float) -> nn.Sequential:
    """The family's network: linear, ReLU, dropout a hidden layer."""
    layers: list[nn.Module] = []
    fans = (inputs, *widths)
    for fan_in, width in zip(fans, widths, strict=False):
        layers += [pytorch.linear(fan_in, width), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, pytorch.linear(fans[-1], classes))


def value(trial: optuna.Trial, rows: Rows, until: float) -> float:
    """Train one network of the family; its accuracy on the validation rows after the last epoch."""
    drawn = {name: suggested(trial, name) for name in FAMILY}
    (x, labels), (v_x, v_labels) = rows.training, rows.validation
    widths = int(drawn["width_1"]), int(drawn["width_2"])
    model = network(x.shape[1], int(labels.max()) + 1, widths, drawn["dropout"])
    optimizer = pytorch.sgd(
        model, drawn["weight_decay"], momentum=MOMENTUM, nesterov=True, fused=True
    )
    forward, moving = pytorch.batch_loss(model), partial(rate, drawn["learning_rate"])
    accuracy = 0.0
    for epoch in range(EPOCHS):
        loss, _ = pytorch.train_epoch(forward, optimizer, x, labels, BATCH_SIZE, epoch, moving)
        _, accuracy = pytorch.figures(pytorch.probabilities(model, v_x), v_labels)
        trial.report(accuracy, epoch + 1)
        if not math.isfinite(loss):
            break
        if time.time() > until or (epoch + 1 < EPOCHS and trial.should_prune()):
            raise optuna.TrialPruned
    began = time.perf_counter()
    _, tested = pytorch.figures(pytorch.probabilities(model, rows.test[0]), rows.test[1])
    trial.set_user_attr(TEST, tested)
    trial.set_user_attr(SPENT, time.perf_counter() - began)
    return accuracy


def suggested(trial: optuna.Trial, name: str) -> float:
    """A hyperparameter of the family for a trial."""
    one = FAMILY[name]
    if one.step is None:
        return trial.suggest_float(name, one.low, one.high, log=one.log)
    return trial.suggest_int(name, int(one.low), int(one.high), step=one.step)


def found(trials: list[optuna.trial.FrozenTrial], job: Job) -> dict[str, Any]:
    """When which training ended, and the incumbents, as `benchmarks.equal_time_tables.Result`."""
    ended = sorted(
        (
            (one.datetime_complete.timestamp() - job.began, one)
            for one in trials
            if one.datetime_complete
        ),
        key=lambda pair: pair[0],
    )
    complete = optuna.trial.TrialState.COMPLETE
    incumbents: list[tuple[float, float, float]] = []
    for seconds, one in ended:
        best = incumbents[-1][1] if incumbents else -math.inf
        if one.state == complete and one.value is not None and one.value > best:
            incumbents.append((seconds, one.value, one.user_attrs[TEST]))
    spent = sum(one.user_attrs.get(SPENT, 0.0) for one in trials)
    share = spent / (job.workers * (job.until - job.began))
    return {
        "ended": [(seconds, len(one.intermediate_values)) for seconds, one in ended],
        "incumbents": incumbents,
        "note": f"{100 * share:.2f} % of its time went into reading the test rows",
    }


if __name__ == "__main__":
    main()
