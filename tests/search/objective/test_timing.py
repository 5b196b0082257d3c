"""Steps are timed where memory allows it, by processes that load little."""

import subprocess
import sys
from typing import Any

from search.objective.timing import seconds_of


class Large:
    """An objective whose second cohort needs too much memory."""

    def seconds_per_step(self, training: float, points: Any, budget: float) -> float:
        if len(points) > 1:
            raise MemoryError
        return training * budget


def test_what_does_not_fit_into_memory_has_no_time() -> None:
    large: Any = Large()
    assert seconds_of(large, [(2.0, [{}]), (2.0, [{}, {}]), (3.0, [{}])], 0.5) == [1.0, None, 1.5]


def test_a_process_that_times_loads_neither_databases_nor_samplers() -> None:
    loads = "import search.objective.timing, search.objectives.network.measuring, sys; "
    loads += "print({'sqlalchemy', 'optuna', 'scipy', 'joblib'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
