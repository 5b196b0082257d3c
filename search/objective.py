"""The door to what is trained: parameters and seeds in, epoch figures and values out.

The one file that imports `model`. Nothing beyond it knows that a trial is a k-layer network: others
see a `Grouping`, generators of `Report`s, and a `TestReport`. The test images are read in `prove`
alone, after the trainings that the search has chosen.
"""

import hashlib
import math
import time
from collections.abc import Generator, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from threadpoolctl import threadpool_limits

from model import ensemble, gradient_check, network_file, schedule, training
from model.alone import alone
from model.data import cifar10, digits, prepared
from model.data.source import Source
from model.errors import DataFileError, ModelError
from model.finite_difference import Difference
from model.inference import Network
from model.members import Architecture, Member
from model.saved_network import SavedNetwork
from search.errors import DataError, KlayerError
from search.outcome import Assignment, EpochFigures, GradientError, Report, TestReport
from search.plan.plan import Grouping
from search.study.file import Study
from search.study.schedule import ConstantSchedule, CyclesSchedule, Schedule
from search.study.searchable import layer_of
from search.study.sections import TrainingSection
from search.study.space import Point

INPUTS = {"digits": 64, "cifar10": 3072}
CLASSES = 10


@dataclass(frozen=True)
class Dataset:
    """Data that is ready for training; pickling it carries paths, not arrays.

    Attributes:
        prepared: The standardised training and validation images.
        folder: Where the raw images lie, None for the embedded ones and the cache.
    """

    prepared: prepared.Prepared
    folder: Path | None

    @property
    def fingerprint(self) -> str:
        """Hash of the raw training images and their labels."""
        return self.prepared.fingerprint


def cache_folder() -> Path:
    """The user's cache: fetched data sets, and standardised arrays under `prepared`."""
    return platformdirs.user_cache_path("klayer")


def open_data(study: Study, folder: Path | None) -> Dataset:
    """Standardise the study's images, or find them standardised; the test images stay unread.

    Args:
        study: Says which data set, and how it is split.
        folder: Where its files lie; None for the cache that `klayer data fetch` fills.

    Raises:
        DataError: The files are missing, broken or not what they should be.
    """
    with _faults_as_klayer_errors():
        return Dataset(
            prepared.prepare(
                _source(study.data.source, folder),
                cache_folder() / "prepared",
                validation=study.data.validation,
                seed=study.seed,
            ),
            folder,
        )


def clear_prepared() -> int:
    """Remove the standardised arrays from the cache; the bytes freed. They can be made again."""
    with _faults_as_klayer_errors():
        return prepared.clear(cache_folder() / "prepared")


def grouping(study: Study) -> Grouping:
    """What trials of the study must agree in to be trained as one stack."""

    def key(section: TrainingSection, point: Point) -> Hashable:
        values = _values(study, section, point)
        return _architecture(values, INPUTS[study.data.source]), _recipe(values, order_seed=0)

    return key


def train(
    study: Study,
    section: TrainingSection,
    trials: Sequence[Assignment],
    order_seed: int,
    data: Dataset,
) -> Generator[dict[int, Report], None, None]:
    """Train trials as one stack; after each epoch, how each trial that took part in it stands.

    The reports are by place in `trials`. A trial whose value is NaN has diverged and takes part no
    longer; there is no further epoch when all have. A trial's last value is its result.

    Raises:
        KlayerError: The trials do not fit into one stack, or a value is out of its range.
    """
    images = data.prepared
    fold = training.Data(
        images.training.x, images.training.y, images.validation.x, images.validation.y
    )
    for epoch in _epochs(study, section, trials, order_seed, fold):
        yield epoch.reports


