"""Where worker processes run: started here by loky, or on a cluster of Dask's or Ray's.

What they run is given to them; this room knows nothing of searches. Each worker is a task of its
own, so that the death of one is nothing to the others: joblib's `Parallel` would end them all. So a
task is handed to what joblib's backends are made of: its loky, Dask's client, Ray's functions.
"""

from search.workers.engines.engine import (
    ClusterLostError,
    Engine,
    EngineError,
    WorkerKilledError,
    open_engine,
)

__all__ = ["ClusterLostError", "Engine", "EngineError", "WorkerKilledError", "open_engine"]
