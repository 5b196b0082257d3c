"""The first layer's two products of a training step and nothing else: what the BLAS lets a step do.

The arrays are as large, and lie in memory, as `model` makes them, and are made once.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.problem import Problem
from model.linear import first_layer_order


def operations(problem: Problem, members: int) -> float:
    """Floating-point operations of one of the `steps`: x W and xᵀ dz, 2 n·d·m·h each."""
    rows = _batches(problem) * problem.batch_size
    return 2 * 2.0 * rows * problem.inputs * members * problem.widths[0]


def steps(folder: str, problem: Mapping[str, Any], members: int = 1) -> Iterator[None]:
    """The products of an epoch's whole batches for a stack of some members."""
    del folder
    wanted = Problem.of(problem)
    n, d, units = wanted.batch_size, wanted.inputs, members * wanted.widths[0]
    draw = np.random.default_rng(0)
    x = draw.standard_normal((n, d), np.float32)
    dz = draw.standard_normal((n, units), np.float32)
    z = np.empty_like(dz)
    weights, gradient = (
        first_layer_order(members, d, wanted.widths[0], np.float32)
        .transpose(1, 0, 2)
        .reshape(d, units, copy=False)
        for _ in range(2)
    )
    weights[:] = draw.standard_normal((d, units), np.float32)
    while True:
        for _ in range(_batches(wanted)):
            np.matmul(x, weights, out=z)
            np.matmul(x.T, dz, out=gradient)
        yield


def _batches(problem: Problem) -> int:
    return problem.rows // problem.batch_size
