"""The end of a search: the winner and the finalists beside it, trained, and tested once."""

import hashlib
import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model import network_file
from model.alone import alone
from model.data import encoding, prepared
from model.data.prepared import Prepared
from model.data.row_form import RowForm
from model.data.standardise import Statistics
from model.data.test_set import TestSet
from model.inference import Network
from model.saved_network import SavedNetwork
from search.errors import KlayerError
from search.objective.report import Assignment, Evaluation, Report
from search.objectives.network.data import Dataset
from search.objectives.network.faults import faults_as_klayer_errors
from search.objectives.network.folds import Fold, fold_of
from search.objectives.network.metrics import Score
from search.objectives.network.objective import NetworkObjective
from search.objectives.network.portrait import Portrait, to_bytes
from search.objectives.network.portraits import portraits
from search.objectives.network.sections import TrainingSection
from search.objectives.network.settings import recipe_of, stacks_of, values_of
from search.objectives.network.stack import epochs, votes_of, worth
from search.runtime.output import writing
from search.runtime.whole_file import whole_file

MOST_CLASSES = 100  # of a confusion matrix
MOST_PAIRS = 2_000  # of true and predicted values; of more rows an even choice


def evaluate(
    objective: NetworkObjective,
    section: TrainingSection,
    trials: Sequence[Assignment],
    order_seed: int,
    data: Dataset,
) -> Generator[Mapping[int, Report], Sequence[int] | None, Evaluation]:
    """Train the winner, and the other finalists behind it, and read the test set.

    Yields reports as `train` does; the value of the generator is what the test set said, and a
    portrait of each network. Trials that cannot be one stack are trained one stack after another.

    Raises:
        KlayerError: As `train`.
        DataError: The test images are missing or broken.
    """
    fold = _final_fold(objective, section, data)
    stacks = []
    drawn: dict[int, Portrait] = {}
    for places in stacks_of(objective, section, [trial.parameters for trial in trials]):
        stack = yield from _final_stack(objective, section, trials, places, order_seed, fold)
        stacks.append(stack)
        recipe = recipe_of(values_of(objective, section, trials[places[0]].parameters), order_seed)
        network, members = stack.last.network, stack.last.places
        drawn |= portraits(network, members, stack.diverged, recipe, fold.data, data)
    tested, said = _tested(objective, data, stacks, len(trials))
    kept = {
        place: to_bytes(replace(portrait, **said.get(place, {})))
        for place, portrait in drawn.items()
    }
    return Evaluation(tested.plain(objective.scored_by), tested.scores, kept)


@dataclass(frozen=True)
class TestReport:
    """What the test set said of the trained winner, in its score; accuracies are shares, 0 … 1.

    Attributes:
        scores: Of each final network by itself, the winner first; None where it diverged, or where
            the test rows give no such score, as ROC AUC of one class alone.
        snapshot_ensemble: Of the winner's snapshots voting together; None without cycles.
        snapshot_ensembles: Of each network's snapshots voting together, the winner first; None
            where it diverged, or without cycles.
        finalist_ensemble: Of all final networks, or all their snapshots, voting together; None
            where the winner is alone.
        rows: How many test rows there are.
        fingerprint: Hash of the test set.
    """

    scores: tuple[float | None, ...]
    snapshot_ensemble: float | None
    snapshot_ensembles: tuple[float | None, ...]
    finalist_ensemble: float | None
    rows: int
    fingerprint: str

    __test__ = False  # a report on the test set; who collects test cases must pass it by

    def plain(self, score: Score) -> dict[str, Any]:
        """As it is recorded; `search.objectives.network.findings` reads it."""
        told = asdict(self)
        scores = told.pop("scores")
        return {"accuracies" if score == "accuracy" else "scores": scores, **told}


@dataclass(frozen=True)
class Winner:
    """The trained winner; what it consists of only the model knows."""

    _network: SavedNetwork

    @property
    def snapshots(self) -> int:
        """How many networks its cycles of η have left behind, which may vote."""
        return len(self._network.snapshots)

    @property
    def inputs(self) -> int:
        """How many numbers a row of pixels has."""
        return len(self._network.mean)

    def save(self, file: Path) -> None:
        """Write it to a file, which is complete or absent; `model.network_file.load` reads it.

        Raises:
            KlayerError: The file cannot be written.
        """
        with writing(file), whole_file(file) as opened:
            network_file.save(opened, self._network)


def retrain(
    objective: NetworkObjective,
    section: TrainingSection,
    trials: Sequence[Assignment],
    order_seed: int,
    data: Dataset,
) -> Generator[Mapping[int, Report], None, Winner]:
    """Train the winner once more, beside the same trials as in `evaluate`; no test image is read.

    Yields reports as `evaluate` does, but only of the winner's own stack: what is trained in
    another one has no effect on it.

    Raises:
        KlayerError: As `train`; or the winner diverges.
    """
    places = stacks_of(objective, section, [trial.parameters for trial in trials])[0]
    fold = _final_fold(objective, section, data)
    stack = yield from _final_stack(objective, section, trials, places, order_seed, fold)
    if 0 in stack.diverged:
        raise KlayerError("the winner diverges, and leaves no network behind")
    with faults_as_klayer_errors():
        network, *snapshots = (
            alone(voter.network, voter.places.index(0)) for voter in (stack.last, *stack.snapshots)
        )
        rows = data.prepared
        values = rows.targets
        return Winner(
            SavedNetwork(
                network,
                tuple(snapshots),
                rows.mean,
                rows.std,
                rows.classes,
                target_mean=None if values is None else values.mean,
                target_std=None if values is None else values.std,
                targets=rows.target_names,
                encoding=None if rows.encoding is None else encoding.of(rows.encoding),
                rows=_form(objective, rows),
                bound=rows.bound if math.isfinite(rows.bound) else None,
            )
        )


