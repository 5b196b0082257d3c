"""What a study says of a trial, as the model's own values."""

from collections.abc import Hashable, Sequence
from typing import Any

from model import training
from model.images import Images
from model.members import Architecture, Member
from search.objective.fit import Fit
from search.objectives.network.folds import is_stacked
from search.objectives.network.objective import NetworkObjective
from search.objectives.network.registry import LAYERS
from search.objectives.network.sections import TrainingSection
from search.space.space import Point


def fit(objective: NetworkObjective, section: TrainingSection, point: Point) -> Fit:
    """What a trial must agree in with others to be one stack with them, and what is padded."""
    values = values_of(objective, section, point)
    facts = objective.facts
    architecture = architecture_of(values, facts.inputs, facts.outputs)
    key = architecture, recipe_of(values, 0, facts.shape), len(values["widths"])
    members = members_of_a_trial(objective, section, int(values["batch_size"]))
    return Fit(key, tuple(members * width for width in values["widths"]))


def members_of_a_trial(
    objective: NetworkObjective, section: TrainingSection, batch_size: int
) -> int:
    """How many members of one stack a trial is; where folds are no stack, there are more stacks."""
    facts, data = objective.facts, objective.data
    together = is_stacked(facts.rows, facts.inputs, batch_size)
    return objective.repeats(section) * (data.folds if data.folds and together else 1)


def stacks_of(
    objective: NetworkObjective, section: TrainingSection, points: Sequence[Point]
) -> list[tuple[int, ...]]:
    """The places of points whose trials can be one stack, stack by stack."""
    groups: dict[Hashable, list[int]] = {}
    for place, point in enumerate(points):
        groups.setdefault(fit(objective, section, point).key, []).append(place)
    return [tuple(places) for places in groups.values()]


def values_of(
    objective: NetworkObjective, section: TrainingSection, point: Point
) -> dict[str, Any]:
    """Every hyperparameter of a trial: what the sections say, and what the point says instead.

    A hidden layer that the point has no width of has that of [network].
    """
    said = objective.network.widths
    hidden = int(point[LAYERS]) - 1 if LAYERS in point else len(said)
    named = {f"width_{layer}": width for layer, width in enumerate(said, start=1)} | dict(point)
    widths = tuple(int(named[f"width_{layer}"]) for layer in range(1, hidden + 1))
    return dict(objective.network) | dict(section) | dict(point) | {"widths": widths}


def architecture_of(values: dict[str, Any], inputs: int, outputs: int) -> Architecture:
    """What the trial's network must have in common with those beside it in a stack."""
    return Architecture(
        inputs=inputs,
        outputs=outputs,
        activation=values["activation"],
        batch_norm=values["batch_norm"],
        batch_norm_affine=values["batch_norm_affine"],
        batch_norm_statistics=values["batch_norm_statistics"],
        batch_norm_decay=values["batch_norm_decay"],
        loss=values["loss"],
    )


def recipe_of(values: dict[str, Any], order_seed: int, shape: tuple[int, ...]) -> training.Recipe:
    """How the trial is trained, where those beside it must be trained alike.

    Args:
        values: Of the trial.
        order_seed: Of the draws that they share.
        shape: Of a row of the data.
    """
    changes = {name: values[name] for name in ("flip", "shift", "cutout")}
    return training.Recipe(
        batch_size=int(values["batch_size"]),
        schedule=values["schedule"].built(),
        seed=order_seed,
        shuffle=values["shuffle"],
        jitter_relative=values["jitter_relative"],
        mixup=values["mixup"],
        images=Images(shape, **changes) if any(changes.values()) else None,
        figures=values["figures"],
        precision=values["precision"],
        optimizer=values["optimizer"],
    )


def member_of(values: dict[str, Any], seed: int) -> Member:
    """What the trial has for itself in a stack."""
    return Member(
        widths=values["widths"],
        seed=seed,
        learning_rate=values["learning_rate"],
        learning_rate_min=values["learning_rate_min"] if values["schedule"].has_floor else 0.0,
        weight_decay=values["weight_decay"],
        momentum=values["momentum"],
        beta_1=values["beta_1"],
        beta_2=values["beta_2"],
        epsilon=values["epsilon"],
        ema_decay=values["ema_decay"],
        initialization=values["initialization"],
        init_sigma=values["init_sigma"],
        negative_slope=values["negative_slope"],
        elu_alpha=values["elu_alpha"],
        jitter=values["jitter"],
        dropout=values["dropout"],
        input_dropout=values["input_dropout"],
        label_smoothing=values["label_smoothing"],
        clip_norm=values["clip_norm"],
        skip=values["skip"],
    )
