"""What a user says of a table's columns, before the table is read."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from model.errors import ModelError

Task = Literal["classification", "regression"]
Scaling = Literal["standard", "quantile"]


@dataclass(frozen=True)
class TableOptions:
    """What the user says of a table's columns.

    Attributes:
        target: The columns to predict: one, or several numbers of a regression.
        task: None is found: see `read`.
        exclude: Columns that are no inputs.
        numbers: Inputs that are numbers, whatever they look like: a column that counts its rows
            is accepted then.
        categories: Inputs that are categories, whatever they look like: numbers, dates, and texts
            that hardly repeat are accepted then.
        splitting: (key, column) of columns by which rows are split, which are no inputs either;
            messages call them by the key.
        scaling: How inputs that are numbers are scaled: by mean and standard deviation, or by
            their quantiles before that, see `model.data.quantiles`.

    Raises:
        ModelError: There is no target; a column is named twice; a task is none of the two; or
            several targets are to be classes.
    """

    target: tuple[str, ...]
    task: Task | None = None
    exclude: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    splitting: tuple[tuple[str, str], ...] = ()
    scaling: Scaling = "standard"

    def __post_init__(self) -> None:
        if not self.target:
            raise ModelError("target must name at least one column")
        counts = Counter(name for _, names in self.named() for name in names)
        for name in counts:
            if counts[name] > 1:
                where = " and ".join(option for option, names in self.named() if name in names)
                raise ModelError(f"column {name!r} is named twice, in {where}; expected once")
        if self.task not in (None, "classification", "regression"):
            raise ModelError(f"task must be classification or regression, not {self.task!r}")
        if self.task == "classification" and len(self.target) > 1:
            raise ModelError(
                f"classification has one target, not {len(self.target)}: {list(self.target)}"
            )

    def named(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each option that names columns, with the columns."""
        return (
            ("target", self.target),
            ("exclude", self.exclude),
            ("numbers", self.numbers),
            ("categories", self.categories),
            *((key, (name,)) for key, name in self.splitting),
        )

    @property
    def no_inputs(self) -> tuple[str, ...]:
        """The columns that are no inputs."""
        return (*self.target, *self.exclude, *(name for _, name in self.splitting))
