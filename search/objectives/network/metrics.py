"""What is measured of a network after each epoch, and the scores that it may be ranked by."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from model.data.table_options import Task
from search.objective.metric import Metric

Score = Literal[
    "accuracy", "balanced_accuracy", "macro_f1", "roc_auc", "log_loss", "rmse", "mae", "r2"
]

MEASURED: dict[Task, Score] = {"classification": "accuracy", "regression": "rmse"}
"""What is measured of all rows at each epoch, in training too; the score unless another is named.
"""


@dataclass(frozen=True)
class _Kind:
    """A score: the task that it is of, and the metric that it is in any part of the data."""

    task: Task
    metric: Metric


def _share(name: str, title: str) -> _Kind:
    return _Kind(
        "classification", Metric(name, "maximize", "%", 100.0, decimals=2, title=title, group=name)
    )


_KINDS: dict[Score, _Kind] = {
    "accuracy": _share("accuracy", "accuracy"),
    "balanced_accuracy": _share("balanced_accuracy", "balanced accuracy"),
    "macro_f1": _Kind(
        "classification",
        Metric("macro_f1", "maximize", decimals=4, title="macro F1", group="macro_f1"),
    ),
    "roc_auc": _Kind(
        "classification",
        Metric("roc_auc", "maximize", decimals=4, title="ROC AUC", group="roc_auc"),
    ),
    "log_loss": _Kind(
        "classification", Metric("log_loss", title="log loss", log=True, group="log_loss")
    ),
    "rmse": _Kind("regression", Metric("rmse", title="RMSE", log=True, group="rmse")),
    "mae": _Kind("regression", Metric("mae", title="MAE", log=True, group="mae")),
    "r2": _Kind("regression", Metric("r2", "maximize", decimals=4, title="R²", group="r2")),
}


def scores_of(task: Task) -> list[Score]:
    """The scores that a task has."""
    return [name for name in get_args(Score) if _KINDS[name].task == task]


def metric_of(score: Score, part: str, *, several: bool = False) -> Metric:
    """A score in the training, validation or test part.

    Errors of several targets are in standard deviations of each.
    """
    one, name = _KINDS[score].metric, "train" if part == "training" else part
    unit = "SD" if several and score in ("rmse", "mae") else one.unit
    return replace(one, name=f"{name}_{score}", title=f"{part} {one.title}", part=part, unit=unit)


def spread_of(score: Score, *, several: bool = False) -> Metric:
    """The standard error of a trial's value, where that is a mean over folds or seeds."""
    one = metric_of(score, "validation", several=several)
    return replace(
        one,
        name=f"{one.name}_se",
        direction="minimize",
        title=f"standard error of {one.title}",
        log=False,
        group="",
        part="",
        spread_of=one.name,
    )


def metrics_of(
    task: Task, score: Score, *, several: bool = False, spread: bool = False
) -> tuple[Metric, ...]:
    """All that is reported of an epoch, in the order in which it is recorded.

    Args:
        task: What is learned.
        score: What ranks; it is the last.
        several: Whether there are several targets.
        spread: Whether trials are trained several times.
    """
    metrics = _plain_metrics(task, score, several=several)
    return (*metrics[:-1], spread_of(score, several=several), metrics[-1]) if spread else metrics


def _plain_metrics(task: Task, score: Score, *, several: bool) -> tuple[Metric, ...]:
    measured = MEASURED[task]
    return (
        Metric("learning_rate", title="learning rate η", log=True),
        _logged("cost", "training", "cost: mean loss + λ Σ‖W‖²"),
        _logged("loss", "training", "loss"),
        metric_of(measured, "training", several=several),
        _logged("cost", "validation", "cost: mean loss + λ Σ‖W‖²"),
        _logged("loss", "validation", "loss"),
        metric_of(measured, "validation", several=several),
        *([] if score == measured else [metric_of(score, "validation", several=several)]),
    )


def _logged(group: str, part: str, title: str) -> Metric:
    name = "train" if part == "training" else part
    return Metric(f"{name}_{group}", title=f"{part} {title}", log=True, group=group, part=part)
