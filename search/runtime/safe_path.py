"""Keeps the modules of the folder in which klayer runs out of the processes that klayer starts.

Python puts the working folder first on the path of a process that is started with `-m` or `-c`, and
so are most children started: loky's workers, those of Dask's nannies, multiprocessing's resource
trackers. A user's `search.py`, `model.py` or `random.py` would be imported there in place of ours
or of the standard library's. Python leaves the folder out where `PYTHONSAFEPATH` is set; processes
inherit it. `PYTHONPATH` still counts: a user who sets it means it.

Programs of users are started without the variable: `search.objectives.supervised` withholds it.
"""

from collections.abc import MutableMapping

VARIABLE = "PYTHONSAFEPATH"


def set_safe_path(environment: MutableMapping[str, str]) -> None:
    """Make the path of every process that is started with this environment a safe one."""
    environment[VARIABLE] = "1"
