"""Tables that tests write: what is in them, and which rows were chosen for what."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.data.column import Column

HEADER = ("patient", "colour", "size", "weight", "label", "price")
Row = list[str]


def rows_of(count: int, seed: int = 5) -> list[Row]:
    """Rows of a category and two numbers, with some values missing, and what follows from them.

    Three rows each are of one patient. The label and the price follow from the others but for some
    noise.
    """
    draw = np.random.default_rng(seed)
    made = []
    for place in range(count):
        colour = ("red", "green", "blue", "")[draw.integers(4)]
        size, weight = draw.normal(), draw.normal(5, 2)
        label = "yes" if size + (colour == "red") + draw.normal(0, 0.3) > 0.3 else "no"
        price = 20_000 + 3_000 * size - 500 * weight + draw.normal(0, 100)
        told = "" if draw.random() < 0.1 else f"{size:.6f}"
        made.append([f"p{place // 3}", colour, told, f"{weight:.6f}", label, f"{price:.3f}"])
    return made


def write_table(path: Path, rows: Sequence[Sequence[Any]], header: Sequence[str] = HEADER) -> Path:
    """Write the rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def listed(given: Column) -> list[Any]:
    """The values of a table's column: numbers, or texts and None for missing."""
    if given.kind == "number":
        return given.values.tolist()
    return [(*given.texts, None)[place] for place in given.places(np.arange(len(given)))]


def column(rows: Sequence[Row], name: str) -> list[str]:
    """The texts of a column."""
    return [row[HEADER.index(name)] for row in rows]


def changed(
    rows: Sequence[Row], name: str, where: Sequence[int], value: Callable[[str], str]
) -> list[Row]:
    """The rows with some values of a column replaced."""
    place, there = HEADER.index(name), set(where)
    return [
        [value(text) if row in there and at == place else text for at, text in enumerate(texts)]
        for row, texts in enumerate(rows)
    ]
