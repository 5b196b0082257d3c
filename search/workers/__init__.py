"""A worker: claims work of searches, does it, hands it in.

`serve` is the loop of one process: it trains cohorts, and plans what is to be planned. A `Keeper`
keeps its leases. Nothing here starts processes; that is the launcher's.
"""

from search.workers.keeper import Keeper, presence
from search.workers.loop import serve
from search.workers.planning import plan_next

__all__ = ["Keeper", "plan_next", "presence", "serve"]
