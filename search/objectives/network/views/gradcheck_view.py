"""The relative errors of a gradient check, parameter by parameter."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from search.objectives.network.measuring import GradientError
from search.runtime.lines import say_table
from search.study.file import Study


def show(study: Study, checked: Sequence[GradientError], console: Console) -> None:
    """Print a row a parameter; layers count from 1."""
    widths = "-".join(map(str, study.objective.network.widths)) or "no hidden layer"
    head = f"[bold]{study.name}[/]: {widths}, float64; |a − n| / max(ε, |a| + |n|)\n"
    console.print(head, soft_wrap=True)
    table = Table("layer", "parameter", "worst relative error", "checked", "at a kink", box=None)
    for one in checked:
        table.add_row(
            str(one.layer),
            one.parameter,
            f"{one.worst:.2e}" if math.isfinite(one.worst) else "–",
            str(one.checked),
            str(one.kinked),
        )
    say_table(console, table)
    console.print(
        "\nRight gradients stay below some 1e-6 with a central difference, and some 1e-3 with a "
        "forward one, whose own error is larger; wrong ones come to 1e-2 and more.",
        soft_wrap=True,
    )


def to_json(checked: Sequence[GradientError]) -> list[dict[str, Any]]:
    """The rows as plain values, for scripts."""
    return [
        asdict(one) | {"worst": one.worst if math.isfinite(one.worst) else None} for one in checked
    ]
