"""Predictions of a saved winner for rows of the kind that it was trained on, written as CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model import network_file
from search.objectives.network.faults import faults_as_klayer_errors
from search.runtime.formatting import plural, shortened
from search.runtime.output import check, writing
from search.runtime.whole_file import whole_file

MOST_SHOWN = 5  # of unknown categories, and of columns


@dataclass(frozen=True)
class Predicted:
    """What was written.

    Attributes:
        rows: How many rows.
        columns: The columns of the file.
        notes: What is to be known of the rows, each a sentence.
    """

    rows: int
    columns: tuple[str, ...]
    notes: tuple[str, ...]


def listed(columns: Sequence[str]) -> str:
    """The names of columns, as far as a line has room for them."""
    more = len(columns) - MOST_SHOWN
    named = ", ".join(shortened(name) for name in columns[:MOST_SHOWN])
    return named + (f" and {more:,} more" if more > 0 else "")


def predict(model_file: Path, data: Path, output: Path, *, vote: bool | None) -> Predicted:
    """Write what a network says of each row: the class and all probabilities, or the values.

    Args:
        model_file: What `klayer model` wrote.
        data: The rows: a table with columns that are called as those that it was trained on, an
            array, or images.
        output: The CSV file, whose rows are in the same order.
        vote: As for `SavedNetwork.probabilities`.

    Raises:
        DataError: The rows or the model are missing or damaged, are of another kind or shape, or a
            column is missing or foreign.
        KlayerError: The file is one that is read, or cannot be written.
    """
    check(output, (data, model_file))
    with faults_as_klayer_errors():
        said = network_file.load(model_file).predict(data, vote=vote)
    with writing(output), whole_file(output) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(said.columns())
        rows.writerows(said.rows())
        text.detach()
    notes = tuple(
        f"{data}: column {name!r} has {plural(len(texts), 'category')} that no training row had "
        f"({', '.join(map(repr, texts[:MOST_SHOWN]))}); such a row counts as having none"
        for name, texts in said.unknown.items()
    )
    return Predicted(len(said.values), said.columns(), notes)
