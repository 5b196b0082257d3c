"""The k-layer network as an objective: what a study file declares of it, and what follows."""

from search.objectives.network.metrics import METRICS, SCORE


class NetworkObjective:
    """What is measured and ranked of a network."""

    kind = "network"
    step = "epoch"
    metrics = METRICS
    score = SCORE
    units = ("epochs", "cycles")
    evaluates = True
