"""The hyperparameters that a stage may search: one registry of their kinds, limits and meanings.

The sections of the study file take their own limits from here, so that `learning_rate = -1` is
refused in `[training]` and in a box alike, for the same reason and in the same words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import Field

from model.data.table_options import Task
from search.space.hyperparameters import Choice, Hyperparameter, Number
from search.space.space import Condition, Range, Value, ends, is_discrete
from search.study.table import MOST

Activation = Literal["relu", "leaky_relu", "elu"]
BatchNorm = Literal["none", "before", "after"]
Initialization = Literal["he", "xavier", "normal"]
Optimizer = Literal["sgd", "nesterov", "adam", "adamw"]
Loss = Literal["cross_entropy", "hinge", "squared_error", "huber"]

LOSSES: dict[Task, tuple[Loss, ...]] = {
    "classification": ("cross_entropy", "hinge"),
    "regression": ("squared_error", "huber"),
}
"""The losses that a task may be learned by."""

LAYERS = "layers"
MOST_WIDTHS = 100
"""Of the hidden layers of a network."""

_FEWEST = {"dropout": 1, "skip": 2}
"""How many hidden layers there must be at least for one of these to be read."""

_WIDTH = re.compile(r"width_([1-9][0-9]{0,3})")


_ALL: tuple[Hyperparameter, ...] = (
    Choice(
        "optimizer",
        "what updates are made of: the gradient, with momentum where that is above 0, or with "
        "Nesterov's; or Adam, or AdamW, whose weight decay is no part of the cost",
        get_args(Optimizer),
    ),
    Number(
        "weight_decay",
        'λ: the cost is the mean loss + λ Σ‖W‖²; with optimizer = "adamw" it is the mean loss, '
        "and each update takes the share λ η of the weights away",
        0,
        title="weight decay λ",
    ),
    Number(
        "learning_rate",
        "η: the step size of the updates; the largest of a schedule that changes it",
        0,
        low_included=False,
        title="learning rate η",
    ),
    Number(
        "learning_rate_min",
        "the least η: what cosine and one_cycle end at, and each cycle starts from and returns to; "
        "read by those schedules alone",
        0,
        low_included=False,
        title="least learning rate η",
    ),
    Number(
        "momentum",
        'the share of the last update that the next one keeps; read by optimizer = "sgd" and '
        '"nesterov" alone',
        0,
        1,
        high_included=False,
    ),
    Number(
        "beta_1",
        'the share of the mean gradient that each update keeps; read by optimizer = "adam" and '
        '"adamw" alone',
        0,
        1,
        high_included=False,
        title="β1",
    ),
    Number(
        "beta_2",
        "the share of the mean squared gradient that each update keeps; read likewise",
        0,
        1,
        high_included=False,
        title="β2",
    ),
    Number(
        "epsilon",
        "what is added to the root of that mean; read likewise",
        0,
        low_included=False,
        title="ε of Adam",
    ),
    Number(
        "ema_decay",
        "the share of an average of the weights over the updates that each leaves as it was; the "
        "network is judged and kept with the averaged weights; 0 for none",
        0,
        1,
        high_included=False,
        title="decay of averaged weights",
    ),
    Number("batch_size", "rows per update", 1, MOST, whole=True),
    Number(
        "jitter",
        "σ of the Gaussian noise added to each training batch, in units of the standardised inputs",
        0,
    ),
    Number(
        "dropout",
        "the share of each hidden layer's outputs that a training batch does without",
        0,
        1,
        high_included=False,
    ),
    Number(
        "input_dropout",
        "likewise of the inputs",
        0,
        1,
        high_included=False,
        title="dropout of inputs",
    ),
    Number(
        "label_smoothing",
        "the share of a label that is spread over all classes in training; read by loss = "
        '"cross_entropy" alone',
        0,
        1,
        high_included=False,
    ),
    Number(
        "clip_norm",
        "the largest norm of the gradient at all parameters together; longer ones are shortened",
        0,
        low_included=False,
        title="largest gradient norm",
    ),
    Number(
        "mixup",
        "α: rows of a batch are mixed with one another by a share from Beta(α, α), and so are "
        "their losses; 0 for none",
        0,
        title="mixup α",
    ),
    Choice(
        "flip",
        "whether images of training batches are flipped from left to right, by chance",
        (True, False),
        title="flips",
    ),
    Number(
        "shift",
        "pixels that images of training batches are shifted by at most, up or down and left or "
        "right",
        0,
        MOST,
        whole=True,
        title="shift (pixels)",
    ),
    Number(
        "cutout",
        "side of the square of pixels that is cut out of images of training batches",
        0,
        MOST,
        whole=True,
        title="cut-out side (pixels)",
    ),
    Choice(
        "shuffle",
        "whether the rows are put in a new order for each epoch",
        (True, False),
    ),
    Choice("activation", "the function after each hidden layer", get_args(Activation)),
    Number(
        "negative_slope",
        'the slope of leaky ReLU below zero; read by activation = "leaky_relu" alone',
        0,
        1,
        high_included=False,
    ),
    Number(
        "elu_alpha",
        'the a of ELU, a (exp(x) - 1) below zero; read by activation = "elu" alone',
        0,
        low_included=False,
    ),
    Choice(
        "batch_norm",
        "where batch normalisation stands: nowhere, before or after the activation; it needs "
        "batches of 2 rows or more, and a last one of 1 row is left out",
        get_args(BatchNorm),
        title="batch normalisation",
    ),
    Choice(
        "skip",
        "skip connections: whether a hidden layer that has as many units as the one before it adds "
        "that one's outputs to its own",
        (True, False),
        title="skip connections",
    ),
    Number(
        "bottleneck",
        "units of a linear layer between the inputs and the first hidden layer, without activation "
        "and batch normalisation, which `widths` and `layers` do not count; none unless said",
        1,
        MOST,
        whole=True,
        title="bottleneck (units)",
    ),
    Choice(
        "initialization",
        "how weights start: N(0, 2/inputs), N(0, 1/inputs), or N(0, init_sigma²)",
        get_args(Initialization),
    ),
    Number(
        "init_sigma",
        'σ of the first weights; read by initialization = "normal" alone',
        0,
        low_included=False,
        title="initial σ",
    ),
    Choice(
        "loss",
        "of classes softmax cross-entropy, or the multi-class hinge (SVM); of values the squared "
        "error, which is theirs unless said, or Huber's with δ = 1",
        get_args(Loss),
    ),
)

REGISTRY: dict[str, Hyperparameter] = {one.name: one for one in _ALL}
"""Those that are keys of a section, by name; `find` knows the depth and the widths, too."""


def find(name: str) -> Hyperparameter | None:
    """The hyperparameter of this name; None if there is none.

    Beside those of `REGISTRY` they are `layers` and `width_1`, `width_2`, ….
    """
    if name == LAYERS:
        return Number(
            name,
            "how many layers, the output layer counted: 1 is a linear classifier, 3 are two hidden "
            "layers and the output layer; trials have the `width_1`, `width_2`, … of their hidden "
            "layers alone",
            1,
            MOST_WIDTHS + 1,
            whole=True,
            title="layers",
        )
    layer = layer_of(name)
    if layer is None:
        return REGISTRY.get(name)
    return Number(
        name,
        f"units of hidden layer {layer}",
        1,
        MOST,
        whole=True,
        title=f"width of layer {layer} (units)",
    )


def layer_of(name: str) -> int | None:
    """The hidden layer, counted from 1, whose width `name` is; None for other hyperparameters."""
    match = _WIDTH.fullmatch(name)
    return int(match[1]) if match else None


def names(layers: int = 1) -> list[str]:
    """The names of all searchable hyperparameters of a network of `layers` hidden layers."""
    return [*REGISTRY, LAYERS, *(f"width_{layer}" for layer in range(1, layers + 1))]


def depths(ranges: Mapping[str, Range]) -> tuple[int, ...]:
    """The numbers of hidden layers that are searched, in the order of the range; () for none."""
    extent = ranges.get(LAYERS)
    if extent is None or not is_discrete(extent):
        return ()
    return tuple(int(layers) - 1 for layers in extent.values())


def bounds(ranges: Mapping[str, Range], name: str, otherwise: float) -> tuple[float, float]:
    """The smallest and the largest value of a number; both `otherwise` where it is not searched."""
    return ends(ranges[name]) if name in ranges else (otherwise, otherwise)


def limited(name: str, default: Value | None) -> Any:
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


@dataclass(frozen=True)
class NetworkRegistry:
    """The hyperparameters of a network, whatever its depth."""

    def find(self, name: str) -> Hyperparameter | None:
        """As `find`."""
        return find(name)

    def names(self) -> list[str]:
        """As `names`, of two hidden layers, to hint at."""
        return names(layers=2)

    def conditions(self, ranges: Mapping[str, Range]) -> Mapping[str, Condition]:
        """As `Registry.conditions`: a width is searched where there is such a hidden layer.

        So are `dropout` and `skip` where there are layers that read them. What all trials have
        stands under no condition, nor does what none has.
        """
        searched = depths(ranges)
        found = {}
        for name in ranges:
            fewest = layer_of(name) or _FEWEST.get(name, 0)
            having = [hidden for hidden in searched if hidden >= fewest]
            if having and len(having) < len(searched):
                found[name] = Condition({LAYERS: tuple(hidden + 1 for hidden in having)})
        return found
