"""Trained networks as portraits: what pictures of them need, in words that know no network."""

from collections.abc import Collection, Sequence

import numpy as np

from model import portrait
from model.inference import Network
from model.portrait import Histogram
from model.recipe import Recipe
from model.rows import Data
from search.objectives.network.data import Dataset
from search.objectives.network.faults import faults_as_klayer_errors
from search.objectives.network.portrait import Portrait


def portraits(
    stack: Network,
    places: Sequence[int],
    diverged: Collection[int],
    recipe: Recipe,
    fold: Data,
    data: Dataset,
) -> dict[int, Portrait]:
    """The portraits of a trained stack's members, by place; none of those that diverged.

    It costs one pass over the training rows, and changes nothing.

    Args:
        stack: Trained.
        places: The places of its members among the trials, in the order of the stack.
        diverged: The places of those that diverged.
        recipe: How they were trained.
        fold: On what.
        data: The data set that those are rows of.

    Raises:
        KlayerError: The stack's inputs are no images of the data set.
    """
    if set(places) <= set(diverged):
        return {}
    with faults_as_klayer_errors():
        facts = data.facts
        has_images = facts.sees_pixels and facts.task == "classification"
        images = portrait.weight_images(stack, facts.shape) if has_images else None
        found = portrait.histograms(stack, portrait.weight_gradients(stack, recipe, fold))
    return {
        place: _portrait(layers, None if images is None else images[row], data)
        for row, (place, layers) in enumerate(zip(places, found, strict=True))
        if layers is not None and place not in diverged
    }


def _portrait(layers: Sequence[Histogram], images: np.ndarray | None, data: Dataset) -> Portrait:
    names = data.prepared.target_names
    return Portrait(
        gradient_counts=np.stack([layer.counts for layer in layers]),
        gradient_edges=np.stack([layer.edges for layer in layers]),
        images=images,
        classes=data.prepared.classes,
        target=", ".join(names[:1]),
        targets=names if len(names) > 1 else (),
    )
