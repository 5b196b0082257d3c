"""A training pass through the whole network of a stack, forward and backward.

k linear layers, and behind each but the last an activation, with batch normalisation before or
after it. Inference stands in `model.inference`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import DTypeLike

from model import activation, batch_norm, linear, loss, skip
from model.activation import ActivationCache
from model.arrays import Booleans, Floats, Integers, Targets
from model.batch_norm import BatchNormCache, Statistics
from model.linear import LinearCache
from model.loss import LossCache
from model.members import Architecture, Member, column
from model.mixup import Partners
from model.parameters import Gradients, LayerGradient, Parameters


@dataclass(frozen=True)
class HiddenCache:
    """The caches of one hidden layer; what is not there is None.

    `skip` has the places of the members that have a skip connection.
    """

    linear: LinearCache
    activation: ActivationCache
    batch_norm: BatchNormCache | None
    mask: Floats | None
    skip: Integers | None


@dataclass(frozen=True, eq=False)
class Regularisation:
    """What is done to a training pass alone; inference has none of it.

    Attributes:
        masks: What each hidden layer's output is multiplied by, behind its activation and its
            batch normalisation, (m, n, h) each; () for nothing.
        smoothing: ε of the labels, (m, 1); None for 0.
        partners: What the rows are mixed with; None for nothing.
    """

    masks: tuple[Floats, ...] = ()
    smoothing: Floats | None = None
    partners: Partners | None = None

    def repeated(self, copies: int) -> "Regularisation":
        """Of `copies` stacks, one behind the other."""
        smoothing = self.smoothing
        return replace(
            self,
            masks=tuple(np.tile(mask, (copies, 1, 1)) for mask in self.masks),
            smoothing=None if smoothing is None else np.tile(smoothing, (copies, 1)),
        )


NOTHING = Regularisation()


@dataclass(frozen=True)
class ForwardPass:
    """What a forward pass over a batch gives.

    Attributes:
        scores: (m, n, c).
        losses: Mean loss of each member, (m,).
        statistics: Of this batch, one a hidden layer; None without batch normalisation.
        hidden: The hidden layers' caches, first to last.
        output: The output layer's cache.
        loss: The loss's cache.
    """

    scores: Floats
    losses: Floats
    statistics: tuple[Statistics | None, ...]
    hidden: tuple[HiddenCache, ...]
    output: LinearCache
    loss: LossCache

    def kinks(self) -> Iterator[Booleans]:
        """On which side of its kink each unit is: what a finite difference must not cross."""
        for cache in self.hidden:
            yield cache.activation.positive
        if self.loss.sides is not None:
            yield self.loss.sides


def activation_shape(
    architecture: Architecture, members: Sequence[Member], dtype: DTypeLike
) -> Floats:
    """The activation's parameter of each member, (m, 1, 1): a of ELU, else the slope below zero."""
    name = "elu_alpha" if architecture.activation == "elu" else "negative_slope"
    return column(members, name, dtype)


def forward(
    architecture: Architecture,
    parameters: Parameters,
    shape: Floats,
    x: Floats,
    targets: Targets,
    scale: Floats | None = None,
    weights: Floats | None = None,
    regularisation: Regularisation = NOTHING,
    skips: skip.Places = (),
) -> ForwardPass:
    """A training pass: batch normalisation normalises by the batch.

    Args:
        architecture: What the members agree in.
        parameters: Of the stack.
        shape: The activation's parameter of each member, (m, 1, 1).
        x: (n, d) shared by all members, or (m, n, d).
        targets: (n,) labels, or (n, c) floats for regression; with rows of their own (m, n) or
            (m, n, c).
        scale: What all weights of a member are to be multiplied by, (m, 1, 1); None for 1.
        weights: Of the rows in the loss, (n,) or (m, n); None for 1.
        regularisation: What is done to this pass for the sake of others.
        skips: As `skip.places` gives them of the members.
    """
    masks = regularisation.masks or (None,) * len(parameters[:-1])
    skipping = skips or (None,) * len(parameters[:-1])
    caches, statistics = [], []
    for layer, mask, at in zip(parameters[:-1], masks, skipping, strict=True):
        below = x
        z, linear_cache = linear.forward(x, layer.weights, layer.bias, scale)
        norm_cache, batch = None, None
        if architecture.batch_norm == "before":
            z, norm_cache, batch = batch_norm.forward(z, layer.gamma, layer.beta)
        x, activation_cache = activation.FORWARD[architecture.activation](z, shape)
        if architecture.batch_norm == "after":
            x, norm_cache, batch = batch_norm.forward(x, layer.gamma, layer.beta)
        if mask is not None:
            x = x * mask
        if at is not None:
            x = skip.added(x, below, at)
        caches.append(HiddenCache(linear_cache, activation_cache, norm_cache, mask, at))
        statistics.append(batch)
    last = parameters[-1]
    scores, output_cache = linear.forward(x, last.weights, last.bias, scale)
    smoothing, partners = regularisation.smoothing, regularisation.partners
    losses, loss_cache = loss.forward(architecture.loss, scores, targets, weights, smoothing)
    if partners is not None:
        others = loss.forward(
            architecture.loss, scores, partners.targets, partners.weights, smoothing
        )
        losses, loss_cache = loss.between((losses, loss_cache), others, partners.share)
    return ForwardPass(scores, losses, tuple(statistics), tuple(caches), output_cache, loss_cache)


def backward(architecture: Architecture, passed: ForwardPass) -> Gradients:
    """The gradients of the mean loss (without the weight decay's) at all parameters."""
    dz = loss.backward(passed.loss)
    gradients = [LayerGradient(*linear.backward(dz, passed.output))]
    following = passed.output
    above: tuple[Floats, Integers] | None = None  # the gradient that a skip hands down
    for cache in reversed(passed.hidden):
        dx = linear.backward_input(dz, following)
        if above is not None:
            dx = skip.added(dx, *above)
        above = None if cache.skip is None else (dx, cache.skip)
        if cache.mask is not None:
            dx = np.multiply(dx, cache.mask, out=dx if above is None else None)
        d_gamma, d_beta = None, None
        if architecture.batch_norm == "after" and cache.batch_norm:
            dx, d_gamma, d_beta = batch_norm.backward(dx, cache.batch_norm)
        dz = activation.backward(dx, cache.activation)
        if architecture.batch_norm == "before" and cache.batch_norm:
            dz, d_gamma, d_beta = batch_norm.backward(dz, cache.batch_norm)
        if not architecture.batch_norm_affine:
            d_gamma, d_beta = None, None
        gradients.append(LayerGradient(*linear.backward(dz, cache.linear), d_gamma, d_beta))
        following = cache.linear
    return tuple(reversed(gradients))
