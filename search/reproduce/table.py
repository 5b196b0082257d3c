"""The tables of results as cells, which a terminal and a page of Markdown show alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from search.reproduce.gradients import PARAMETERS, CheckRow
from search.reproduce.rows import (
    Row,
    difference_text,
    epochs_text,
    ours_text,
    published_text,
)
from search.runtime.formatting import duration

SYMBOLS = {"weights": "W", "bias": "b", "gamma": "γ", "beta": "β"}


@dataclass(frozen=True)
class Cells:
    """A table as texts."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def markdown(self) -> str:
        """As Markdown; what would end a cell is escaped."""
        lines = [self.columns, ("---",) * len(self.columns), *self.rows]
        return "\n".join(f"| {' | '.join(_cell(text) for text in line)} |" for line in lines)


def results_table(rows: Sequence[Row]) -> Cells:
    """The published figures, and ours."""
    columns = (
        "id",
        "setting",
        "figure",
        "published",
        "ours",
        "difference",
        "epochs",
        "time",
        "remark",
    )
    return Cells(columns, [_result(row) for row in rows])


def checks_table(rows: Sequence[CheckRow]) -> Cells:
    """The gradient checks: the worst relative error of each kind of parameter, theirs and ours."""
    pairs = [f"{SYMBOLS[name]} {whose}" for name in PARAMETERS for whose in ("published", "ours")]
    columns = ("id", "setting", "difference", *pairs, "all at most theirs", "remark")
    return Cells(columns, [_check(row) for row in rows])


def _result(row: Row) -> tuple[str, ...]:
    said = row.published
    return (
        said.id,
        said.setting,
        said.measure.replace("_", " "),
        published_text(row),
        ours_text(row),
        difference_text(row),
        epochs_text(row),
        "–" if row.seconds is None else duration(row.seconds),
        said.remark,
    )


def _check(row: CheckRow) -> tuple[str, ...]:
    published = {str(name): error for name, error in row.check.published.items()}
    pairs = []
    for name in PARAMETERS:
        pairs += [_error(published.get(name)), _error((row.ours or {}).get(name))]
    within = {None: "–", True: "yes", False: "no"}[row.within]
    return (row.check.id, row.check.setting, _formula(row), *pairs, within, row.check.remark)


def _formula(row: CheckRow) -> str:
    """How the check was made, by which errors are small or large."""
    step = "" if row.check.step is None else f", step {row.check.step:g}"
    return f"{row.check.difference}{step}, ε {row.check.smallest:g}"


def _error(worst: float | None) -> str:
    return "–" if worst is None else f"{worst:.1e}"


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
