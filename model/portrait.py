"""What pictures of a trained stack are drawn from: gradient histograms, weights as images.

The gradient is that of the cost, mean loss + λ Σ‖W‖² (of AdamW the mean loss), at the weights of
each layer, over all training rows and without jitter or other regularisers. The rows are taken
batch by batch, in an order as an epoch takes them, and batch normalisation normalises each by its
own batch: so the mean over the batches is what training would follow if it stood still for an
epoch, and no more memory is needed than for a step. Without batch normalisation it is the gradient
over the whole training set, whatever the batches.

Nothing is changed by looking: the draw of the order has a purpose of its own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model import network, skip
from model.arrays import Floats, Integers
from model.data.row_form import image_of
from model.errors import ModelError
from model.inference import Network
from model.optimizer import penalties
from model.recipe import Recipe
from model.rows import Data
from model.seeding import generator

BINS = 60
# Whoever has larger gradients has diverged; and their range might be no finite number.
_LARGEST = 1e300


@dataclass(frozen=True, eq=False)
class Histogram:
    """How many of some numbers lie in each of equally wide bins.

    Attributes:
        counts: (bins,).
        edges: (bins + 1,), from the smallest number to the largest. The largest lies in the last
            bin, any other that is an edge in the bin above it.
    """

    counts: Integers
    edges: Floats


def weight_gradients(stack: Network, recipe: Recipe, data: Data) -> tuple[Floats, ...]:
    """The gradient of the cost at each layer's weights, over the training rows.

    Args:
        stack: Trained; m members.
        recipe: How it was trained: the optimizer, the size of the batches, whether they are
            shuffled.
        data: What it was trained on.

    Returns:
        (m, d, h) float64, one a layer. Of a member that diverged they are no finite numbers.
    """
    shape = network.activation_shape(
        stack.architecture, stack.members, stack.parameters[0].weights.dtype
    )
    x_all, rows = np.asarray(data.x), len(data.x)
    draw = generator(recipe.seed, "portrait")
    order = draw.permutation(rows) if recipe.shuffle else np.arange(rows)
    decay = penalties(recipe.optimizer, stack.members)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        totals = [2 * decay * layer.weights for layer in stack.parameters]
        for first in range(0, rows, recipe.batch_size):
            batch = order[first : first + recipe.batch_size]
            x = x_all[batch].astype(shape.dtype, copy=False)
            weights = None if data.weights is None else data.weights[batch]
            passed = network.forward(
                stack.architecture,
                stack.parameters,
                shape,
                x,
                data.targets[batch],
                weights=weights,
                skips=skip.places(stack.members),
            )
            share = np.full((len(stack.members), 1, 1), len(batch) / rows, shape.dtype)
            gradients = network.backward(stack.architecture, passed)
            for total, layer in zip(totals, gradients, strict=True):
                total += layer.weights.times(share).product()
    return tuple(totals)


def histograms(
    stack: Network, gradients: Sequence[Floats]
) -> tuple[tuple[Histogram, ...] | None, ...]:
    """The histograms of each member's gradients, one a layer, without its padding.

    Args:
        stack: m members.
        gradients: (m, d, h), one a layer, as `weight_gradients` gives them.

    Returns:
        One a member; None where an entry is no finite number, or an absurdly large one.
    """
    found = []
    for place, member in enumerate(stack.members):
        sizes = (stack.architecture.inputs, *member.widths, stack.architecture.outputs)
        own = [
            layer[place, :d, :h]
            for layer, d, h in zip(gradients, sizes[:-1], sizes[1:], strict=True)
        ]
        finite = all(np.abs(layer).max() < _LARGEST for layer in own)  # which NaN is not either
        found.append(tuple(histogram(layer) for layer in own) if finite else None)
    return tuple(found)


def histogram(entries: Floats) -> Histogram:
    """The histogram of finite numbers, of any shape, at least one.

    Numbers that are equal, or too near each other for so many bins, are in the middle of a range
    that is made about the smallest: 1 wide, or as wide as twice that number, if that is wider.
    """
    low, high = float(entries.min()), float(entries.max())
    edges = np.linspace(low, high, BINS + 1)
    if not (np.diff(edges) > 0).all():
        half = max(0.5, abs(low))
        edges = np.linspace(low - half, low + half, BINS + 1)
    counts, _ = np.histogram(entries, edges)
    return Histogram(counts.astype(np.int64), edges)


def weight_images(stack: Network, shape: tuple[int, ...]) -> Floats | None:
    """Each output's weights as an image, unscaled, where there is one layer alone (k = 1).

    Args:
        stack: m members of c outputs.
        shape: How a row of the data is an image: planes (colours), height, width; or height, width,
            planes; or height, width.

    Returns:
        (m, c, height, width) float32, with the colours (m, c, height, width, planes) where there is
        more than one; None where there is more than one layer.

    Raises:
        ModelError: The stack's inputs are no such image.
    """
    if len(stack.parameters) > 1:
        return None
    inputs, outputs = stack.architecture.inputs, stack.architecture.outputs
    planes = image_of(shape)
    if planes is None or math.prod(shape) != inputs:
        raise ModelError(f"{inputs} inputs are no image of planes, height, width {shape}")
    weights = stack.parameters[0].weights.transpose(0, 2, 1).astype(np.float32)
    images = weights.reshape(len(stack.members), outputs, *shape)
    if len(shape) == 2:
        return images
    images = np.moveaxis(images, 2, -1) if shape == planes else images
    return np.ascontiguousarray(images[..., 0] if planes[0] == 1 else images)