def prove(
    study: Study,
    section: TrainingSection,
    trials: Sequence[Assignment],
    order_seed: int,
    data: Dataset,
) -> Generator[dict[int, Report], None, TestReport]:
    """Train the winner, and the other finalists behind it, and read the test set.

    Yields reports as `train` does; the value of the generator is what the test set said. Trials
    that cannot be one stack are trained one stack after another.

    Raises:
        KlayerError: As `train`.
        DataError: The test images are missing or broken.
    """
    fold = _final_fold(study, data)
    stacks = []
    for places in _stacks(study, section, trials):
        stack = yield from _final_stack(study, section, trials, places, order_seed, fold)
        stacks.append(stack)
    return _tested(study, data, stacks, len(trials))


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
            DataError: The file cannot be written.
        """
        with _faults_as_klayer_errors():
            network_file.save(file, self._network)


def retrain(
    study: Study,
    section: TrainingSection,
    trials: Sequence[Assignment],
    order_seed: int,
    data: Dataset,
) -> Generator[dict[int, Report], None, Winner]:
    """Train the winner once more, beside the same trials as in `prove`; no test image is read.

    Yields reports as `prove` does, but only of the winner's own stack: what is trained in another
    one has no effect on it.

    Raises:
        KlayerError: As `train`; or the winner diverges.
    """
    places = _stacks(study, section, trials)[0]
    fold = _final_fold(study, data)
    stack = yield from _final_stack(study, section, trials, places, order_seed, fold)
    if 0 in stack.diverged:
        raise KlayerError("the winner diverges, and leaves no network behind")
    with _faults_as_klayer_errors():
        network, *snapshots = (
            alone(voter.network, voter.places.index(0)) for voter in (stack.last, *stack.snapshots)
        )
        images = data.prepared
        return Winner(
            SavedNetwork(network, tuple(snapshots), images.mean, images.std, images.classes)
        )


def check_gradients(
    study: Study,
    data: Dataset,
    rows: int,
    inputs: int | None,
    difference: Difference,
    step: float | None,
) -> list[GradientError]:
    """Compare the analytic gradients of the study's network with finite differences, in float64.

    Args:
        study: Its network, with the weight decay and the seed it says.
        data: Its images, of which the first training ones are the batch.
        rows: Size of the batch.
        inputs: How many inputs of each image are used, the first ones; None for all.
        difference: "central" or "forward".
        step: Of the difference; None for the formula's own. Weights that begin tiny need a smaller.

    Raises:
        KlayerError: `inputs` or `rows` is more than there are.
    """
    images = data.prepared.training
    most_rows, most_inputs = images.x.shape
    if rows > most_rows or (inputs or 1) > most_inputs:
        raise KlayerError(
            f"--rows and --inputs: {study.data.source} has {most_rows:,} training images of "
            f"{most_inputs:,} inputs; {rows:,} and {inputs:,} were asked for"
            if inputs
            else f"--rows: there are {most_rows:,} training images; {rows:,} were asked for"
        )
    x = np.array(images.x[:rows, :inputs], float)
    with _faults_as_klayer_errors():
        values = _values(study, study.training, {})
        checked = gradient_check.check(
            _architecture(values, x.shape[1]),
            [_member(values, study.seed)],
            x,
            images.y[:rows],
            difference=difference,
            step=step,
            seed=study.seed,
        )
    return [
        GradientError(one.layer, one.name, one.worst, one.checked, one.kinked) for one in checked
    ]


def seconds_per_epoch(study: Study, section: TrainingSection, members: int) -> float:
    """About how long one epoch of one trial takes on one core, in a stack of `members`.

    Some updates and an evaluation are timed on random images of the study's shape; nothing is read.
    """
    batches, inputs = 12, INPUTS[study.data.source]
    values = _values(study, section, {})
    draw = np.random.default_rng(0)
    rows = min(batches * section.batch_size, study.data.rows)
    x = draw.standard_normal((rows, inputs)).astype(section.precision)
    labels = draw.integers(0, CLASSES, rows)
    held_out = max(1, rows * study.data.validation // study.data.rows)
    fold = training.Data(x, labels, x[:held_out], labels[:held_out])
    recipe = replace(_recipe(values, 0), schedule=schedule.Constant(4))
    stack = training.train(
        _architecture(values, inputs), [_member(values, 0)] * members, recipe, fold
    )
    with threadpool_limits(1):
        next(stack)  # the first pass touches memory for the first time
        began = time.perf_counter()
        for _ in stack:
            pass
        seconds = (time.perf_counter() - began) / 3
    return seconds * study.data.rows / rows / members


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
    study: Study,
    section: TrainingSection,
    trials: Sequence[Assignment],
    places: tuple[int, ...],
    order_seed: int,
    fold: training.Data,
) -> Generator[dict[int, Report], None, _FinalStack]:
    """Train the trials at `places`, which fit into one stack; reports and voters are by place."""
    diverged: set[int] = set()
    lasts: list[_Voter] = []
    snapshots: list[_Voter] = []
    for epoch in _epochs(study, section, [trials[i] for i in places], order_seed, fold):
        here = tuple(places[i] for i in epoch.places)
        lasts = [_Voter(epoch.network, here)]
        snapshots += [_Voter(network, here) for network in epoch.snapshots]
        reports = {places[i]: report for i, report in epoch.reports.items()}
        diverged.update(place for place, report in reports.items() if report.diverged)
        yield reports
    return _FinalStack(lasts[0], tuple(snapshots), frozenset(diverged))


def _tested(study: Study, data: Dataset, stacks: Sequence[_FinalStack], trials: int) -> TestReport:
    lasts = [stack.last for stack in stacks]
    snapshots = [voter for stack in stacks for voter in stack.snapshots]
    sound = set(range(trials)).difference(*(stack.diverged for stack in stacks))
    with _faults_as_klayer_errors():
        test = prepared.test_set(data.prepared, _source(study.data.source, data.folder))
    singles = _votes(lasts, test.x, sound)
    kept = _votes(snapshots, test.x, sound)
    by_itself = {place: _accuracy(votes, test.y) for place, votes in singles.items()}
    everyone = [vote for votes in (kept or singles).values() for vote in votes]
    alone = len(singles) < 2
    return TestReport(
        accuracies=tuple(by_itself.get(place) for place in range(trials)),
        snapshot_ensemble=(
            _accuracy(kept[0], test.y) if study.final.ensemble and 0 in kept else None
        ),
        finalist_ensemble=None if alone else _accuracy(everyone, test.y),
        images=len(test.y),
        fingerprint=_hash(test.x, test.y),
    )


def _votes(voters: list[_Voter], x: Any, sound: set[int]) -> dict[int, list[Any]]:
    """Probabilities (n, c) of each sound trial's networks, by place."""
    votes: dict[int, list[Any]] = {}
    for voter in voters:
        probabilities = voter.network.probabilities(
            x.astype(voter.network.parameters[0].weights.dtype, copy=False)
        )
        for row, place in enumerate(voter.places):
            if place in sound:
                votes.setdefault(place, []).append(probabilities[row])
    return votes


