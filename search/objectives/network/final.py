"""The end of a search: the winner and the finalists beside it, trained, and tested once."""

import hashlib
import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from model import network_file
from model.alone import alone
from model.data import encoding, prepared
from model.data.prepared import Prepared
from model.data.row_form import RowForm
from model.data.standardise import Statistics
from model.data.test_set import TestSet
from model.data.whitening import of_plain_inputs
from model.inference import Network
from model.saved_network import SavedNetwork
from search.errors import KlayerError
from search.objective.port import Saver
from search.objective.report import Assignment, Evaluation, Report
from search.objectives.network.data import Dataset
from search.objectives.network.faults import faults_as_klayer_errors
from search.objectives.network.final_checkpoints import Voter, packed, unpacked
from search.objectives.network.folds import Fold, fold_of
from search.objectives.network.memory import too_large
from search.objectives.network.metrics import Score
from search.objectives.network.objective import NetworkObjective
from search.objectives.network.portrait import Portrait, to_bytes
from search.objectives.network.portraits import portraits
from search.objectives.network.sections import TrainingSection
from search.objectives.network.settings import (
    architecture_of,
    member_of,
    recipe_of,
    stacks_of,
    values_of,
)
from search.objectives.network.stack import StackEpoch, epochs, votes_of, worth
from search.runtime.output import writing
from search.runtime.whole_file import whole_file

_Given = TypeVar("_Given")  # what each network of the final gives

MOST_CLASSES = 100  # of a confusion matrix
MOST_PAIRS = 2_000  # of true and predicted values; of more rows an even choice
MOST_TARGETS = 6  # that have such pairs


def evaluate(
    objective: NetworkObjective,
    section: TrainingSection,
    trials: Sequence[Assignment],
    order_seed: int,
    data: Dataset,
    start: Mapping[int, bytes] = MappingProxyType({}),
    saver: Saver | None = None,
) -> Generator[Mapping[int, Report], Sequence[int] | None, Evaluation]:
    """Train the winner, and the other finalists behind it, and read the test set.

    Yields reports as `train` does; the value of the generator is what the test set said, and a
    portrait of each network. Trials that cannot be one stack are trained one stack after another.

    Raises:
        KlayerError: As `train`; or a network does not fit into memory alone.
        DataError: The test images are missing or broken.
    """
    fold = _final_fold(objective, section, data)
    saves = None if saver is None else _Saves(start, saver)
    groups = stacks_of(objective, section, [trial.parameters for trial in trials])
    stacks = yield from _final_stacks(objective, section, trials, groups, order_seed, fold, saves)
    drawn: dict[int, Portrait] = {}
    for stack in stacks:
        network, members = stack.last.network, stack.last.places
        values = values_of(objective, section, trials[members[0]].parameters)
        recipe = recipe_of(values, order_seed, objective.facts.shape)
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
    """The trained winner, alone or with what votes beside it; only the model knows their parts.

    Attributes:
        finalists: How many finalists it consists of, itself among them.
    """

    _network: SavedNetwork
    finalists: int

    @property
    def voters(self) -> int:
        """How many networks vote together, if they vote."""
        return len(self._network.voters)

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
    *,
    finalists: bool = False,
) -> Generator[Mapping[int, Report], None, Winner]:
    """Train the winner once more, beside the same trials as in `evaluate`; no test image is read.

    Yields reports as `evaluate` does, but without `finalists` only of the winner's own stack: what
    is trained in another one has no effect on it. With `finalists` all are kept that vote in
    `evaluate`, in the same order.

    Raises:
        KlayerError: As `evaluate`; or the winner diverges.
    """
    groups = stacks_of(objective, section, [trial.parameters for trial in trials])
    fold = _final_fold(objective, section, data)
    some = groups if finalists else groups[:1]
    stacks = yield from _final_stacks(objective, section, trials, some, order_seed, fold)
    sound = _sound(stacks, len(trials) if finalists else 1)
    if 0 not in sound:
        raise KlayerError("the winner diverges, and leaves no network behind")
    lasts, snapshots = _voters(stacks)
    with faults_as_klayer_errors():
        rows = data.prepared
        singles = _by_trial(lasts, sound, lambda i, row: _plain(lasts[i].network, row, rows))
        kept = _by_trial(snapshots, sound, lambda i, row: _plain(snapshots[i].network, row, rows))
        voting = kept or singles
        values = rows.targets
        return Winner(
            SavedNetwork(
                singles[0][0],
                tuple(kept.get(0, ())),
                rows.mean,
                rows.std,
                rows.classes,
                target_mean=None if values is None else values.mean,
                target_std=None if values is None else values.std,
                targets=rows.target_names,
                encoding=None if rows.encoding is None else encoding.of(rows.encoding),
                rows=_form(objective, rows),
                bound=rows.bound if math.isfinite(rows.bound) else None,
                others=tuple(one for place, own in voting.items() if place for one in own),
            ),
            len(voting),
        )


