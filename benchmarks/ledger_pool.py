"""A contender in a process of its own, which forks workers and counts what they do in some seconds.

What a worker needs before it can begin (imports, statements compiled, Optuna's copy of all trials)
is there when it is forked, and its first piece does not count: it is that of a worker that has been
at it for a while. Connections are each worker's own.
"""

import json
import math
import multiprocessing
import tempfile
import time
import traceback
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from benchmarks import side_by_side
from benchmarks.timing import NotMeasuredError

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

MEMORY_SECONDS = 0.25  # between two looks at a worker's memory


class Piece(NamedTuple):
    """What a worker claims at once, and has handed in.

    Attributes:
        claim_seconds: That the claim took.
        trials: How many it had; 0 where the database failed it.
    """

    claim_seconds: float
    trials: int


class Contender(Protocol):
    """Something that hands out trials and takes their results."""

    def prepare(self) -> dict[str, float]:
        """Make its database; what that took, by name."""

    def take_up(self) -> None:
        """Use the database that another process has prepared and worked on."""

    def make_ready(self, seconds: float, workers: int) -> None:
        """See to it that there is work for some seconds, and leave no connection open."""

    def pieces(self, worker: str, epochs: int) -> Iterator[Piece]:
        """Claim and hand in, piece after piece, with so many epochs recorded of each trial."""


@dataclass(frozen=True)
class Cell:
    """What is measured once.

    Attributes:
        workers: How many processes at once.
        seconds: For how long.
        epochs: That are recorded of each trial.
    """

    workers: int
    seconds: float
    epochs: int = 0


@dataclass(frozen=True)
class Tally:
    """What all workers of a cell did.

    Attributes:
        rate: Trials handed in a second.
        claims: Seconds of each claim, in rising order.
        failures: How many pieces the database failed.
        memory: Of the first worker, trials handed in before and its own megabytes, time by time.
    """

    rate: float
    claims: Sequence[float]
    failures: int
    memory: Sequence[tuple[int, float]]

    def claim(self, share: float) -> float:
        """The seconds that this share of the claims did not exceed; NaN without any claim."""
        if not self.claims:
            return math.nan
        return self.claims[min(int(share * len(self.claims)), len(self.claims) - 1)]


class Pool:
    """A contender's process. Used as a context it is ended behind it.

    Args:
        make: Makes the contender, in that process.
    """

    def __init__(self, make: Callable[[], Contender]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_attend, args=(other, make))
        self._process.start()
        other.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.join()

    def prepare(self) -> dict[str, float]:
        """Make the contender's database; what that took, by name.

        Raises:
            NotMeasuredError: It failed.
        """
        found: dict[str, float] = self._ask("prepare")
        return found

    def take_up(self) -> None:
        """Use the database that another pool has prepared.

        Raises:
            NotMeasuredError: It failed.
        """
        self._ask("take up")

    def measure(self, cell: Cell) -> Tally:
        """Let workers work.

        Raises:
            NotMeasuredError: One of them failed.
        """
        found: Tally = self._ask("measure", cell)
        return found

    def _ask(self, *task: object) -> Any:
        try:
            self._pipe.send(task)
            fine, found = self._pipe.recv()
        except (EOFError, OSError):
            raise NotMeasuredError("its process ended") from None
        if not fine:
            raise NotMeasuredError(found)
        return found


def _attend(pipe: Connection, make: Callable[[], Contender]) -> None:
    """Do what comes through the pipe, until its other end is closed."""
    contender = make()
    tasks: Mapping[str, Callable[..., Any]] = {
        "prepare": partial(_prepare, contender),
        "take up": partial(_take_up, contender),
        "measure": partial(_measure, contender),
    }
    while True:
        try:
            name, *given = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((True, tasks[name](*given)))
        except Exception as error:
            traceback.print_exc()
            pipe.send((False, f"{type(error).__name__}: {error}"))


def _prepare(contender: Contender) -> dict[str, float]:
    found = contender.prepare()
    _warm_up(contender)
    return found


def _take_up(contender: Contender) -> None:
    contender.take_up()
    _warm_up(contender)


def _warm_up(contender: Contender) -> None:
    next(contender.pieces("pool", 1), None)  # every statement is compiled from now on


def _measure(contender: Contender, cell: Cell) -> Tally:
    contender.make_ready(cell.seconds, cell.workers)
    with tempfile.TemporaryDirectory(prefix="klayer-ledger-") as place:
        folder = Path(place)
        code = side_by_side.run(partial(_work, contender, cell, folder), cell.workers)
        if code:
            raise NotMeasuredError(f"a worker ended with exit code {code}")
        return summed(
            [json.loads(path.read_text("ascii")) for path in sorted(folder.iterdir())],
            cell.seconds,
        )


def _work(contender: Contender, cell: Cell, folder: Path, number: int, together: "Barrier") -> None:
    """What one worker does; it leaves what it did as a file."""
    pieces = contender.pieces(f"worker-{number}", cell.epochs)
    next(pieces, None)  # connects, and the server's process gets to know the tables
    together.wait()
    began = time.monotonic()
    # Three figures a piece: when handed in, claim_seconds, trials. As objects they would be most
    # of what this process grows by.
    done = array("d")
    memory = [(0, own_megabytes())]
    next_look, trials = began + MEMORY_SECONDS, 0
    for piece in pieces:
        now = time.monotonic()
        trials += piece.trials
        done.extend((now, *piece))
        if now >= next_look:
            memory.append((trials, own_megabytes()))
            next_look = now + MEMORY_SECONDS
        if now >= began + cell.seconds:
            break
    told = list(zip(done[::3], done[1::3], done[2::3], strict=True))
    found = {"began": began, "done": told, "memory": memory}
    (folder / f"{number:03}.json").write_text(json.dumps(found), "ascii")


def summed(workers: Sequence[Mapping[str, Any]], seconds: float) -> Tally:
    """What workers did together between their start and the end of `seconds`.

    The time ends before that where there was no work left.
    """
    began = max(one["began"] for one in workers)
    done = [piece for one in workers for piece in one["done"]]
    until = min(began + seconds, max((at for at, *_ in done), default=began + seconds))
    trials = sum(count for at, _, count in done if at <= until)
    return Tally(
        rate=trials / (until - began) if until > began else 0.0,
        claims=sorted(claim for _, claim, count in done if count),
        failures=sum(1 for *_, count in done if not count),
        memory=[(count, size) for count, size in workers[0]["memory"]],
    )


def own_megabytes() -> float:
    """What this process holds for itself: its resident anonymous pages."""
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return math.nan
