"""A data card as rows of text, for terminals, reports and pages alike."""

from collections.abc import Sequence

from search.objective.data_card import DataCard, Quantity
from search.runtime.formatting import quantity, shortened

MOST_CLASSES = 12  # in a table; the others are one row
MOST_NAMES = 8  # of targets, and of columns with missing values

CLASS_COLUMNS = ("class", "training rows", "validation rows", "share of training")


def card_rows(card: DataCard) -> list[tuple[str, str]]:
    """What is known, each with its label; rows of classes are `class_rows`."""
    rows = [("Data", shortened(card.source, 80))]
    if card.rows is not None:
        rows.append(("Rows", _parts(card)))
    if card.split:
        rows.append(("Split", shortened(card.split, 200)))
    if card.inputs is not None:
        form = f", as {' x '.join(map(str, card.shape))}" if card.shape else ""
        if card.explained is not None:
            share = f"{card.explained:.1%}".replace("%", " %")
            form = f" principal components, with {share} of the variance"
        rows.append(("Inputs", f"{card.inputs:,}{form}"))
    if card.task:
        rows.append(("Task", card.task))
    rows += [("Target", _target(one)) for one in card.targets[:MOST_NAMES]]
    if len(card.targets) > MOST_NAMES:
        rows.append(("Target", f"{len(card.targets) - MOST_NAMES:,} more"))
    if card.classes:
        rows.append(("Classes", f"{len(card.classes):,}"))
    if card.missing is not None:
        rows.append(("Missing values", _missing(card)))
    rows.append(("Fingerprint", card.fingerprint))
    return rows


def class_rows(card: DataCard) -> list[tuple[str, str, str, str]]:
    """A row for each class, see `CLASS_COLUMNS`; behind `MOST_CLASSES` one for all others."""
    counts: Sequence[tuple[int, int] | None] = card.class_rows or [None] * len(card.classes)
    named = list(zip(card.classes, counts, strict=True))
    cut = len(named) if len(named) <= MOST_CLASSES + 1 else MOST_CLASSES
    of_all = sum(rows for rows, _ in card.class_rows)
    rows = [_class(shortened(name, 32), count, of_all) for name, count in named[:cut]]
    if others := [count for _, count in named[cut:]]:
        rows.append((f"{len(others):,} more", _range(others, 0), _range(others, 1), ""))
    return rows


def card_line(card: DataCard) -> str:
    """What is known of data whose rows are, in one line."""
    said = [f"{shortened(card.source, 80)}: rows {_parts(card)}"]
    if card.inputs is not None:
        said.append(f"{card.inputs:,} inputs")
    if card.classes:
        said.append(f"{len(card.classes):,} classes")
    return "; ".join(said)


def _parts(card: DataCard) -> str:
    parts = {"training": card.rows, "validation": card.held_out, "the test": card.tested}
    return ", ".join(f"{count:,} for {what}" for what, count in parts.items() if count is not None)


def _class(name: str, count: tuple[int, int] | None, of_all: int) -> tuple[str, str, str, str]:
    if count is None:
        return name, "", "", ""
    return name, f"{count[0]:,}", f"{count[1]:,}", f"{count[0] / of_all:.1%}".replace("%", " %")


def _range(counts: Sequence[tuple[int, int] | None], place: int) -> str:
    found = [count[place] for count in counts if count is not None]
    if not found:
        return ""
    least, most = min(found), max(found)
    return f"{least:,} each" if least == most else f"{least:,} to {most:,} each"


def _target(one: Quantity) -> str:
    name = f"{shortened(one.name)}: " if one.name else ""
    return (
        f"{name}{quantity(one.least)} to {quantity(one.most)}, mean {quantity(one.mean)}, standard "
        f"deviation {quantity(one.deviation)} (training rows)"
    )


def _missing(card: DataCard) -> str:
    if not card.missing:
        return "none"
    named = [f"{shortened(name)} ({count:,})" for name, count in card.missing[:MOST_NAMES]]
    more = card.missing_columns - len(named)
    return ", ".join(named) + (f" and {more:,} more columns" if more > 0 else "")
