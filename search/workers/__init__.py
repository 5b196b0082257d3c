"""A worker: claims work of searches, does it, hands it in.

`serve` is the loop of one process: it trains cohorts, and plans what is to be planned. `Heartbeat`
renews its leases. `pool` starts worker processes, on one of the `engines`.
"""

from search.workers.heartbeat import Heartbeat, presence
from search.workers.loop import serve
from search.workers.planning import plan_next

__all__ = ["Heartbeat", "plan_next", "presence", "serve"]
