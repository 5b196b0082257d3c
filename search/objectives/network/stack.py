"""Trials trained as one stack: what is reported of each after an epoch, and what it is worth."""

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from model import ensemble, scores, training
from model.checkpoint import Checkpoint
from model.inference import Network
from model.loss import REGRESSION
from search.errors import KlayerError
from search.objective.port import Reports
from search.objective.report import Assignment, Report
from search.objectives.network.checkpoints import TrialCheckpoint
from search.objectives.network.data import Dataset
from search.objectives.network.faults import faults_as_klayer_errors
from search.objectives.network.folds import fold_of
from search.objectives.network.metrics import MEASURED
from search.objectives.network.objective import NetworkObjective
from search.objectives.network.sections import TrainingSection
from search.objectives.network.settings import architecture_of, member_of, recipe_of, values_of


def train(
    objective: NetworkObjective,
    section: TrainingSection,
    trials: Sequence[Assignment],
    order_seed: int,
    data: Dataset,
    start: Sequence[bytes] = (),
    until: int | None = None,
) -> Reports:
    """Train trials as one stack; after each epoch, how each trial that took part in it stands.

    The reports are by place in `trials`. A trial whose report has a reason has diverged and takes
    part no longer; `send` the places of those that go on to drop others as well. There is no
    further epoch when none is left. A trial's last value is its result.

    Args:
        objective: The network.
        section: How they are trained.
        trials: One or more.
        order_seed: Of the draws that they share.
        data: The images.
        start: What each goes on from, in their order, as earlier calls returned it, of other
            cohorts perhaps; empty to begin from the seeds.
        until: After how many epochs to stop before the end; None to train to the end.

    Returns:
        What those go on from that have come to `until` in good health, by place; else nothing.

    Raises:
        KlayerError: The trials do not fit into one stack, or a value is out of its range.
    """
    fold = fold_of(section, data.prepared)
    stack = epochs(objective, section, trials, order_seed, fold, start, until)
    going: Sequence[int] | None = None
    while True:
        try:
            epoch = next(stack) if going is None else stack.send(going)
        except StopIteration as end:
            states: dict[int, bytes] = end.value
            return states
        going = yield epoch.reports


@dataclass(frozen=True)
class StackEpoch:
    """An epoch of a stack: who took part in it (places among its trials), and what came out."""

    places: tuple[int, ...]
    reports: dict[int, Report]
    network: Network
    snapshots: tuple[Network, ...]


def epochs(
    objective: NetworkObjective,
    section: TrainingSection,
    trials: Sequence[Assignment],
    order_seed: int,
    fold: training.Data,
    start: Sequence[bytes] = (),
    until: int | None = None,
) -> Generator[StackEpoch, Sequence[int] | None, dict[int, bytes]]:
    """The epochs of trials that fit into one stack; `start`, `until` and the value as in `train`.

    Those that diverge are dropped, and those whose places are not among what is sent.
    """
    inputs, outputs = fold.x.shape[1], objective.facts.outputs
    with faults_as_klayer_errors():
        given = [values_of(objective, section, trial.parameters) for trial in trials]
        shared = {(architecture_of(v, inputs, outputs), recipe_of(v, order_seed)) for v in given}
        if len(shared) != 1:
            raise KlayerError("trials of one cohort must agree in network, schedule and batches")
        architecture, recipe = shared.pop()
        members = [member_of(v, t.seed) for v, t in zip(given, trials, strict=True)]
        begun = [TrialCheckpoint.from_bytes(one) for one in start]
    score = _Score(objective, section, fold, begun)
    places = tuple(range(len(trials)))
    networks = [one.network for one in begun] or None
    stack = training.train(architecture, members, recipe, fold, networks)
    kept: list[int] | None = None
    while places:
        with faults_as_klayer_errors():
            epoch = _next(stack, kept)
        if epoch is None:
            return {}
        now = score.now(places, epoch)
        values = score.after(now, epoch)
        validated = len(fold.validation_targets) > 0
        reports = {
            place: _report(objective, record, now[place], values[place], validated=validated)
            for place, record in zip(places, epoch.records, strict=True)
        }
        going = yield StackEpoch(places, reports, epoch.network, epoch.snapshots)
        rows = [
            row
            for row, place in enumerate(places)
            if reports[place].reason is None and (going is None or place in going)
        ]
        if epoch.number == until:
            return {
                places[row]: score.checkpoint(places[row], epoch.checkpoint(row)).to_bytes()
                for row in rows
            }
        kept = rows if len(rows) < len(places) else None
        places = tuple(places[row] for row in rows)
    return {}


