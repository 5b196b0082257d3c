"""Every random draw comes from a generator that is seeded by (seed, purpose, index).

So no draw depends on what was drawn before it elsewhere, on the number of workers, or on the order
in which trials run.
"""

import numpy as np

# Numbers, not hashes of names, so that they can never change by renaming.
PURPOSES = {
    "weights": 1,
    "order": 2,
    "jitter": 3,
    "split": 4,
    "gradient check": 5,
    "portrait": 6,
    "folds": 7,
    "dropout": 8,
    "input dropout": 9,
    "mixup": 10,
    "images": 11,
}


def generator(seed: int, purpose: str, index: int = 0) -> np.random.Generator:
    """A generator of its own for each (seed, purpose, index).

    Args:
        seed: 0 or more.
        purpose: A key of `PURPOSES`.
        index: 0 or more, such as a layer's place.
    """
    return np.random.default_rng([seed, PURPOSES[purpose], index])
