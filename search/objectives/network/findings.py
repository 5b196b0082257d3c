"""What is said of a network search's values and of its evaluation, from what was recorded."""

from collections.abc import Mapping
from typing import Any

from search.objective.report import Finding
from search.objectives.network.metrics import TEST
from search.runtime.formatting import plural


def findings(result: Mapping[str, Any]) -> tuple[Finding, ...]:
    """The lines of an evaluation: the winner's test accuracy, and what votes came to.

    Args:
        result: As it is recorded; empty before, for what is to come.
    """
    label = "Test accuracy"
    if not result:
        return (Finding(TEST.name, label, TEST.text(None), "read once, at the very end"),)
    accuracies = result["accuracies"]
    note = f"{result['images']:,} images, read once"
    found = [Finding(TEST.name, label, TEST.text(accuracies[0]), note)]
    voting, together = result["snapshot_ensemble"], result["finalist_ensemble"]
    if voting is not None:
        text = TEST.text(voting)
        found.append(Finding("snapshot_ensemble", "of its snapshots voting", text, within=True))
    if together is not None:
        who = f"of {len(accuracies)} finalists voting"
        found.append(Finding("finalist_ensemble", who, TEST.text(together), within=True))
    return tuple(found)


def measured(rule: str, epochs: int) -> str:
    """How a trial's score is measured, such as "after 10 epochs".

    Args:
        rule: As `[training] score` says it.
        epochs: Of a whole training.
    """
    count = plural(epochs, "epoch")
    return {
        "last_epoch": f"after {count}",
        "best_epoch": f"the best of {count}",
        "snapshot_ensemble": f"snapshots of {count} voting",
    }[rule]
