"""PCA whitening: standardised inputs as their first principal components, each of variance 1.

Components are those of the training rows alone. A network that was trained on them is made one of
plain inputs by multiplying the components into its first layer, so whoever uses it knows nothing
of them.

Source: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009), appendix A,
with the components themselves as inputs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import ModelError
from model.inference import Network

MOST_INPUTS = 5_000  # their covariances are one matrix: 200 MB
_LEAST_SHARE = 1e-9  # of the largest variance: what varies less is rounding

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Whitening:
    """Some principal components.

    Attributes:
        matrix: (d, k), what standardised rows are multiplied by.
        explained: Share of the rows' variance that the components have, 0 … 1.
    """

    matrix: Matrix
    explained: float


def fit(blocks: Iterable[npt.NDArray[Any]], inputs: int, components: int) -> Whitening:
    """The components of standardised rows, those of most variance first.

    A component's sign is the one with which its largest entry is positive.

    Args:
        blocks: The rows, (some, d) each.
        inputs: d.
        components: k.

    Raises:
        ModelError: There are too many inputs, or fewer of them vary by themselves.
    """
    if inputs > MOST_INPUTS:
        raise ModelError(f"components are of at most {MOST_INPUTS:,} inputs, not of {inputs:,}")
    products, rows = np.zeros((inputs, inputs)), 0
    for block in blocks:
        wide = block.astype(np.float64)
        products += wide.T @ wide
        rows += len(wide)
    ascending, vectors = np.linalg.eigh(products / max(1, rows))
    variances = ascending[::-1].clip(0)
    there = int((variances > _LEAST_SHARE * variances[0]).sum())
    if components > there:
        raise ModelError(
            f"components must be {there:,} or fewer, as many as there are in {inputs:,} inputs of "
            f"{rows:,} training rows, not {components:,}"
        )
    chosen = vectors[:, ::-1][:, :components]
    largest = np.take_along_axis(chosen, np.abs(chosen).argmax(axis=0)[None], axis=0)
    matrix = chosen * np.sign(largest) / np.sqrt(variances[:components])
    return Whitening(matrix, float(variances[:components].sum() / variances.sum()))


def whitened(block: npt.NDArray[Any], matrix: Matrix) -> npt.NDArray[np.float32]:
    """Standardised rows (n, d) as components (n, k)."""
    found: npt.NDArray[np.float32] = (block @ matrix).astype(np.float32)
    return found


def of_plain_inputs(network: Network, matrix: Matrix) -> Network:
    """A network of components as one of the standardised inputs that they are made of.

    Its scores are the same, to rounding.
    """
    first, *rest = network.parameters
    dtype = first.weights.dtype
    weights = np.matmul(matrix, first.weights.astype(np.float64)).astype(dtype)  # (m, d, h)
    return replace(
        network,
        architecture=replace(network.architecture, inputs=len(matrix)),
        parameters=(replace(first, weights=weights), *rest),
    )
