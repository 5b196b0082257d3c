"""What is measured of a network after each epoch, and the score that networks are ranked by."""

from search.objective.metric import Metric


def _accuracy(part: str) -> Metric:
    name = "train" if part == "training" else part
    return Metric(
        f"{name}_accuracy",
        "maximize",
        "%",
        100.0,
        decimals=2,
        title=f"{part} accuracy",
        group="accuracy",
        part=part,
    )


def _logged(group: str, part: str, title: str) -> Metric:
    name = "train" if part == "training" else part
    return Metric(f"{name}_{group}", title=f"{part} {title}", log=True, group=group, part=part)


METRICS = (
    Metric("learning_rate", title="learning rate η", log=True),
    _logged("cost", "training", "cost: mean loss + λ Σ‖W‖²"),
    _logged("loss", "training", "loss"),
    _accuracy("training"),
    _logged("cost", "validation", "cost: mean loss + λ Σ‖W‖²"),
    _logged("loss", "validation", "loss"),
    _accuracy("validation"),
)
"""In the order in which they are recorded."""

SCORE = METRICS[-1]

TEST = Metric("test_accuracy", "maximize", "%", 100.0, decimals=2)
"""What the test images say of a network of the final."""
