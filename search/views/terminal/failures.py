"""Why trials of a stage failed, in a few lines: each reason once, the most frequent first."""

from collections.abc import Mapping, Sequence

from search.ledger.records import RecordedTrial
from search.runtime.formatting import brief, plural

MOST_REASONS = 3
"""How many reasons are shown of a stage."""


def failures(trials: Sequence[RecordedTrial]) -> dict[str, list[str]]:
    """The lines of each stage that has failed trials."""
    found: dict[str, dict[str, list[int]]] = {}
    for trial in trials:
        if trial.state == "failed":
            reasons = found.setdefault(trial.stage, {})
            reasons.setdefault(brief(trial.reason or ""), []).append(trial.number)
    return {stage: _lines(reasons) for stage, reasons in found.items()}


def _lines(reasons: Mapping[str, Sequence[int]]) -> list[str]:
    frequent = sorted(reasons.items(), key=lambda item: -len(item[1]))
    lines = [f"failed: {_named(numbers)}: {reason}" for reason, numbers in frequent[:MOST_REASONS]]
    more = sum(len(numbers) for _, numbers in frequent[MOST_REASONS:])
    return lines + ([f"failed: {plural(more, 'trial')} for other reasons"] if more else [])


def _named(numbers: Sequence[int]) -> str:
    first, *others = numbers
    return f"#{first} and {plural(len(others), 'other')}" if others else f"#{first}"
