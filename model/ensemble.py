"""Several networks that vote by the mean of their probabilities, or of the values they predict.

Source: G. Huang et al., "Snapshot Ensembles", ICLR 2017, section 3.
"""

from collections.abc import Sequence

import numpy as np

from model.arrays import Floats
from model.errors import ModelError


def mean_vote(votes: Sequence[Floats]) -> Floats:
    """The mean of several networks' probabilities or predictions, each (…, n, c), of one shape.

    Raises:
        ModelError: There is no vote.
    """
    if not votes:
        raise ModelError("an ensemble needs at least one network")
    mean: Floats = np.mean(votes, axis=0)
    return mean