def _next(
    stack: Generator[training.Epoch, Sequence[int] | None, None], kept: Sequence[int] | None
) -> training.Epoch | None:
    """The next epoch, of the members at the places `kept`, or of all; None behind the last."""
    try:
        return next(stack) if kept is None else stack.send(kept)
    except StopIteration:
        return None


def _report(
    objective: NetworkObjective,
    record: training.EpochRecord,
    scored: float,
    value: float,
    *,
    validated: bool,
) -> Report:
    """What an epoch comes to; `scored` is the score on the validation rows, where it is extra."""
    measured, scale = MEASURED[objective.facts.task], objective.facts.scale
    metrics = asdict(record)
    metrics |= {f"train_{measured}": scale * metrics.pop("train_measure")}
    metrics |= {f"validation_{measured}": scale * metrics.pop("validation_measure")}
    metrics[objective.score.name] = scored
    epoch = metrics.pop("epoch")
    costs = [record.train_cost, record.train_loss]
    if validated:  # without validation rows those metrics are NaN, which is no divergence
        costs += [record.validation_cost, record.validation_loss]
    if not all(map(math.isfinite, costs)):
        reason = f"diverged in epoch {epoch}: its cost is no finite number"
        return Report(epoch, metrics, None, reason, diverged=True)
    return Report(epoch, metrics, value if math.isfinite(value) else None)


class _Score:
    """What each trial would be worth if it ended now, as `[training] score` says."""

    def __init__(
        self,
        objective: NetworkObjective,
        section: TrainingSection,
        fold: training.Data,
        begun: Sequence[TrialCheckpoint],
    ) -> None:
        self._objective, self._rule, self._fold = objective, section.score, fold
        self._sign = 1 if objective.score.direction == "maximize" else -1
        self._best = {place: one.best for place, one in enumerate(begun) if one.best is not None}
        self._votes = {place: list(one.votes) for place, one in enumerate(begun) if one.votes}

    def checkpoint(self, place: int, network: Checkpoint) -> TrialCheckpoint:
        """What the trial at `place` goes on from."""
        return TrialCheckpoint(network, self._best.get(place), self._votes.get(place, ()))

    def now(self, places: Sequence[int], epoch: training.Epoch) -> dict[int, float]:
        """The score on the validation rows, of the trials at `places`."""
        facts, score = self._objective.facts, self._objective.scored_by
        if score == MEASURED[facts.task]:
            found = [facts.scale * one.validation_measure for one in epoch.records]
        elif len(self._fold.validation_targets):
            votes = votes_of(epoch.network, self._fold.validation_x)
            found = [worth(self._objective, [one], self._fold.validation_targets) for one in votes]
        else:
            found = [math.nan] * len(places)
        return dict(zip(places, found, strict=True))

    def after(self, now: Mapping[int, float], epoch: training.Epoch) -> dict[int, float]:
        """The values after an epoch, of trials with these scores."""
        if self._rule == "best_epoch":
            self._best = {
                place: self._better(one, self._best.get(place)) for place, one in now.items()
            }
            return self._best
        if self._rule == "snapshot_ensemble" and len(self._fold.validation_targets):
            return {**now, **self._ensembles(list(now), epoch)}
        return dict(now)

    def _better(self, now: float, before: float | None) -> float:
        """The better of two scores; what is NaN is passed over."""
        if before is None or math.isnan(before):
            return now
        return before if self._sign * before > self._sign * now else now

    def _ensembles(self, places: Sequence[int], epoch: training.Epoch) -> dict[int, float]:
        for network in epoch.snapshots:
            votes = votes_of(network, self._fold.validation_x)
            for row, place in enumerate(places):
                self._votes.setdefault(place, []).append(votes[row])
        return {
            place: worth(self._objective, votes, self._fold.validation_targets)
            for place, votes in self._votes.items()
            if place in places
        }


def votes_of(network: Network, x: Any) -> Any:
    """What each member says of rows x (n, d): probabilities or values, (m, n, c)."""
    x = x.astype(network.parameters[0].weights.dtype, copy=False)
    values = network.architecture.loss in REGRESSION
    return network.predictions(x) if values else network.probabilities(x)


def worth(objective: NetworkObjective, votes: Sequence[Any], targets: Any) -> float:
    """The score of networks that vote together, each by what it says (n, c), of these targets.

    Targets and values are standardised; errors are told in the target's own unit.
    """
    said = ensemble.mean_vote(votes)
    if objective.facts.task == "regression":
        said, targets = objective.facts.scale * said, objective.facts.scale * targets
    return float(getattr(scores, objective.scored_by)(said, targets))
