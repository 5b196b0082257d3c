"""Numbers scaled by their quantiles, so that those of the training rows are normally distributed.

As scikit-learn's `QuantileTransformer(output_distribution="normal", subsample=None)`: a number's
rank among the training rows, between 0 and 1, is interpolated between at most 1,000 quantiles, and
becomes the value that a normal variable has at that rank. So outliers and skewed columns lose
their pull, and only the order of values is kept.
"""

import numpy as np
import numpy.typing as npt

MOST = 1_000  # of one column
MOST_IN_ALL = 500_000  # they are in every model file
_LEAST_RANK = 1e-7 - np.spacing(1)  # of the lowest value, whose rank 0 would be at minus infinity

Numbers = npt.NDArray[np.float64]

# Wichura (1988), algorithm AS 241, PPND16: numerators and denominators, highest powers first.
_MIDDLE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_NEAR = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
     1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
     4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
     0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
     2.05319162663775882187, 1.0),
)  # fmt: skip


def fit(values: Numbers, columns: int) -> tuple[float, ...]:
    """The quantiles of values (n,), ascending; () where there are none.

    Args:
        values: Of the training rows, without missing ones.
        columns: How many columns are scaled so, which share `MOST_IN_ALL`.
    """
    if not len(values):
        return ()
    count = max(2, min(MOST, MOST_IN_ALL // columns, len(values)))
    found = np.quantile(values, np.linspace(0, 1, count))
    return tuple(np.maximum.accumulate(found).tolist())  # against rounding


def scaled(values: Numbers, quantiles: tuple[float, ...]) -> Numbers:
    """Values (n,) as normal ones, about −5.2 to 5.2; NaN where one is missing.

    Equal quantiles, which tied values have, give the middle of their ranks. Values at the lowest
    quantile or below it get the lowest rank, and those at the highest or above it the highest.
    """
    points = np.array(quantiles)
    ranks = np.linspace(0, 1, len(points))
    below = np.interp(values, points, ranks)
    above = np.interp(-values, -points[::-1], -ranks[::-1])
    found = (below - above) / 2
    found[values >= points[-1]] = 1
    found[values <= points[0]] = 0
    normal: Numbers = _normal(np.clip(found, _LEAST_RANK, 1 - _LEAST_RANK))
    return normal


def _normal(ranks: Numbers) -> Numbers:
    """The value of a normal variable at each rank, of 1e-9 to 1 − 1e-9."""
    centred = ranks - 0.5
    tail = np.sqrt(-np.log(np.minimum(ranks, 1 - ranks)))
    near = np.copysign(_ratio(_NEAR, tail - 1.6), centred)
    middle = centred * _ratio(_MIDDLE, 0.180625 - np.square(centred))
    return np.where(np.abs(centred) <= 0.425, middle, near)


def _ratio(of: tuple[tuple[float, ...], tuple[float, ...]], at: Numbers) -> Numbers:
    found: Numbers = np.polyval(of[0], at) / np.polyval(of[1], at)
    return found
