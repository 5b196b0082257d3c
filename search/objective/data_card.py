"""What a search knows of its data without opening them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


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
    """

    source: str
    fingerprint: str
    rows: int | None = None
    held_out: int | None = None
    inputs: int | None = None
    shape: tuple[int, ...] = ()
    task: str = ""
    classes: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "DataCard":
        """What `plain` wrote."""
        tuples = {key: tuple(plain.get(key, ())) for key in ("shape", "classes")}
        return cls(**{**plain, **tuples})
