"""What is said of a network search's values and of its evaluation, from what was recorded."""

from collections.abc import Mapping, Sequence
from typing import Any

from search.objective.metric import Metric
from search.objective.report import Finding
from search.runtime.formatting import capital, plural


def scores_in(result: Mapping[str, Any]) -> Sequence[float | None]:
    """The test score of each final network, the winner first; None where it diverged."""
    scores: Sequence[float | None] = result["accuracies" if "accuracies" in result else "scores"]
    return scores


def rows_in(result: Mapping[str, Any]) -> int:
    """How many test rows there were; earlier records called them images."""
    rows: int = result["rows" if "rows" in result else "images"]
    return rows


def findings(result: Mapping[str, Any], metric: Metric, rows_are: str) -> tuple[Finding, ...]:
    """The lines of an evaluation: the winner's test score, and what votes came to.

    Args:
        result: As it is recorded; empty before, for what is to come.
        metric: The test score.
        rows_are: What the rows are called.
    """
    label = capital(metric.words)
    if not result:
        return (Finding(metric.name, label, metric.text(None), "read once, at the very end"),)
    scores = scores_in(result)
    times = result.get("readings", 1)
    read = "read once" if times == 1 else f"read {times} times, as the search was taken up again"
    note = f"{rows_in(result):,} {rows_are}, {read}"
    found = [Finding(metric.name, label, metric.text(scores[0]), note)]
    voting, together = result["snapshot_ensemble"], result["finalist_ensemble"]
    if voting is not None:
        text = metric.text(voting)
        found.append(Finding("snapshot_ensemble", "of its snapshots voting", text, within=True))
    if together is not None:
        who = f"of {len(scores)} finalists voting"
        found.append(Finding("finalist_ensemble", who, metric.text(together), within=True))
    return tuple(found)


def measured(rule: str, epochs: int, *, patient: bool = False) -> str:
    """How a trial's score is measured, such as "after 10 epochs".

    Args:
        rule: As `[training] score` says it.
        epochs: Of a whole training.
        patient: Whether trainings may end before, where nothing improves.
    """
    count = ("at most " if patient else "") + plural(epochs, "epoch")
    return {
        "last_epoch": f"after {count}",
        "best_epoch": f"the best of {count}",
        "snapshot_ensemble": f"snapshots of {count} voting",
    }[rule]
