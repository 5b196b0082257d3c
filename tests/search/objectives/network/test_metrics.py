"""A network's metrics are the model's own record of an epoch, and one of them ranks."""

from dataclasses import fields

from model.training import EpochRecord
from search.objectives.network.metrics import METRICS, SCORE, TEST
from search.objectives.network.objective import NetworkObjective


def test_they_are_what_the_model_records_of_an_epoch_in_its_order() -> None:
    """Its measure is the accuracy here, where networks learn classes."""
    recorded = [field.name.replace("measure", "accuracy") for field in fields(EpochRecord)]
    assert [one.name for one in METRICS] == [name for name in recorded if name != "epoch"]


def test_accuracies_are_better_the_larger_and_all_else_the_smaller() -> None:
    for one in (*METRICS, TEST):
        assert one.direction == ("maximize" if one.name.endswith("accuracy") else "minimize")


def test_the_validation_accuracy_ranks_and_is_read_in_per_cent() -> None:
    assert NetworkObjective.score is SCORE in METRICS
    assert (SCORE.name, SCORE.text(0.9717)) == ("validation_accuracy", "97.17 %")
    assert TEST.text(0.5) == "50.00 %"


def test_training_and_validation_share_a_plot() -> None:
    groups: dict[str, list[str]] = {}
    for one in METRICS:
        groups.setdefault(one.shared, []).append(one.part)
    assert groups == {
        "learning_rate": [""],
        "cost": ["training", "validation"],
        "loss": ["training", "validation"],
        "accuracy": ["training", "validation"],
    }
