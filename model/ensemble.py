"""Several networks that vote by the mean of their probabilities.

Source: G. Huang et al., "Snapshot Ensembles", ICLR 2017, section 3.
"""

from collections.abc import Sequence

import numpy as np

from model.arrays import Floats, Integers
from model.errors import ModelError


def mean_probabilities(votes: Sequence[Floats]) -> Floats:
    """The mean of several networks' probabilities, each (…, n, c), all of one shape.

    Raises:
        ModelError: There is no vote.
    """
    if not votes:
        raise ModelError("an ensemble needs at least one network")
    mean: Floats = np.mean(votes, axis=0)
    return mean


def accuracy(probabilities: Floats, labels: Integers) -> Floats:
    """Share of rows whose most probable class is the label; (…, n, c) and (n,) give (…)."""
    hits: Floats = (probabilities.argmax(axis=-1) == labels).mean(axis=-1)
    return hits