def _accuracy(votes: list[Any], labels: Any) -> float:
    return float(ensemble.accuracy(ensemble.mean_probabilities(votes), labels))


@dataclass(frozen=True)
class _StackEpoch:
    """An epoch of a stack: who took part in it (places among its trials), and what came out."""

    places: tuple[int, ...]
    reports: dict[int, Report]
    network: Network
    snapshots: tuple[Network, ...]


def _epochs(
    study: Study,
    section: TrainingSection,
    trials: Sequence[Assignment],
    order_seed: int,
    fold: training.Data,
) -> Iterator[_StackEpoch]:
    """The epochs of trials that fit into one stack; those that diverge are dropped."""
    inputs = fold.x.shape[1]
    with _faults_as_klayer_errors():
        values = [_values(study, section, trial.parameters) for trial in trials]
        shared = {(_architecture(v, inputs), _recipe(v, order_seed)) for v in values}
        if len(shared) != 1:
            raise KlayerError("trials of one cohort must agree in network, schedule and batches")
        architecture, recipe = shared.pop()
        members = [_member(v, t.seed) for v, t in zip(values, trials, strict=True)]
    score = _Score(section, fold)
    places = tuple(range(len(trials)))
    stack = training.train(architecture, members, recipe, fold)
    kept: list[int] | None = None
    while places:
        try:
            epoch = next(stack) if kept is None else stack.send(kept)
        except StopIteration:
            return
        worth = score.after(places, epoch)
        reports = {
            place: _report(record, worth[place], validated=len(fold.validation_labels) > 0)
            for place, record in zip(places, epoch.records, strict=True)
        }
        yield _StackEpoch(places, reports, epoch.network, epoch.snapshots)
        rows = [row for row, place in enumerate(places) if not reports[place].diverged]
        kept = rows if len(rows) < len(places) else None
        places = tuple(places[row] for row in rows)


def _report(record: training.EpochRecord, value: float, *, validated: bool) -> Report:
    figures = EpochFigures(**asdict(record))
    costs = [figures.train_cost, figures.train_loss]
    if validated:  # without validation rows those figures are NaN, which is no divergence
        costs += [figures.validation_cost, figures.validation_loss]
    diverged = not all(map(math.isfinite, costs))
    return Report(figures, math.nan if diverged else value, diverged)


