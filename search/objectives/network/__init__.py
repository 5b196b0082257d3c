"""The door to what is trained: parameters and seeds in, epoch figures and values out.

The one room that imports `model`. Nothing beyond it knows that a trial is a k-layer network:
others see a `Grouping`, generators of `Report`s, a `Proof` and a `Winner`. The test images are read
in `prove` alone, after the trainings that the search has chosen.
"""

from search.objectives.network.checks import check_gradients, seconds_per_epoch
from search.objectives.network.data import (
    Dataset,
    cache_folder,
    clear_prepared,
    open_data,
    open_recorded_data,
)
from search.objectives.network.final import Winner, prove, retrain
from search.objectives.network.settings import grouping, stacks_of
from search.objectives.network.trials import train

__all__ = [
    "Dataset",
    "Winner",
    "cache_folder",
    "check_gradients",
    "clear_prepared",
    "grouping",
    "open_data",
    "open_recorded_data",
    "prove",
    "retrain",
    "seconds_per_epoch",
    "stacks_of",
    "train",
]
