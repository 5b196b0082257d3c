"""The winner of a finished search, trained again from what the ledger recorded, and written down.

So are the other finalists, where they are to vote with it.

A search keeps seeds and curves, not weights: one that is trained again from the same seeds has the
same weights. That is not believed but compared: every figure of every epoch, bit for bit, while
the training runs. Where one differs nothing is written, for then it is not the network that was
tested.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from model.data.kinds import Kind
from search.errors import KlayerError, UnforeseenError
from search.ledger.ledger import Ledger
from search.ledger.opening import open_recorded
from search.ledger.records import RecordedTrial, Search
from search.objective.metric import Metric
from search.objective.report import Assignment, Report
from search.objectives.network.final import Winner
from search.objectives.network.trainer import NetworkTrainer
from search.plan.plan import FINAL
from search.runtime.environment import environment
from search.runtime.output import check

# Called after each epoch with how many have been trained of how many, counted by network, and with
# how the first network of the stack stands.
OnEpoch = Callable[[int, int, Report], None]


_NEW: dict[Kind, str] = {
    "table": "new.csv",
    "example": "new.csv",
    "arrays": "new.npy",
    "images": "new/",
}


class NotReproducedError(UnforeseenError):
    """A network, trained again, has another curve than the recorded one; nothing was written."""


@dataclass(frozen=True)
class Rebuilt:
    """A winner that was trained again as recorded, and written to a file.

    Attributes:
        name: Of the search.
        file: What was written.
        winner: The trial of the final that it is.
        epochs: How many were trained, of all networks that were compared.
        figures: How many recorded figures were compared, and found equal.
        finalists: How many finalists are in the file, the winner among them.
        voters: How many networks vote together, if they vote.
        snapshots: How many networks of the winner's own cycles are in the file too.
        inputs: How many numbers a row of pixels has.
        test: The test report as recorded.
        metric: The score that it tells.
        new: What a file or folder of rows may be called that it predicts; None where it was trained
            on `digits` or `cifar10`.
    """

    name: str
    file: Path
    winner: RecordedTrial
    epochs: int
    figures: int
    finalists: int
    voters: int
    snapshots: int
    inputs: int
    test: Mapping[str, Any]
    metric: Metric
    new: str | None


def rebuild(
    ledger: Ledger,
    name: str,
    data_folder: Path | None,
    file: Path,
    on_epoch: OnEpoch,
    *,
    finalists: bool = False,
) -> Rebuilt:
    """Train the winner of a search again, compare it with its record, and write it to a file.

    Args:
        ledger: The search's database; it is only read.
        name: Of the search.
        data_folder: Where the data set's files lie; None for the cache.
        file: What to write; a file that is there is replaced.
        on_epoch: Told of the progress.
        finalists: Whether the other finalists that voted with the winner are written too.

    Raises:
        KlayerError: The search is not finished, its winner diverged, there are no other finalists
            that voted, the images are others, or the file cannot be written. Nothing was written.
        NotReproducedError: A figure differs from the recorded one. Nothing was written.
    """
    search = ledger.read.search(name)
    trials = _final_trials(ledger, search)
    if finalists:
        _check_vote(search, trials)
    folder = () if data_folder is None else (data_folder,)
    _check_target(file, (*search.study.objective.reads, *folder))
    trainer = _trainer(search, data_folder)
    curves = ledger.read.curves(search)
    recorded = [curves[trial.id] for trial in (trials if finalists else trials[:1])]
    winner = _retrained(search, trials, trainer, recorded, on_epoch, finalists=finalists)
    winner.save(file)
    kind = trainer.objective.data.kind
    return Rebuilt(
        name=name,
        file=file,
        winner=trials[0],
        epochs=sum(map(len, recorded)),
        figures=sum(
            value is not None for report in chain(*recorded) for value in report.finite().values()
        ),
        finalists=winner.finalists,
        voters=winner.voters,
        snapshots=winner.snapshots,
        inputs=winner.inputs,
        test=search.result or {},
        metric=trainer.objective.evaluation,
        new=None if kind is None else _NEW[kind],
    )


def _final_trials(ledger: Ledger, search: Search) -> list[RecordedTrial]:
    """The trials of the final, the winner first, all of which took part in its training."""
    name, kind = search.study.name, search.study.objective.kind
    if kind != "network":
        raise KlayerError(
            f"{name}: trains a {kind} of your own, which keeps its models itself; `klayer status "
            f"{name} --json` has the parameters and the seed of the best trial"
        )
    if search.finished_at is None:
        raise KlayerError(
            f"{name}: this search is not finished, so it has no winner yet; the same `klayer run` "
            f"that began it goes on, and `klayer status {name}` shows how far it is"
        )
    trials = [trial for trial in ledger.read.trials(search) if trial.stage == FINAL]
    if trials[0].state == "failed":
        raise KlayerError(
            f"{name}: there is no winner to write: its training was {trials[0].reason}"
        )
    if trials[0].state == "diverged":
        raise KlayerError(
            f"{name}: there is no winner to write: when it was trained for the last time it "
            f"{trials[0].reason}; search a range of lower learning rates"
        )
    return trials


def _check_vote(search: Search, trials: Sequence[RecordedTrial]) -> None:
    """Refuse a vote that the final did not have."""
    if any(trial.state != "diverged" for trial in trials[1:]):
        return
    if not search.study.objective.ensemble:
        why = "its study has `ensemble = false` in [final]"
    elif search.study.final.finalists < 2:
        why = "its study has `finalists = 1` in [final]"
    else:
        why = "all others diverged"
    raise KlayerError(
        f"{search.study.name}: --finalists: no other finalist voted with the winner, since {why}; "
        "without --finalists the file holds the winner"
    )


def _trainer(search: Search, data_folder: Path | None) -> NetworkTrainer:
    """The network of a search, with the images that it was recorded with.

    Raises:
        KlayerError: What it trains is no network of klayer's, or the images are others.
    """
    trainer = open_recorded(search, data_folder)
    if not isinstance(trainer, NetworkTrainer):
        kind = search.study.objective.kind
        raise KlayerError(
            f"{search.study.name}: its winner is trained by a {kind} of your own, so klayer has no "
            "model to write; only networks of klayer's own are written to a file"
        )
    return trainer


def _check_target(file: Path, reads: Sequence[Path]) -> None:
    """Find out before the training what would else be found out behind it."""
    if file.is_dir():
        raise KlayerError(f"--output: {file}: is a folder; give the name of a file")
    if not file.absolute().parent.is_dir():
        raise KlayerError(f"--output: {file}: its folder does not exist; make it, or give another")
    check(file, reads)


def _retrained(
    search: Search,
    trials: Sequence[RecordedTrial],
    trainer: NetworkTrainer,
    recorded: Sequence[Sequence[Report]],
    on_epoch: OnEpoch,
    *,
    finalists: bool,
) -> Winner:
    """The winner, with the other finalists or alone.

    Args:
        search: The search.
        trials: Of its final, the winner first.
        trainer: What trains them.
        recorded: The curves of the first of these trials, each epoch of which is compared.
        on_epoch: Told of the progress.
        finalists: Whether the others are kept too.

    Raises:
        NotReproducedError: An epoch differs; the training ends with it.
    """
    training = trainer.retrain(
        search.study.final.training,
        [Assignment(trial.parameters, trial.seed) for trial in trials],
        trials[0].order_seed,
        finalists=finalists,
    )
    done = [0] * len(recorded)
    # One thread, as the workers have: with more, a BLAS may add in another order.
    with threadpool_limits(limits=1):
        while True:
            try:
                reports = next(training)
            except StopIteration as end:
                winner: Winner = end.value
                break
            compared = {i: report for i, report in reports.items() if i < len(recorded)}
            for place, report in compared.items():
                before = recorded[place][done[place] : done[place] + 1]
                different = _differences(before, report)
                if different:
                    raise NotReproducedError(_refusal(search, place, different))
                done[place] += 1
            on_epoch(sum(done), sum(map(len, recorded)), next(iter(compared.values())))
    for place, curve in enumerate(recorded):
        if done[place] != len(curve):
            ended = f"the training ended after {done[place]} epochs, and was recorded with "
            raise NotReproducedError(_refusal(search, place, [f"{ended}{len(curve)}"]))
    return winner


def _differences(recorded: Sequence[Report], now: Report) -> list[str]:
    """The figures of an epoch that are not the recorded ones, a line each.

    Args:
        recorded: That epoch's record; empty where there is none.
        now: What it gave now. Figures that are no finite numbers are not told apart, since the
            ledger keeps none of them.
    """
    if not recorded:
        return [f"epoch {now.step} was not recorded"]
    before = recorded[0].finite()
    return [
        f"epoch {now.step}: {figure} is {value!r} here, and was recorded as {before[figure]!r}"
        for figure, value in now.finite().items()
        if figure in before and value != before[figure]
    ]


def _refusal(search: Search, place: int, different: Sequence[str]) -> str:
    """The message that says what differs of a trial of the final, and what may be the reason."""
    changes = _changes(search.environment, environment())
    reason = (
        "The same numbers come only from the same versions on the same kind of machine. What has "
        "changed since the search was begun:\n  " + "\n  ".join(changes)
        if changes
        else "Versions, BLAS and machine are those recorded, as far as they are recorded."
    )
    who = f"finalist {place + 1}" if place else "the winner"
    return (
        f"{search.study.name}: {who}, trained again, is not the recorded one; nothing was "
        "written.\n  " + "\n  ".join(different) + f"\n{reason}"
    )


def _changes(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Where two environments differ, a line each."""
    before, after = _flat(recorded), _flat(now)
    return [
        f"{key}: {before.get(key, 'none')} recorded, {after.get(key, 'none')} here"
        for key in (before | after)
        if before.get(key) != after.get(key)
    ]


def _flat(value: object, key: str = "") -> dict[str, object]:
    """Nested values by dotted keys, as in `packages.numpy` or `blas.0.version`."""
    if isinstance(value, Mapping):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    else:
        return {key: value}
    flat: dict[str, object] = {}
    for name, one in inner:
        flat |= _flat(one, f"{key}.{name}" if key else str(name))
    return flat
