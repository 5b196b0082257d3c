"""What a search knows of its data without opening them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Quantity:
    """A target that is a number, as the rows to train on have it.

    Attributes:
        name: Of the column; empty where it has none.
        least: The smallest value, in the target's own unit, as the others are.
        most: The largest value.
        mean: Their mean.
        deviation: Their standard deviation.
    """

    name: str
    least: float
    most: float
    mean: float
    deviation: float


@dataclass(frozen=True)
class DataCard:
    """Recorded with a search, so that planning and pages need no data.

    Attributes:
        source: What the data are called.
        fingerprint: Hash of what is trained on, or of what stands for it.
        rows: Rows to train on; None where that is not known.
        held_out: Rows to choose by; None where that is not known.
        inputs: Numbers a row; None where that is not known.
        shape: Of a row that has more than one axis; empty where it has none.
        task: Such as "classification"; empty where that is not known.
        classes: The names of the classes, in order; empty where there are none.
        tested: Rows for the test at the end; None where that is not known.
        split: How rows are split into those parts, in words; empty where that is not known.
        class_rows: Of each class, how many rows there are to train on, and to choose by; empty
            where that is not known.
        targets: What is learned, where it is numbers; empty where that is not known.
        missing: Of the columns that lack most values, the name and how many the rows to train on
            and to choose by lack; None where that is not known.
        explained: Of inputs that are principal components, the share of the variance that they
            have; None where they are none.
        missing_columns: How many columns lack values, those that are not in `missing` included.
    """

    source: str
    fingerprint: str
    rows: int | None = None
    held_out: int | None = None
    inputs: int | None = None
    shape: tuple[int, ...] = ()
    task: str = ""
    classes: tuple[str, ...] = ()
    tested: int | None = None
    split: str = ""
    class_rows: tuple[tuple[int, int], ...] = ()
    targets: tuple[Quantity, ...] = ()
    missing: tuple[tuple[str, int], ...] | None = None
    missing_columns: int = 0
    explained: float | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "DataCard":
        """What `plain` wrote, or an earlier version of it that had fewer keys."""
        missing = plain.get("missing")
        read = {
            **{key: tuple(plain.get(key, ())) for key in ("shape", "classes")},
            "class_rows": tuple((rows, held) for rows, held in plain.get("class_rows", ())),
            "targets": tuple(Quantity(**one) for one in plain.get("targets", ())),
            "missing": None if missing is None else tuple((name, n) for name, n in missing),
        }
        return cls(**{**plain, **read})
