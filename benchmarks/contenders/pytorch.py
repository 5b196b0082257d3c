"""PyTorch: one network, written for speed, doing the work of a klayer trial.

The images are one tensor in the process's memory, a batch is one selection from it by a
permutation, figures are summed as tensors without a wait, evaluation is in inference mode.
`compiled` passes forward, loss and accuracy through torch.compile.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.problem import (
    BATCH_NORM_DECAY,
    HALF_CYCLE_EPOCHS,
    LEARNING_RATE,
    LEARNING_RATE_MIN,
    NEGATIVE_SLOPE,
    WEIGHT_DECAY,
    Problem,
    open_images,
)

BLOCK_ROWS = 1_000  # of evaluation


def network(problem: Problem) -> nn.Sequential:
    """Linear, leaky ReLU, batch normalisation a hidden layer; He's initial weights."""
    layers: list[nn.Module] = []
    fan_in = problem.inputs
    for width in problem.widths:
        layers += [
            linear(fan_in, width),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            nn.BatchNorm1d(width, momentum=1 - BATCH_NORM_DECAY),
        ]
        fan_in = width
    return nn.Sequential(*layers, linear(fan_in, problem.classes))


def linear(fan_in: int, width: int) -> nn.Linear:
    """A layer with He's initial weights."""
    layer = nn.Linear(fan_in, width)
    nn.init.kaiming_normal_(layer.weight, a=0)
    nn.init.zeros_(layer.bias)
    return layer


def sgd(model: nn.Module, weight_decay: float, **options: float) -> torch.optim.SGD:
    """Gradient descent on loss + λ Σ‖W‖², whose gradient is 2λW, of the weight matrices alone."""
    weights = [one for one in model.parameters() if one.ndim == 2]
    others = [one for one in model.parameters() if one.ndim != 2]
    groups = [{"params": weights, "weight_decay": 2 * weight_decay}, {"params": others}]
    return torch.optim.SGD(groups, lr=LEARNING_RATE_MIN, **options)


def rate(step: int, per_epoch: int) -> float:
    """The cyclical η of a step."""
    half = HALF_CYCLE_EPOCHS * per_epoch
    height = 1 - abs(step % (2 * half) - half) / half
    return LEARNING_RATE_MIN + (LEARNING_RATE - LEARNING_RATE_MIN) * height


def train_epoch(
    forward: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    optimizer: torch.optim.SGD,
    x: Tensor,
    labels: Tensor,
    batch_size: int,
    epoch: int,
    rate: Callable[[int, int], float] = rate,
) -> tuple[float, float]:
    """A pass over the rows x (n, d); mean loss and accuracy over its batches.

    Args:
        forward: Mean loss and number of hits of a batch (rows, labels).
        optimizer: Of the network's parameters.
        x: Training rows.
        labels: (n,).
        batch_size: Rows a step.
        epoch: Counted from 0.
        rate: η of a step, of so many an epoch.
    """
    batches = torch.randperm(len(x)).split(batch_size)
    losses, hits = torch.zeros(()), torch.zeros((), dtype=torch.int64)
    for number, rows in enumerate(batches):
        # Seven times as fast as x[rows] where rows are long.
        loss, hit = forward(x.index_select(0, rows), labels.index_select(0, rows))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = rate(epoch * len(batches) + number, len(batches))
        optimizer.step()
        losses += loss.detach() * len(rows)
        hits += hit
    return losses.item() / len(x), hits.item() / len(x)


def probabilities(model: nn.Module, x: Tensor) -> Tensor:
    """Class probabilities (n, c) of rows x (n, d), with the moving statistics."""
    model.eval()
    with torch.inference_mode():
        found = torch.cat([model(block).softmax(dim=1) for block in x.split(BLOCK_ROWS)])
    model.train()
    return found


def figures(found: Tensor, labels: Tensor) -> tuple[float, float]:
    """Mean loss and accuracy of probabilities (n, c) for labels (n,)."""
    picked = found.gather(1, labels[:, None])
    loss = -picked.clamp_min(1e-30).log().mean()
    return loss.item(), (found.argmax(dim=1) == labels).float().mean().item()


def batch_loss(model: nn.Module) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Mean loss and number of hits of a batch, as a function that can be compiled."""

    def forward(rows: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        scores = model(rows)
        hits = (scores.argmax(dim=1) == labels).sum()
        return nn.functional.cross_entropy(scores, labels), hits

    return forward


def steps(
    folder: str, problem: Mapping[str, Any], compiled: bool = False, fused: bool = True
) -> Iterator[None]:
    """Epochs of one network, each with its evaluation."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    wanted = Problem.of(problem)
    images = open_images(Path(folder), wanted, in_memory=True)
    x, labels = torch.from_numpy(images.x), torch.from_numpy(images.labels)
    v_x, v_labels = (
        torch.from_numpy(images.validation_x),
        torch.from_numpy(images.validation_labels),
    )
    model = network(wanted)
    optimizer = sgd(model, WEIGHT_DECAY, fused=fused, foreach=not fused)
    forward = batch_loss(model)
    if compiled:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(Path(folder) / "compiled")
        forward = torch.compile(forward, dynamic=False)
    epoch = 0
    while True:
        train_epoch(forward, optimizer, x, labels, wanted.batch_size, epoch)
        if len(v_x):
            figures(probabilities(model, v_x), v_labels)
        epoch += 1
        yield
