"""The hyperparameters that a stage may search: one registry of their kinds, limits and meanings.

The sections of the study file take their own limits from here, so that `learning_rate = -1` is
refused in `[training]` and in a box alike, for the same reason and in the same words.
"""

import math
import re
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import Field

from search.space.space import Value
from search.study.faults import shown
from search.study.table import MOST

Activation = Literal["relu", "leaky_relu", "elu"]
BatchNorm = Literal["none", "before", "after"]
Initialization = Literal["he", "xavier", "normal"]
Loss = Literal["cross_entropy", "hinge"]

Home = Literal["network", "training"]

_WIDTH = re.compile(r"width_([1-9][0-9]{0,3})")


@dataclass(frozen=True)
class Number:
    """A hyperparameter that is a number.

    Attributes:
        name: Its key in a box, a point, and (but for widths) its section.
        home: The section that holds its value where it is not searched.
        meaning: What it is, with its unit, for the reference page.
        low: The smallest value.
        high: The largest value; None for no limit.
        low_included: Whether `low` itself is a value.
        high_included: Whether `high` itself is a value.
        whole: Whether it is a whole number. Whole ranges are linear and stepped, others log-uniform
            unless said.
    """

    name: str
    home: Home
    meaning: str
    low: float
    high: float | None = None
    low_included: bool = True
    high_included: bool = True
    whole: bool = False

    def values(self) -> str:
        """The values it may take, in words."""
        kind = "a whole number" if self.whole else "a number"
        bounds = [f"{self.low:g} or more" if self.low_included else f"above {self.low:g}"]
        if self.high is not None:
            high = f"{self.high:,.0f}" if self.whole else f"{self.high:g}"
            bounds.append(f"at most {high}" if self.high_included else f"below {high}")
        return f"{kind}, {' and '.join(bounds)}"

    def check(self, value: object) -> float | int:
        """`value` as this hyperparameter's own type.

        Raises:
            ValueError: It is not a number of the kind, or not within the limits. The message says
                what was found and what would be right.
        """
        fits = isinstance(value, int) if self.whole else isinstance(value, int | float)
        if isinstance(value, bool) or not fits or not self._within(value):  # type: ignore[arg-type]
            raise ValueError(f"found {shown(value)}; give {self.values()}")
        return value if self.whole else float(value)  # type: ignore[arg-type, return-value]

    def _within(self, value: float) -> bool:
        if isinstance(value, float) and not math.isfinite(value):
            return False
        above = value >= self.low if self.low_included else value > self.low
        if self.high is None:
            return above and abs(value) < 1e300
        return above and (value <= self.high if self.high_included else value < self.high)


@dataclass(frozen=True)
class Choice:
    """A hyperparameter that is one of a few words, or true or false.

    Attributes:
        name: Its key in a box, a point and its section.
        home: The section that holds its value where it is not searched.
        meaning: What it is, for the reference page.
        options: What it may be.
    """

    name: str
    home: Home
    meaning: str
    options: tuple[str, ...] | tuple[bool, ...]

    def values(self) -> str:
        """The values it may take, in words."""
        return "one of " + ", ".join(shown(option) for option in self.options)

    def check(self, value: object) -> str | bool:
        """`value`, if it is one of the options.

        Raises:
            ValueError: It is not. The message says what was found and what would be right.
        """
        if not isinstance(value, str | bool) or value not in self.options:
            raise ValueError(f"found {shown(value)}; give {self.values()}")
        return value


Searchable = Number | Choice

_ALL: tuple[Searchable, ...] = (
    Number("weight_decay", "training", "λ: the cost is the mean loss + λ Σ‖W‖²", 0),
    Number(
        "learning_rate",
        "training",
        "η: the step size of the updates; the peak of a schedule with cycles",
        0,
        low_included=False,
    ),
    Number(
        "learning_rate_min",
        "training",
        "the η that each cycle starts from and returns to; read by cycles alone",
        0,
        low_included=False,
    ),
    Number(
        "momentum",
        "training",
        "the share of the last update that the next one keeps",
        0,
        1,
        high_included=False,
    ),
    Number("batch_size", "training", "images per update", 1, MOST, whole=True),
    Number(
        "jitter",
        "training",
        "σ of the Gaussian noise added to each training batch, in units of the standardised inputs",
        0,
    ),
    Choice(
        "shuffle",
        "training",
        "whether the images are put in a new order for each epoch",
        (True, False),
    ),
    Choice("activation", "network", "the function after each hidden layer", get_args(Activation)),
    Number(
        "negative_slope",
        "network",
        'the slope of leaky ReLU below zero; read by activation = "leaky_relu" alone',
        0,
        1,
        high_included=False,
    ),
    Number(
        "elu_alpha",
        "network",
        'the a of ELU, a (exp(x) - 1) below zero; read by activation = "elu" alone',
        0,
        low_included=False,
    ),
    Choice(
        "batch_norm",
        "network",
        "where batch normalisation stands: nowhere, before or after the activation",
        get_args(BatchNorm),
    ),
    Choice(
        "initialization",
        "network",
        "how weights start: N(0, 2/inputs), N(0, 1/inputs), or N(0, init_sigma²)",
        get_args(Initialization),
    ),
    Number(
        "init_sigma",
        "network",
        'σ of the first weights; read by initialization = "normal" alone',
        0,
        low_included=False,
    ),
    Choice(
        "loss", "network", "softmax cross-entropy, or the multi-class hinge (SVM)", get_args(Loss)
    ),
)

REGISTRY: dict[str, Searchable] = {one.name: one for one in _ALL}
"""Every searchable hyperparameter by its name, but for the widths (see `find`)."""


def find(name: str) -> Searchable | None:
    """The hyperparameter of this name, `width_1`, `width_2`, … included; None if there is none."""
    layer = layer_of(name)
    if layer is None:
        return REGISTRY.get(name)
    return Number(name, "network", f"units of hidden layer {layer}", 1, MOST, whole=True)


def layer_of(name: str) -> int | None:
    """The hidden layer, counted from 1, whose width `name` is; None for other hyperparameters."""
    match = _WIDTH.fullmatch(name)
    return int(match[1]) if match else None


def names(layers: int = 1) -> list[str]:
    """The names of all searchable hyperparameters of a network of `layers` hidden layers."""
    return [*REGISTRY, *(f"width_{layer}" for layer in range(1, layers + 1))]


def limited(name: str, default: Value) -> Any:
    """The pydantic field of a section that holds the hyperparameter `name`, with its limits."""
    one = REGISTRY[name]
    if isinstance(one, Choice):
        return Field(default=default, description=one.meaning)
    return Field(
        default=default,
        description=one.meaning,
        ge=one.low if one.low_included else None,
        gt=None if one.low_included else one.low,
        le=one.high if one.high_included else None,
        lt=None if one.high_included else one.high,
    )
