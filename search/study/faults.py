"""One fault of a study file: the key it lies at, what was found there, and what would be right.

Checks collect faults rather than stop at the first, and hand them to pydantic with `faulty`;
`search.study.messages` reads them back out of pydantic's error.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

from search.space.hyperparameters import shown

__all__ = ["FAULTS", "Fault", "Key", "faulty", "near", "nearest", "shown"]

Key = tuple[str | int, ...]

FAULTS = "study_faults"
"""The type of the pydantic errors that `faulty` makes."""


@dataclass(frozen=True)
class Fault:
    """Something that the user can mend.

    Attributes:
        key: The way to it from the top of the table that was checked: keys, and places in arrays
            counted from 0.
        text: `what was found; what would be right`.
    """

    key: Key
    text: str

    def under(self, *outer: str | int) -> "Fault":
        """The same fault, seen from a table further out."""
        return Fault((*outer, *self.key), self.text)


def faulty(faults: Sequence[Fault]) -> PydanticCustomError:
    """The exception by which a pydantic validator reports `faults`, all at once."""
    text = "; ".join(fault.text for fault in faults)
    return PydanticCustomError(FAULTS, "{text}", {"text": text, "faults": tuple(faults)})


# What other tools call the same thing.
_MEANT = {
    "lr": "learning_rate",
    "eta": "learning_rate",
    "wd": "weight_decay",
    "l2": "weight_decay",
    "lambda": "weight_decay",
    "alpha": "elu_alpha",
    "bs": "batch_size",
    "epochs": "schedule",
    "hidden": "widths",
    "layers": "widths",
    "sigma": "init_sigma",
    "noise": "jitter",
}


def near(name: str, known: Iterable[str]) -> str:
    """The hint that ends a message on an unknown name: near matches, or all that there are."""
    known = list(known)
    if found := nearest(name, known):
        return found
    return "known here: " + ", ".join(known) if known else "nothing is known here"


def nearest(name: object, known: Iterable[str]) -> str:
    """The hint at near matches of an unknown name; "" where there are none."""
    known = list(known)
    if not isinstance(name, str):
        return ""
    if _MEANT.get(name) in known:
        return f"did you mean {_MEANT[name]}?"
    matches = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return "did you mean " + " or ".join(matches) + "?" if matches else ""