def _plain(stack: Network, row: int, rows: Prepared) -> Network:
    """The member of a stack alone, as a network of the standardised inputs."""
    one = alone(stack, row)
    return one if rows.components is None else of_plain_inputs(one, rows.components)


def _form(objective: NetworkObjective, rows: Prepared) -> RowForm | None:
    """How the rows of arrays and of images lie in their files."""
    if objective.data.kind == "images":
        return RowForm("image", rows.shape)
    if objective.data.kind == "arrays":
        return RowForm("array", rows.shape or (len(rows.mean),))
    return None


@dataclass(frozen=True)
class _FinalStack:
    """What the training of a stack of the final leaves: who may vote, and who diverged."""

    last: Voter
    snapshots: tuple[Voter, ...]
    diverged: frozenset[int]


def _final_stacks(
    objective: NetworkObjective,
    section: TrainingSection,
    trials: Sequence[Assignment],
    groups: Sequence[tuple[int, ...]],
    order_seed: int,
    fold: Fold,
    saves: "_Saves | None" = None,
) -> Generator[Mapping[int, Report], Any, list[_FinalStack]]:
    """Train stack after stack; one that does not fit into memory in halves, or in halves of those.

    These are trained from their beginning, and nothing is saved amid that. Their numbers may differ
    in their last bits from those in the whole stack.
    """
    stacks: list[_FinalStack] = []
    left = [(places, saves) for places in groups]
    told: dict[int, int] = {}
    while left:
        places, save = left.pop(0)
        try:
            stacks.append(
                (
                    yield from _final_stack(
                        objective, section, trials, places, order_seed, fold, told, save
                    )
                )
            )
            continue
        except MemoryError:
            pass  # outside of this clause nothing keeps what the stack had allocated
        if len(places) == 1:
            raise KlayerError(
                f"the final: {too_large(objective, section, trials[places[0]].parameters)}; let a "
                "host with more memory work on the search. What is trained is kept"
            )
        half = (len(places) + 1) // 2
        left[:0] = [(places[:half], None), (places[half:], None)]
    return stacks


def _final_stack(
    objective: NetworkObjective,
    section: TrainingSection,
    trials: Sequence[Assignment],
    places: tuple[int, ...],
    order_seed: int,
    fold: Fold,
    told: dict[int, int],
    saves: "_Saves | None",
) -> Generator[Mapping[int, Report], Any, _FinalStack]:
    """Train the trials at `places`, which fit into one stack; reports and voters are by place.

    Steps that are told, by place, are not told again, but for that a trial diverges there, which
    it need not have done in the whole stack; `told` is brought up to date.
    """
    begun: tuple[int, ...] = ()
    states: Sequence[bytes] = ()
    snapshots: list[Voter] = []
    if saves is not None:
        begun, states, snapshots = saves.of(objective, section, trials, places, fold)
    going = begun or places
    diverged = set(places) - set(going)
    lasts: list[Voter] = []
    some = [trials[i] for i in going]
    for epoch in epochs(objective, section, some, order_seed, [fold], states):
        here = tuple(going[i] for i in epoch.places)
        lasts = [Voter(epoch.network, here)]
        snapshots += [Voter(network, here) for network in epoch.snapshots]
        reports = {going[i]: report for i, report in epoch.reports.items()}
        diverged.update(place for place, report in reports.items() if report.reason is not None)
        if saves is not None:
            sound = {going[i]: i for i in epoch.places if going[i] not in diverged}
            saves.offer(epoch, sound, tuple(snapshots))
        new = {
            place: one
            for place, one in reports.items()
            if one.reason is not None or one.step > told.get(place, 0)
        }
        told.update({place: one.step for place, one in new.items()})
        yield new
    return _FinalStack(lasts[0], tuple(snapshots), frozenset(diverged))


