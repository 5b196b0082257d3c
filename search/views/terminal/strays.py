"""What others have done to the Optuna study of a stage, in a few lines."""

from collections.abc import Sequence

from search.ledger.records import StageState, Strays
from search.runtime.formatting import plural

MOST_NUMBERS = 5


def stray_lines(found: Sequence[Strays], stage: StageState) -> list[str]:
    """The lines of a stage."""
    return [line for one in found if one.stage == stage.step.name for line in _lines(one)]


def _lines(one: Strays) -> list[str]:
    study = f"Optuna's study {one.study}"
    if one.missing:
        return [f"{study} is gone, or is another's; `klayer run` writes it anew where it is gone"]
    lines = []
    if one.foreign:
        count = plural(len(one.foreign), "trial")
        lines.append(
            f"{study} has {count} that others added, which count nowhere{_of(one.foreign)}"
        )
    if one.changed:
        count = plural(len(one.changed), "trial")
        lines.append(
            f"{study} has {count} that others changed, which `klayer run` puts right"
            f"{_of(one.changed)}"
        )
    return lines


def _of(numbers: Sequence[int]) -> str:
    shown = [f"#{number}" for number in numbers[:MOST_NUMBERS]]
    more = len(numbers) - len(shown)
    return ": " + ", ".join(shown) + (f" and {more} more" if more else "")
