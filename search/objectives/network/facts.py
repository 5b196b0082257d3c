"""What planning needs to know of a network's data, so that none are opened for it."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from model.data.row_form import image_of
from model.data.table_options import Task


@dataclass(frozen=True)
class Facts:
    """The sizes of a study's data.

    Attributes:
        rows: Rows to train on.
        held_out: Rows to choose hyperparameters by.
        inputs: Numbers a row.
        outputs: Classes, or targets of a regression.
        task: What is learned.
        scale: What errors of standardised values are multiplied by, so that they are told in the
            unit of the one target; 1 where there are several, or classes.
        shape: Of a row with more than one axis, such as an image's colours, height and width; where
            principal components are the inputs, of what they are made of.
    """

    rows: int
    held_out: int
    inputs: int
    outputs: int
    task: Task = "classification"
    scale: float = 1.0
    shape: tuple[int, ...] = ()

    @property
    def planes(self) -> tuple[int, int, int] | None:
        """How a row is an image: colours, height, width; None where it is none."""
        return image_of(self.shape)

    @property
    def pixels(self) -> int:
        """How many an image has of which the inputs are components; 0 where they are not."""
        whole = math.prod(self.shape)
        return whole if self.planes and whole != self.inputs else 0

    @property
    def sees_pixels(self) -> bool:
        """Whether the inputs are an image's pixels themselves."""
        return self.planes is not None and not self.pixels

    @property
    def has_several(self) -> bool:
        """Whether several values are learned of each row."""
        return self.task == "regression" and self.outputs > 1

    @property
    def rows_are(self) -> str:
        """What its rows are called."""
        return "images" if self.planes else "rows"

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Facts":
        """What `plain` wrote."""
        return cls(**{**plain, "shape": tuple(plain["shape"])})


@dataclass(frozen=True)
class NamedData:
    """A data set that has a name, and is the same everywhere.

    Attributes:
        rows: Of its official training part, before any are held out.
        validation: How many of them are held out unless the study file says otherwise.
        test: Rows of its official test part.
        classes: How many.
        shape: Of a row: colours, height, width.
    """

    rows: int
    validation: int
    test: int
    classes: int
    shape: tuple[int, ...]

    @property
    def inputs(self) -> int:
        """Numbers a row."""
        return math.prod(self.shape)

    def facts(
        self, held_out: int, folds: int | None = None, components: int | None = None
    ) -> Facts:
        """With so many rows held out, or a fold of them at a time; or of so many components."""
        if folds is not None:
            held_out = math.ceil(self.rows / folds)
        rows = self.rows - held_out
        inputs = self.inputs if components is None else components
        return Facts(rows, held_out, inputs, self.classes, shape=self.shape)


NAMED = {
    "digits": NamedData(1_500, 300, 297, 10, (1, 8, 8)),
    "cifar10": NamedData(50_000, 5_000, 10_000, 10, (3, 32, 32)),
}
