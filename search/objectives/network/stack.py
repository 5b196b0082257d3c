"""Members trained as one stack: what is reported of each after an epoch, and what it is worth.

A member is a training of a trial on a fold.
"""

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from model import ensemble, scores, training
from model.checkpoint import Checkpoint
from model.epochs import Epoch, EpochRecord
from model.inference import Network
from model.loss import REGRESSION
from model.rows import Data, Folds
from search.errors import KlayerError
from search.objective.report import Assignment, Report
from search.objectives.network.checkpoints import TrialCheckpoint
from search.objectives.network.faults import faults_as_klayer_errors
from search.objectives.network.folds import Fold
from search.objectives.network.metrics import MEASURED
from search.objectives.network.objective import NetworkObjective
from search.objectives.network.sections import TrainingSection
from search.objectives.network.settings import architecture_of, member_of, recipe_of, values_of
from search.plan.ranking import Ranking


@dataclass(frozen=True)
class StackEpoch:
    """An epoch of a stack: which members took part in it, by their places, and what came out."""

    number: int
    last: int
    places: tuple[int, ...]
    reports: dict[int, Report]
    network: Network
    snapshots: tuple[Network, ...]
    state: Callable[[int], bytes]
    """What the member at a place goes on from; to be asked before the next epoch is."""


def epochs(
    objective: NetworkObjective,
    section: TrainingSection,
    trials: Sequence[Assignment],
    order_seed: int,
    folds: Sequence[Fold],
    start: Sequence[bytes] = (),
    until: int | None = None,
) -> Generator[StackEpoch, Sequence[int] | None, dict[int, bytes]]:
    """The epochs of trials that fit into one stack, on each of some folds.

    Of t trials, member f·t + i is trial i on fold f. Members that diverge are dropped, and those
    whose places are not among what is sent.

    Args:
        objective: The network.
        section: How they are trained.
        trials: One or more, t.
        order_seed: Of the draws that they share.
        folds: One, or several with equally many rows and inputs.
        start: What each member goes on from, in their order, as earlier calls returned it; empty
            to begin from the seeds.
        until: After how many epochs to stop before the end; None to train to the end.

    Returns:
        What members go on from that have come to `until` in good health, by place; else nothing.

    Raises:
        KlayerError: The trials do not fit into one stack, or a value is out of its range.
    """
    inputs, outputs = folds[0].data.x.shape[1], objective.facts.outputs
    reads = [fold for fold in range(len(folds)) for _ in trials]
    with faults_as_klayer_errors():
        given = [values_of(objective, section, trial.parameters) for trial in trials]
        shape = objective.facts.shape
        shared = {
            (architecture_of(v, inputs, outputs), recipe_of(v, order_seed, shape)) for v in given
        }
        if len(shared) != 1:
            raise KlayerError("trials of one cohort must agree in network, schedule and batches")
        architecture, recipe = shared.pop()
        members = [member_of(v, t.seed) for v, t in zip(given, trials, strict=True)] * len(folds)
        begun = [TrialCheckpoint.from_bytes(one) for one in start]
        alone = len(folds) == 1
        rows = folds[0].data if alone else Folds.of([one.data for one in folds], reads)
    of_members = [folds[fold] for fold in reads]
    score = _Score(objective, section, of_members, rows, begun)
    places = tuple(range(len(members)))
    networks = [one.network for one in begun] or None
    stack = training.train(architecture, members, recipe, rows, networks)
    kept: list[int] | None = None
    while places:
        with faults_as_klayer_errors():
            epoch = _next(stack, kept)
        if epoch is None:
            return {}
        now = score.now(places, epoch)
        values = score.after(now, epoch)
        reports = {
            place: _report(objective, record, now[place], values[place], of_members[place])
            for place, record in zip(places, epoch.records, strict=True)
        }

        def state(place: int) -> bytes:
            checkpoint = epoch.checkpoint(places.index(place))  # noqa: B023 (asked before the next)
            return score.checkpoint(place, checkpoint).to_bytes()

        going = yield StackEpoch(
            epoch.number, epoch.last, places, reports, epoch.network, epoch.snapshots, state
        )
        left = [
            row
            for row, place in enumerate(places)
            if reports[place].reason is None and (going is None or place in going)
        ]
        if epoch.number == until:
            return {places[row]: state(places[row]) for row in left}
        kept = left if len(left) < len(places) else None
        places = tuple(places[row] for row in left)
    return {}


def _next(
    stack: Generator[Epoch, Sequence[int] | None, None], kept: Sequence[int] | None
) -> Epoch | None:
    """The next epoch, of the members at the places `kept`, or of all; None behind the last."""
    try:
        return next(stack) if kept is None else stack.send(kept)
    except StopIteration:
        return None