class _Score:
    """What each trial would be worth if it ended now, as `[training] score` says."""

    def __init__(self, section: TrainingSection, fold: training.Data) -> None:
        self._rule = section.score
        self._fold = fold
        self._best: dict[int, float] = {}
        self._votes: dict[int, list[Any]] = {}

    def after(self, places: Sequence[int], epoch: training.Epoch) -> dict[int, float]:
        """The values after an epoch, of the trials at `places`."""
        now = {
            place: record.validation_accuracy
            for place, record in zip(places, epoch.records, strict=True)
        }
        if self._rule == "best_epoch":
            self._best = {place: max(now[place], self._best.get(place, 0.0)) for place in now}
            return self._best
        if self._rule == "snapshot_ensemble" and len(self._fold.validation_labels):
            return now | self._ensembles(places, epoch)
        return now

    def _ensembles(self, places: Sequence[int], epoch: training.Epoch) -> dict[int, float]:
        for network in epoch.snapshots:
            dtype = network.parameters[0].weights.dtype
            votes = network.probabilities(self._fold.validation_x.astype(dtype, copy=False))
            for row, place in enumerate(places):
                self._votes.setdefault(place, []).append(votes[row])
        return {
            place: _accuracy(votes, self._fold.validation_labels)
            for place, votes in self._votes.items()
            if place in places
        }


def _stacks(
    study: Study, section: TrainingSection, trials: Sequence[Assignment]
) -> list[tuple[int, ...]]:
    """The places of trials that can be one stack, stack by stack."""
    key = grouping(study)
    groups: dict[Hashable, list[int]] = {}
    for place, trial in enumerate(trials):
        groups.setdefault(key(section, trial.parameters), []).append(place)
    return [tuple(places) for places in groups.values()]


def _final_fold(study: Study, data: Dataset) -> training.Data:
    """What the last training learns from: the training images, or the validation images too."""
    images = data.prepared
    if study.final.train_on == "training":
        return training.Data(
            images.training.x, images.training.y, images.validation.x, images.validation.y
        )
    return training.Data(
        images.both.x,
        images.both.y,
        images.validation.x[:0],
        images.validation.y[:0],
    )


def _source(name: str, folder: Path | None) -> Source:
    if name == "digits":
        return digits.source()
    return cifar10.source(cache_folder() / "cifar10" if folder is None else folder)


def _values(study: Study, section: TrainingSection, point: Point) -> dict[str, Any]:
    """Every hyperparameter of a trial: what the sections say, and what the point says instead."""
    values = dict(study.network) | dict(section) | dict(point)
    widths = list(study.network.widths)
    for name, value in point.items():
        layer = layer_of(name)
        if layer is not None:
            widths[layer - 1] = int(value)
    return values | {"widths": tuple(widths)}


def _architecture(values: dict[str, Any], inputs: int) -> Architecture:
    return Architecture(
        inputs=inputs,
        classes=CLASSES,
        activation=values["activation"],
        batch_norm=values["batch_norm"],
        batch_norm_affine=values["batch_norm_affine"],
        batch_norm_statistics=values["batch_norm_statistics"],
        batch_norm_decay=values["batch_norm_decay"],
        loss=values["loss"],
    )


def _recipe(values: dict[str, Any], order_seed: int) -> training.Recipe:
    return training.Recipe(
        batch_size=int(values["batch_size"]),
        schedule=_schedule(values["schedule"]),
        seed=order_seed,
        shuffle=values["shuffle"],
        jitter_relative=values["jitter_relative"],
        figures=values["figures"],
        precision=values["precision"],
    )


def _member(values: dict[str, Any], seed: int) -> Member:
    cycles = isinstance(values["schedule"], CyclesSchedule)
    return Member(
        widths=values["widths"],
        seed=seed,
        learning_rate=values["learning_rate"],
        learning_rate_min=values["learning_rate_min"] if cycles else 0.0,
        weight_decay=values["weight_decay"],
        momentum=values["momentum"],
        initialization=values["initialization"],
        init_sigma=values["init_sigma"],
        negative_slope=values["negative_slope"],
        elu_alpha=values["elu_alpha"],
        jitter=values["jitter"],
    )


def _schedule(said: Schedule) -> schedule.Schedule:
    if isinstance(said, CyclesSchedule):
        return schedule.Cycles(said.cycles, said.half_cycle_steps, said.half_cycle_epochs)
    if isinstance(said, ConstantSchedule):
        return schedule.Constant(said.epochs)
    return schedule.Decay(said.epochs, said.factor)


def _hash(x: Any, labels: Any) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(x).tobytes())
    digest.update(np.ascontiguousarray(labels).tobytes())
    return digest.hexdigest()


@contextmanager
def _faults_as_klayer_errors() -> Iterator[None]:
    """What `model` raises, as the errors that the command line prints."""
    try:
        yield
    except DataFileError as error:
        raise DataError(str(error)) from error
    except ModelError as error:
        raise KlayerError(str(error)) from error