def _form(objective: NetworkObjective, rows: Prepared) -> RowForm | None:
    """How the rows of arrays and of images lie in their files."""
    if objective.data.kind == "images":
        return RowForm("image", rows.shape)
    if objective.data.kind == "arrays":
        return RowForm("array", rows.shape or (len(rows.mean),))
    return None


@dataclass(frozen=True)
class _Voter:
    """A stack that votes, and the trials that its members are."""

    network: Network
    places: tuple[int, ...]


@dataclass(frozen=True)
class _FinalStack:
    """What the training of a stack of the final leaves: who may vote, and who diverged."""

    last: _Voter
    snapshots: tuple[_Voter, ...]
    diverged: frozenset[int]


def _final_stack(
    objective: NetworkObjective,
    section: TrainingSection,
    trials: Sequence[Assignment],
    places: tuple[int, ...],
    order_seed: int,
    fold: Fold,
) -> Generator[Mapping[int, Report], Any, _FinalStack]:
    """Train the trials at `places`, which fit into one stack; reports and voters are by place."""
    diverged: set[int] = set()
    lasts: list[_Voter] = []
    snapshots: list[_Voter] = []
    some = [trials[i] for i in places]
    for epoch in epochs(objective, section, some, order_seed, [fold]):
        here = tuple(places[i] for i in epoch.places)
        lasts = [_Voter(epoch.network, here)]
        snapshots += [_Voter(network, here) for network in epoch.snapshots]
        reports = {places[i]: report for i, report in epoch.reports.items()}
        diverged.update(place for place, report in reports.items() if report.reason is not None)
        yield reports
    return _FinalStack(lasts[0], tuple(snapshots), frozenset(diverged))


def _tested(
    objective: NetworkObjective, data: Dataset, stacks: Sequence[_FinalStack], trials: int
) -> tuple[TestReport, Mapping[int, Mapping[str, Any]]]:
    """What the test rows say, and by place what each network said of them, for its portrait."""
    lasts = [stack.last for stack in stacks]
    snapshots = [voter for stack in stacks for voter in stack.snapshots]
    sound = set(range(trials)).difference(*(stack.diverged for stack in stacks))
    with faults_as_klayer_errors():
        test = prepared.test_set(data.prepared, data.source())
    standard = data.prepared.targets
    probabilities, fingerprint = _vote(lasts + snapshots, test)
    singles = _by_trial(lasts, probabilities[: len(lasts)], sound)
    kept = _by_trial(snapshots, probabilities[len(lasts) :], sound)
    targets = test.targets if standard is None else standard.of(test.targets)

    def score(votes: Sequence[Any]) -> float | None:
        found = worth(objective, votes, targets, objective.facts.scale)
        return found if math.isfinite(found) else None

    by_itself = {place: score(votes) for place, votes in singles.items()}
    ensembles: tuple[float | None, ...] = (None,) * trials
    if objective.ensemble:
        voted = {place: score(votes) for place, votes in kept.items()}
        ensembles = tuple(voted.get(place) for place in range(trials))
    everyone = [vote for votes in (kept or singles).values() for vote in votes]
    alone = len(singles) < 2
    said = {place: _said(votes, test, standard) for place, votes in singles.items()}
    report = TestReport(
        scores=tuple(by_itself.get(place) for place in range(trials)),
        snapshot_ensemble=ensembles[0],
        snapshot_ensembles=ensembles,
        finalist_ensemble=None if alone else score(everyone),
        rows=len(test.targets),
        fingerprint=fingerprint,
    )
    return report, said


def _said(
    votes: Sequence[Any], test: TestSet, standard: Statistics | None
) -> dict[str, npt.NDArray[Any]]:
    """What a network says of the test rows, as its portrait keeps it."""
    (values,) = votes
    if standard is not None:
        rows = np.linspace(0, len(values) - 1, min(len(values), MOST_PAIRS)).round().astype(int)
        predicted = values.astype(float) * standard.std + standard.mean
        kept = {"pairs": np.stack([test.targets[rows, 0], predicted[rows, 0]], axis=1)}
        if len(standard.std) > 1:
            kept["errors"] = np.sqrt(np.square(predicted - test.targets).mean(axis=0))
        return kept
    count = values.shape[1]
    if count > MOST_CLASSES:
        return {}
    confusion = np.zeros((count, count), np.int64)
    np.add.at(confusion, (test.targets, values.argmax(axis=1)), 1)
    return {"confusion": confusion}


def _vote(voters: Sequence[_Voter], test: TestSet) -> tuple[list[Any], str]:
    """What each voter says of all test rows, (m, t, c), and the rows' fingerprint."""
    digest = hashlib.sha256()
    votes: list[list[Any]] = [[] for _ in voters]
    for x in test.blocks():
        digest.update(x.data)
        for own, voter in zip(votes, voters, strict=True):
            own.append(votes_of(voter.network, x))
    digest.update(test.targets.data)
    return [np.concatenate(own, axis=1) for own in votes], digest.hexdigest()


def _by_trial(voters: list[_Voter], votes: list[Any], sound: set[int]) -> dict[int, list[Any]]:
    """What is said, (t, c), by each sound trial's networks, by place."""
    found: dict[int, list[Any]] = {}
    for voter, probabilities in zip(voters, votes, strict=True):
        for row, place in enumerate(voter.places):
            if place in sound:
                found.setdefault(place, []).append(probabilities[row])
    return found


def _final_fold(objective: NetworkObjective, section: TrainingSection, data: Dataset) -> Fold:
    """What the last training learns from: the training images, or the validation images too."""
    whole = objective.train_on == "training+validation"
    return Fold(fold_of(section, data.prepared, whole=whole), objective.facts.scale)
