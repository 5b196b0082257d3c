"""A worker: claims work of searches, does it, hands it in.

`loop.serve` is the loop of one process: it trains cohorts, and plans what is to be planned.
`heartbeat.Heartbeat` renews its leases. `pool` starts worker processes, on one of the `engines`.
Nothing is imported here: processes that time a training need none of these.
"""
