"""Why trials of a stage failed, in a few lines: each reason once, the most frequent first."""

from collections.abc import Sequence

from search.ledger.records import RecordedTrial
from search.runtime.formatting import brief, plural

MOST_REASONS = 3
"""How many reasons are shown of a stage."""


Alike = dict[str, dict[str, list[int]]]
"""Trials by the first line of their reason, and by that with the last line they printed."""


def failures(trials: Sequence[RecordedTrial]) -> dict[str, list[str]]:
    """The lines of each stage that has failed trials."""
    found: dict[str, Alike] = {}
    for trial in trials:
        if trial.state == "failed":
            reason = trial.reason or ""
            alike = found.setdefault(trial.stage, {}).setdefault(reason.partition("\n")[0], {})
            alike.setdefault(brief(reason), []).append(trial.number)
    return {stage: _lines(reasons) for stage, reasons in found.items()}


def _lines(reasons: Alike) -> list[str]:
    told: list[tuple[str, list[int]]] = []
    for alike in reasons.values():
        told += [(reason, numbers) for reason, numbers in alike.items() if len(numbers) > 1]
        alone = [(reason, numbers[0]) for reason, numbers in alike.items() if len(numbers) == 1]
        if alone:  # of trials that printed something else each, the first one's stands for all
            told.append((alone[0][0], [number for _, number in alone]))
    frequent = sorted(told, key=lambda one: -len(one[1]))
    lines = [f"failed: {_named(numbers)}: {reason}" for reason, numbers in frequent[:MOST_REASONS]]
    more = sum(len(numbers) for _, numbers in frequent[MOST_REASONS:])
    return lines + ([f"failed: {plural(more, 'trial')} for other reasons"] if more else [])


def _named(numbers: Sequence[int]) -> str:
    first, *others = numbers
    return f"#{first} and {plural(len(others), 'other')}" if others else f"#{first}"