def _report(
    objective: NetworkObjective,
    record: EpochRecord,
    scored: float,
    value: float,
    fold: Fold,
) -> Report:
    """What an epoch comes to; `scored` is the score on the validation rows, where it is extra."""
    measured, scale = MEASURED[objective.facts.task], fold.scale
    metrics = asdict(record)
    metrics |= {f"train_{measured}": scale * metrics.pop("train_measure")}
    metrics |= {f"validation_{measured}": scale * metrics.pop("validation_measure")}
    metrics[objective.score.name] = scored
    epoch = metrics.pop("epoch")
    costs = [record.train_cost, record.train_loss]
    if fold.data.held_out:  # without validation rows those metrics are NaN, which is no divergence
        costs += [record.validation_cost, record.validation_loss]
    if not all(map(math.isfinite, costs)):
        reason = f"diverged in epoch {epoch}: its cost is no finite number"
        return Report(epoch, metrics, None, reason, diverged=True)
    return Report(epoch, metrics, value if math.isfinite(value) else None)


class _Score:
    """What each member would be worth if it ended now, as `[training] score` says."""

    def __init__(
        self,
        objective: NetworkObjective,
        section: TrainingSection,
        folds: Sequence[Fold],
        rows: Data | Folds,
        begun: Sequence[TrialCheckpoint],
    ) -> None:
        self._objective, self._rule, self._folds, self._rows = objective, section.score, folds, rows
        self._ranking = Ranking(objective.score.direction)
        self._best = {place: one.best for place, one in enumerate(begun) if one.best is not None}
        self._votes = {place: list(one.votes) for place, one in enumerate(begun) if one.votes}

    def checkpoint(self, place: int, network: Checkpoint) -> TrialCheckpoint:
        """What the member at `place` goes on from."""
        return TrialCheckpoint(network, self._best.get(place), self._votes.get(place, ()))

    def now(self, places: Sequence[int], epoch: Epoch) -> dict[int, float]:
        """The score on the validation rows, of the members at `places`."""
        if self._objective.scored_by == MEASURED[self._objective.facts.task]:
            return {
                place: self._folds[place].scale * record.validation_measure
                for place, record in zip(places, epoch.records, strict=True)
            }
        if not self._rows.held_out:
            return dict.fromkeys(places, math.nan)
        votes = self._votes_now(places, epoch.network)
        return {place: self._worth(place, [vote]) for place, vote in votes.items()}

    def after(self, now: Mapping[int, float], epoch: Epoch) -> dict[int, float]:
        """The values after an epoch, of members with these scores."""
        if self._rule == "best_epoch":
            self._best = {
                place: self._better(one, self._best.get(place)) for place, one in now.items()
            }
            return self._best
        if self._rule == "snapshot_ensemble" and self._rows.held_out:
            return {**now, **self._ensembles(list(now), epoch)}
        return dict(now)

    def _better(self, now: float, before: float | None) -> float:
        """The better of two scores; what is NaN is passed over."""
        if before is None or math.isnan(before):
            return now
        return before if self._ranking.better(before, now) else now

    def _ensembles(self, places: Sequence[int], epoch: Epoch) -> dict[int, float]:
        for network in epoch.snapshots:
            for place, vote in self._votes_now(places, network).items():
                self._votes.setdefault(place, []).append(vote)
        return {
            place: self._worth(place, votes)
            for place, votes in self._votes.items()
            if place in places
        }

    def _votes_now(self, places: Sequence[int], network: Network) -> dict[int, Any]:
        """What the members at `places`, which are the network's, say of their validation rows."""
        rows = self._rows.take(places).validation(network.parameters[0].weights.dtype)
        return dict(zip(places, votes_of(network, rows.x), strict=True))

    def _worth(self, place: int, votes: Sequence[Any]) -> float:
        fold = self._folds[place]
        return worth(self._objective, votes, fold.data.validation_targets, fold.scale)


def votes_of(network: Network, x: Any) -> Any:
    """What each member says of rows x (n, d) or (m, n, d): probabilities or values, (m, n, c)."""
    x = x.astype(network.parameters[0].weights.dtype, copy=False)
    values = network.architecture.loss in REGRESSION
    return network.predictions(x) if values else network.probabilities(x)


def worth(objective: NetworkObjective, votes: Sequence[Any], targets: Any, scale: float) -> float:
    """The score of networks that vote together, each by what it says (n, c), of these targets.

    Targets and values are standardised; times `scale`, errors are in the target's own unit.
    """
    said = ensemble.mean_vote(votes)
    if objective.facts.task == "regression":
        said, targets = scale * said, scale * targets
    return float(getattr(scores, objective.scored_by)(said, targets))
