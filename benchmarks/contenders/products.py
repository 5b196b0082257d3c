"""The machine's own peak: float32 products of large square matrices, NumPy's or PyTorch's."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


def operations(size: int) -> float:
    """Floating-point operations of one product of (size, size) matrices."""
    return 2.0 * size**3


def steps(
    folder: str, problem: Mapping[str, Any], size: int = 2048, library: str = "numpy"
) -> Iterator[None]:
    """Products of two (size, size) matrices into a third, one a step."""
    del folder, problem
    draw = np.random.default_rng(0)
    a, b = (draw.standard_normal((size, size), np.float32) for _ in range(2))
    out = np.empty_like(a)
    if library == "numpy":
        while True:
            np.matmul(a, b, out=out)
            yield
    import torch

    torch.set_num_threads(1)
    x, y, z = (torch.from_numpy(one) for one in (a, b, out))
    while True:
        torch.matmul(x, y, out=z)
        yield
