"""What scikit-learn makes of the rows that a search of klayer's was given: networks, and trees.

Columns are read by klayer's own reader, so that all see the same columns as numbers or categories;
their preparation is scikit-learn's, in a pipeline that learns it from the training rows alone.
"""

import math
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, root_mean_squared_error
from sklearn.model_selection import HalvingRandomSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from model.data import splits
from model.data.table import Table
from model.data.table_options import Task

FIRST_CANDIDATES = 6
LEAST_CANDIDATES = 3
JOBS = 2
FACTOR, FOLDS = 3, 5  # of a halving search, scikit-learn's defaults
MOST_NUMBERS = 30_000_000  # that trees are trained on
SHARES = (1 / 9, 1 / 3, 1.0)  # of the training rows, that searches use one after another
MOST_EPOCHS = 200  # of a training, scikit-learn's default
LEAST_ROWS = 1_000  # of a search that does not use all rows


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of one split, as they stand in the table.

    Attributes:
        task: What is predicted.
        categories: The places of the columns that are categories.
        x: (n, d) to train on, and (t, d) to test on; None or NaN where a value is missing.
        y: (n,) and (t,) classes as numbers, or values.
    """

    task: Task
    categories: tuple[int, ...]
    x: tuple[npt.NDArray[Any], npt.NDArray[Any]]
    y: tuple[npt.NDArray[Any], npt.NDArray[Any]]

    @property
    def classifies(self) -> bool:
        """Whether classes are predicted."""
        return self.task == "classification"


@dataclass(frozen=True)
class Found:
    """What a contender comes to.

    Attributes:
        score: On the test rows: accuracy, a share; or RMSE, in the target's unit.
        seconds: That it took.
        note: What it chose, and of how many.
    """

    score: float
    seconds: float
    note: str = ""


def rows_of(table: Table, seed: int) -> Rows:
    """The rows as a study of that seed splits them: training and validation together, and test."""
    values = table.targets
    labels = values if table.task == "classification" else None
    parts = splits.split(len(table), validation=0.2, test=0.2, seed=seed, labels=labels)
    if parts.test is None:
        raise ValueError("a share of 0.2 has at least one row")
    kept = np.concatenate([parts.training, parts.validation])
    x = np.stack([column.values.astype(object) for column in table.inputs], axis=1)
    y = values if labels is not None else values[:, 0]
    kinds = enumerate(column.kind for column in table.inputs)
    categories = tuple(place for place, kind in kinds if kind == "category")
    return Rows(table.task, categories, (x[kept], x[parts.test]), (y[kept], y[parts.test]))


def trees(rows: Rows, seed: int) -> Found:
    """Gradient boosting with its defaults, told which columns are categories; on one thread.

    Of more than `MOST_NUMBERS` rows times columns it is given the first rows alone.
    """
    began = time.perf_counter()
    kind = HistGradientBoostingClassifier if rows.classifies else HistGradientBoostingRegressor
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    columns = [("categories", encoder, list(rows.categories))]
    model = make_pipeline(
        ColumnTransformer(columns, remainder="passthrough"),  # the categories come first
        kind(categorical_features=list(range(len(rows.categories))), random_state=seed),
    )
    most = min(len(rows.y[0]), MOST_NUMBERS // rows.x[0].shape[1])
    _fit(model, rows.x[0][:most], rows.y[0][:most])
    note = "" if most == len(rows.y[0]) else f"of {most:,} rows"
    return Found(_scored(rows, model), time.perf_counter() - began, note)


def networks(rows: Rows, seed: int, seconds: float, most_epochs: int = MOST_EPOCHS) -> Found:
    """The best network that halving searches find in so many seconds, trained on all rows.

    Searches follow one another: first on shares of the rows, where that leaves `LEAST_ROWS`, then
    on all, each of twice as many candidates as the last, or of as many as still fit. What fits is
    told from the seconds of the last one; time for the last training is kept. The best by
    cross-validation of those that were searched on the most rows is kept.
    """
    began = time.perf_counter()
    model, space, draw = (
        pipeline(rows, seed, most_epochs),
        space_of(rows),
        np.random.RandomState(seed),
    )
    total = len(rows.y[0])
    sizes = [max(round(share * total), min(LEAST_ROWS, total)) for share in SHARES]
    place, count, tried, searches = 0, FIRST_CANDIDATES, 0, 0
    best: tuple[int, _Halved] | None = None
    while count >= LEAST_CANDIDATES:
        started = time.perf_counter()
        one = _halved(rows, model, space, draw, count, sizes[place])
        if best is None or (sizes[place], one.score) > (best[0], best[1].score):
            best = sizes[place], one
        tried, searches = tried + count, searches + 1
        rate = (time.perf_counter() - started) / count
        last_training = one.fit_seconds * total / one.rows
        left = seconds - (time.perf_counter() - began) - last_training
        larger = min(place + 1, len(sizes) - 1)
        if left / rate * sizes[place] / sizes[larger] >= LEAST_CANDIDATES:
            rate, place = rate * sizes[larger] / sizes[place], larger
        count = min(2 * count, int(left / rate))
    if best is None:
        raise ValueError("the first search has candidates enough")
    chosen = best[1].parameters
    model = clone(model).set_params(**chosen)
    _fit(model, rows.x[0], rows.y[0])
    told = ", ".join(f"{name.rpartition('__')[2]} {_told(one)}" for name, one in chosen.items())
    note = f"{tried} candidates in {searches} searches, the best on {best[1].rows} rows; {told}"
    return Found(_scored(rows, model), time.perf_counter() - began, note)


def first_rows(rows: Rows, count: int, most: int) -> int:
    """On how many rows a search of so many candidates begins, for its last round to be on `most`.

    "exhaust" would do that too, but for tables that are small for their classes: there its first
    round is on the smallest sample that is allowed, and its last on far fewer rows than there are.
    """
    classes = len(np.unique(rows.y[0])) if rows.classifies else 1
    first = most
    while count >= FACTOR and first // FACTOR >= 2 * FOLDS * classes:
        count, first = count // FACTOR, first // FACTOR
    return first


@dataclass(frozen=True)
class _Halved:
    """What one search found: the score by cross-validation, and on how many rows it is."""

    score: float
    parameters: Mapping[str, Any]
    fit_seconds: float
    rows: int


def _halved(
    rows: Rows,
    model: Any,
    space: Mapping[str, Any],
    draw: np.random.RandomState,
    count: int,
    most: int,
) -> _Halved:
    """One search of so many candidates on at most so many rows."""
    search = HalvingRandomSearchCV(
        model,
        space,
        n_candidates=count,
        factor=FACTOR,
        min_resources=first_rows(rows, count, most),
        max_resources=most,
        random_state=draw,
        n_jobs=JOBS,
        refit=False,
        scoring="accuracy" if rows.classifies else "neg_root_mean_squared_error",
    )
    _fit(search, rows.x[0], rows.y[0])
    table = search.cv_results_
    scores = table["mean_test_score"]
    last = np.flatnonzero(table["iter"] == table["iter"].max())
    place = max(last, key=lambda one: -np.inf if np.isnan(scores[one]) else scores[one])
    return _Halved(
        float(scores[place]),
        table["params"][place],
        float(table["mean_fit_time"][place]),
        int(table["n_resources"][place]),
    )


class Widths:
    """Two hidden layers as in klayer's default, the first from 16 to 256 units on a log scale."""

    def rvs(self, random_state: np.random.RandomState) -> tuple[int, int]:
        """One draw, as scikit-learn asks for it."""
        return round(loguniform(16, 256).rvs(random_state=random_state)), 64


