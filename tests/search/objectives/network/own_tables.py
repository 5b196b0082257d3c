"""Searches of a table of a user's own, and what scikit-learn says of the same rows."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import metrics

from model.data import splits
from model.data.column import category_column
from search.ledger.ledger import Ledger
from search.ledger.opening import card_of
from search.ledger.records import Search
from search.runtime.environment import environment
from search.study.file import Study
from search.study.reading import load
from tests.model.data.tables import column, rows_of, write_table

ROWS = rows_of(150)

STUDY = """\
[objective]
SCORE

[data]
source = "cars.csv"
target = TARGET
exclude = EXCLUDE
group = "patient"

[network]
widths = [6]

[training]
batch_size = 16
momentum = 0.9
schedule = {kind = "constant", epochs = 4}

[[stages]]
name = "coarse"
trials = 4
box = {learning_rate = {low = 1e-3, high = 0.1}}

[[stages]]
name = "fine"
trials = 2
zoom = {rule = "decades", decades = 0.5}

[final]
finalists = 2
"""

Oracle = Callable[[np.ndarray, np.ndarray], float]


def sure(probabilities: np.ndarray) -> np.ndarray:
    """As scikit-learn wants them: their sum 1 to the last digits of float64."""
    doubles = probabilities.astype(float)
    return doubles / doubles.sum(axis=1, keepdims=True)


# Of targets and what a network says: probabilities of each class, or values.
CLASSES: dict[str, Oracle] = {
    "accuracy": lambda y, p: metrics.accuracy_score(y, p.argmax(axis=1)),
    "balanced_accuracy": lambda y, p: metrics.balanced_accuracy_score(y, p.argmax(axis=1)),
    "macro_f1": lambda y, p: metrics.f1_score(y, p.argmax(axis=1), average="macro"),
    "roc_auc": lambda y, p: metrics.roc_auc_score(y, p[:, 1]),
    "log_loss": lambda y, p: metrics.log_loss(y, sure(p)),
}
VALUES: dict[str, Oracle] = {
    "rmse": metrics.root_mean_squared_error,
    "mae": metrics.mean_absolute_error,
    "r2": metrics.r2_score,
}


def laid_out(folder: Path, targets: Sequence[str] = ("label",), score: str = "") -> Path:
    """A folder with cars.csv and the study file of a search of it."""
    folder.mkdir(exist_ok=True)
    write_table(folder / "cars.csv", ROWS)
    others = sorted({"label", "price"} - set(targets))
    text = STUDY.replace("SCORE", f'score = "{score}"' if score else "")
    text = text.replace("TARGET", str(list(targets))).replace("EXCLUDE", str(others))
    (folder / "cars.toml").write_text(text)
    return folder / "cars.toml"


def study_in(
    folder: Path, targets: Sequence[str] = ("label",), score: str = "", overrides: Any = ()
) -> Study:
    """The study of such a folder."""
    return load(str(laid_out(folder, targets, score)), overrides)


def recorded(ledger: Ledger, study: Study, folder: Path | None = None) -> Search:
    """The search of a study, recorded as a run does it."""
    return ledger.record(study, "", card_of(study, folder), environment())


def parts(targets: Sequence[str] = ("label",)) -> splits.Split:
    """The rows of each part."""
    labels = labels_of(range(len(ROWS))) if list(targets) == ["label"] else None
    group = category_column("patient", column(ROWS, "patient"))
    return splits.split(len(ROWS), validation=0.2, test=0.2, seed=1, labels=labels, group=group)


def labels_of(rows: Any) -> np.ndarray:
    """The class of each of these rows."""
    found = column(ROWS, "label")
    return np.array([("no", "yes").index(found[row]) for row in rows])


def values_of(names: Sequence[str], rows: Any) -> np.ndarray:
    """The numbers in these columns of these rows, in their own units."""
    columns = [column(ROWS, name) for name in names]
    return np.array([[float(texts[row]) for texts in columns] for row in rows])


def curve(epochs: Sequence[Mapping[int, Any]], place: int, metric: str) -> list[float]:
    """What was reported of a trial, epoch by epoch."""
    return [reports[place].metrics[metric] for reports in epochs]