class _Saves:
    """What the networks of a final go on from, stack after stack.

    Of a stack that is trained to its end the last epoch but one is kept, and the last is trained
    once more, for what it leaves.
    """

    def __init__(self, start: Mapping[int, bytes], saver: Saver) -> None:
        self._states, self._saver = dict(start), saver
        self._stack: frozenset[int] = frozenset()  # the places of the one that is trained

    def of(
        self,
        objective: NetworkObjective,
        section: TrainingSection,
        trials: Sequence[Assignment],
        places: Sequence[int],
        fold: Fold,
    ) -> tuple[tuple[int, ...], list[bytes], list[Voter]]:
        """Of a stack the places that go on, from what each does, and its snapshots until then."""
        self._stack = frozenset(places)
        values = {
            place: values_of(objective, section, trials[place].parameters) for place in places
        }
        members = {place: member_of(one, trials[place].seed) for place, one in values.items()}
        inputs, outputs = fold.data.x.shape[1], objective.facts.outputs
        architecture = architecture_of(values[places[0]], inputs, outputs)
        going = tuple(place for place in places if place in self._states)
        read = [unpacked(self._states[place], members, architecture) for place in going]
        return going, [state for state, _ in read], [one for _, some in read for one in some]

    def offer(
        self,
        epoch: StackEpoch,
        sound: Mapping[int, int],
        snapshots: tuple[Voter, ...],
    ) -> None:
        """Offer how a stack stands after an epoch, with those before it.

        Args:
            epoch: Of the stack.
            sound: Its places by those of the trials that go on.
            snapshots: Of the stack until then.
        """
        others = {k: state for k, state in self._states.items() if k not in self._stack}

        def states() -> dict[int, bytes]:
            first = min(sound, default=None)
            return others | {
                place: packed(epoch.state(row), snapshots if place == first else ())
                for place, row in sound.items()
            }

        if epoch.number < epoch.last - 1:
            self._saver.offer(states)
            return
        if epoch.number == epoch.last - 1:
            self._states = states()
        kept = {k: s for k, s in self._states.items() if k in sound or k not in self._stack}
        if kept:
            self._saver.offer(partial(dict, kept))


def _tested(
    objective: NetworkObjective, data: Dataset, stacks: Sequence[_FinalStack], trials: int
) -> tuple[TestReport, Mapping[int, Mapping[str, Any]]]:
    """What the test rows say, and by place what each network said of them, for its portrait."""
    lasts, snapshots = _voters(stacks)
    sound = _sound(stacks, trials)
    with faults_as_klayer_errors():
        test = prepared.test_set(data.prepared, data.source())
    standard = data.prepared.targets
    probabilities, fingerprint = _vote(lasts + snapshots, test)
    singles = _by_trial(lasts, sound, lambda i, row: probabilities[i][row])
    kept = _by_trial(snapshots, sound, lambda i, row: probabilities[len(lasts) + i][row])
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
        predicted = values.astype(float) * standard.std + standard.mean
        pairs = np.stack([test.targets, predicted], axis=-1).swapaxes(0, 1)[:MOST_TARGETS]
        most = min(len(values), MOST_PAIRS // len(pairs))
        rows = np.linspace(0, len(values) - 1, most).round().astype(int)
        kept = {"pairs": pairs[:, rows]}
        if len(standard.std) > 1:
            kept["errors"] = np.sqrt(np.square(predicted - test.targets).mean(axis=0))
        return kept
    count = values.shape[1]
    if count > MOST_CLASSES:
        return {}
    confusion = np.zeros((count, count), np.int64)
    np.add.at(confusion, (test.targets, values.argmax(axis=1)), 1)
    return {"confusion": confusion}


def _vote(voters: Sequence[Voter], test: TestSet) -> tuple[list[Any], str]:
    """What each voter says of all test rows, (m, t, c), and the rows' fingerprint."""
    digest = hashlib.sha256()
    votes: list[list[Any]] = [[] for _ in voters]
    for x in test.blocks():
        digest.update(x.data)
        for own, voter in zip(votes, voters, strict=True):
            own.append(votes_of(voter.network, x))
    digest.update(test.targets.data)
    return [np.concatenate(own, axis=1) for own in votes], digest.hexdigest()


def _voters(stacks: Sequence[_FinalStack]) -> tuple[list[Voter], list[Voter]]:
    """Each stack as its training left it, and the snapshots of all."""
    snapshots = [voter for stack in stacks for voter in stack.snapshots]
    return [stack.last for stack in stacks], snapshots


def _sound(stacks: Sequence[_FinalStack], trials: int) -> set[int]:
    """The places, of so many trials, of those that did not diverge."""
    return set(range(trials)).difference(*(stack.diverged for stack in stacks))


def _by_trial(
    voters: Sequence[Voter], sound: set[int], given: Callable[[int, int], _Given]
) -> dict[int, list[_Given]]:
    """By place, what each sound trial's networks give: of a voter's number and a member's row."""
    found: dict[int, list[_Given]] = {}
    for number, voter in enumerate(voters):
        for row, place in enumerate(voter.places):
            if place in sound:
                found.setdefault(place, []).append(given(number, row))
    return found


def _final_fold(objective: NetworkObjective, section: TrainingSection, data: Dataset) -> Fold:
    """What the last training learns from: the training images, or the validation images too."""
    whole = objective.train_on == "training+validation"
    return Fold(fold_of(section, data.prepared, whole=whole), objective.facts.scale)
