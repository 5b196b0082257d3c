"""Round numbers to mark an axis or a colour bar with, where Plotly does not choose them itself."""

import math
from collections.abc import Sequence
from itertools import pairwise


def decades(low: float, high: float) -> list[float]:
    """Powers of ten between two decimal logarithms, at most five; 1, 2 and 5 of them if few."""
    whole = [float(p) for p in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)]
    if len(whole) >= 3:
        return whole[:: -(-len(whole) // 5)]
    fine = [
        power + math.log10(digit)
        for power in range(math.floor(low), math.floor(high) + 1)
        for digit in (1, 2, 5)
    ]
    inside = [mark for mark in fine if low - 1e-9 <= mark <= high + 1e-9]
    return inside if len(inside) >= 2 else [low, high]


def round_marks(low: float, high: float) -> list[float]:
    """Three to six round numbers from `low` to `high`, which is larger."""
    power = 10.0 ** math.floor(math.log10((high - low) / 3))
    step = next(power * s for s in (5, 2.5, 2, 1) if (high - low) / (power * s) >= 2.5)
    return [step * i for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def written(value: float) -> str:
    """A mark's value; far powers of ten as powers, other large values with all digits."""
    power = math.log10(value) if value > 0 else 0.0
    if abs(power) > 2.5 and math.isclose(power, round(power), abs_tol=1e-9):
        return f"10<sup>{round(power)}</sup>"
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e9 else f"{value:.3g}"


def told_apart(marks: Sequence[float]) -> list[str]:
    """Evenly spaced marks, each with as many digits as tell it from the next."""
    step = min((b - a for a, b in pairwise(marks)), default=0.0)
    for digits in range(8 if step < 1e9 else 0):
        if all(abs(round(mark, digits) - mark) < step / 100 for mark in marks):
            texts = [f"{mark:,.{digits}f}" for mark in marks]
            return [one.rstrip("0").rstrip(".") if digits else one for one in texts]
    return [f"{mark:.6g}" for mark in marks]
