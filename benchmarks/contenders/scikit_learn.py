"""scikit-learn: MLPClassifier, one epoch a call of `partial_fit`.

It has neither batch normalisation nor leaky ReLU nor a cyclical η, so its epoch is less work: the
same linear layers, ReLU, L2, and a constant η.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.problem import WEIGHT_DECAY, Problem, open_images

LEARNING_RATE = 1e-2  # its constant η: 0.1 without normalisation diverges


def steps(folder: str, problem: Mapping[str, Any]) -> Iterator[None]:
    """Epochs of one network in float32, each with its evaluation."""
    wanted = Problem.of(problem)
    images = open_images(Path(folder), wanted, in_memory=True)
    classifier = MLPClassifier(
        wanted.widths,
        solver="sgd",
        alpha=2 * WEIGHT_DECAY,
        batch_size=wanted.batch_size,
        learning_rate_init=LEARNING_RATE,
        momentum=0.0,
        nesterovs_momentum=False,
        random_state=1,
    )
    classes = np.arange(wanted.classes)
    while True:
        classifier.partial_fit(images.x, images.labels, classes=classes)
        if len(images.validation_x):
            found = classifier.predict_proba(images.validation_x)
            picked = found[np.arange(len(found)), images.validation_labels]
            float(-np.log(np.maximum(picked, 1e-30)).mean())
            float((found.argmax(axis=1) == images.validation_labels).mean())
        yield