def space_of(rows: Rows) -> dict[str, Any]:
    """What is searched: as klayer does, for Adam, and batches of klayer's size or larger."""
    prefix = "network__" if rows.classifies else "network__regressor__"
    batch = min(128, max(8, 2 ** round(math.log2(len(rows.y[0]) / 32))))
    return {
        f"{prefix}hidden_layer_sizes": Widths(),
        f"{prefix}alpha": loguniform(1e-6, 1.0),
        f"{prefix}learning_rate_init": loguniform(1e-4, 3e-2),
        f"{prefix}batch_size": [batch, 2 * batch, 4 * batch],
    }


def pipeline(rows: Rows, seed: int, most_epochs: int) -> Any:
    """Standardised numbers and one-hot categories, and a network with scikit-learn's defaults."""
    numbers = [place for place in range(rows.x[0].shape[1]) if place not in rows.categories]
    scaled = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore")
    prepared = ColumnTransformer(
        [("numbers", scaled, numbers), ("categories", one_hot, list(rows.categories))],
        sparse_threshold=0,
    )
    network: Any = MLPClassifier(random_state=seed, max_iter=most_epochs)
    if not rows.classifies:
        network = TransformedTargetRegressor(
            MLPRegressor(random_state=seed, max_iter=most_epochs), transformer=StandardScaler()
        )
    return Pipeline([("columns", prepared), ("network", network)])


def _fit(model: Any, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> None:
    """Fit, without what scikit-learn says of trainings that end at `max_iter`, or diverge.

    One BLAS thread in each process, as klayer has it.
    """
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        model.fit(x, y)


def _scored(rows: Rows, model: Any) -> float:
    predicted = model.predict(rows.x[1])
    score = accuracy_score if rows.classifies else root_mean_squared_error
    return float(score(rows.y[1], predicted))


def _told(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
