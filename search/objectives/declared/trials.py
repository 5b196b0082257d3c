"""Train a cohort of a user's trials: try again, rest at a rung and go on from there.

How one attempt trains is for a command or a function to say, by a `Run`.
"""

import math
import shutil
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from search.objective.port import Reports, Saver
from search.objective.report import Report
from search.objectives.declared.checkpoints import State, pack, unpack
from search.objectives.declared.reports import Judge, Progress
from search.objectives.faults import DoubtfulError, TrialError
from search.space.space import Value

TICK_SECONDS = 0.5
"""The longest time in which a training yields nothing, and cannot be stopped."""

SETTLE_SECONDS = 0.1
"""From a report until a training is held still: what it saves then, it has most likely saved."""

MOST_NEWS = 50
"""Reports after which one that reports faster than that is held still as well."""

MOST_REASON = 2_000
"""Characters of what is stored of a failed trial."""

Record = Mapping[str, object]


@dataclass(frozen=True)
class Paused:
    """The training stands still until the next event is asked for, behind all that it has reported.

    Attributes:
        records: What it had reported that was not yielded yet, by the trial's place.
    """

    records: Sequence[tuple[int, Record]] = ()


Event = tuple[int, Record] | Paused | None
Attempt = Generator[Event, None, Sequence[Record | None]]
"""Records by the trial's place in the attempt, None now and then where there are none; at the end
the metrics that each trial returned, if any."""


@dataclass(frozen=True)
class Given:
    """What the training of one trial is given.

    Attributes:
        parameters: Its hyperparameters, and the fixed ones.
        seed: For all of its randomness, below 2³².
        checkpoints: A folder whose files are there again where the trial goes on; not made yet
            where there are none.
        scratch: A folder for this attempt, to be made by those that need it.
    """

    parameters: Mapping[str, Value]
    seed: int
    checkpoints: Path
    scratch: Path


@dataclass(frozen=True)
class Asked:
    """What an attempt asks after each record.

    Attributes:
        enough: Whether the training is to end.
        pause: Whether it is to be held still for a moment, so that its checkpoints can be copied.
    """

    enough: Callable[[], bool] = lambda: False
    pause: Callable[[], bool] = lambda: False


Run = Callable[[Sequence[Given], int | None, Asked], Attempt]
"""How one attempt is trained: what each trial is given, the step at whose report a trial comes to
rest, and what is asked. Closing the generator ends the training."""

Sent = Generator[Mapping[int, Report], Sequence[int] | None, None]


@dataclass(frozen=True)
class Rules:
    """What holds for all trials of a cohort.

    Attributes:
        judge: Of what they report.
        tries: How often each is begun, at most.
        steps: How many steps a trial has; None where that is not known.
        until: The step at which they rest; None to train them to the end.
    """

    judge: Judge
    tries: int
    steps: int | None
    until: int | None


@dataclass
class _Trial:
    """How a trial of the cohort stands."""

    place: int
    parameters: Mapping[str, Value]
    seed: int
    state: State
    rules: Rules
    known: Progress = field(init=False)
    stride: int = field(init=False)
    left: int = field(init=False)  # tries
    at: int = 0  # the last step of this attempt
    began: int = 0  # the step that was known when it began
    checkpoints: Path | None = None
    ahead: list[Record] = field(default_factory=list)
    failure: TrialError | None = None
    dropped: bool = False

    def __post_init__(self) -> None:
        self.known, self.stride = self.state.progress, self.state.stride
        self.left = self.rules.tries

    @property
    def rests(self) -> bool:
        """Whether it has come to the step at which trials are compared."""
        until = self.rules.until
        return until is not None and max(self.at, self.known.step) >= until

    @property
    def is_over(self) -> bool:
        """Whether nothing that it reports counts any more."""
        steps = self.rules.steps
        past_its_end = steps is not None and self.at > steps
        return self.failure is not None or self.dropped or self.rests or past_its_end

    def begin(self, scratch: Path) -> Given:
        """Begin an attempt, from where the trial was taken up.

        Checkpoints that cannot be put back are cast aside, as those that lead to nothing new are.
        """
        self.checkpoints = scratch / "checkpoints"
        try:
            unpack(self.state.packed, self.checkpoints)
        except TrialError:
            self.state = replace(self.state, packed=b"")
            self.checkpoints = scratch / "none"  # the other may hold some of them
        self.at, self.began, self.failure = 0, self.known.step, None
        self.ahead.clear()
        return Given(self.parameters, self.seed, self.checkpoints, scratch)

    def begins_again(self) -> bool:
        """Whether there is to be another attempt, after one that failed.

        Checkpoints are cast aside that lead to nothing new: they may be half written, or past what
        was reported, as the training was ended at a rung at any time. That costs no try.
        """
        if self.failure is None or self.dropped:
            return False
        if isinstance(self.failure, DoubtfulError):
            return True
        if self.state.packed and self.known.step == self.began:
            self.state = replace(self.state, packed=b"")
            return True
        self.left -= 1
        return self.left > 0

    def now(self) -> bytes:
        """What it goes on from that has come so far.

        Raises:
            TrialError: Its checkpoints are too large, or cannot be read.
        """
        packed = self.state.packed if self.checkpoints is None else pack(self.checkpoints)
        ahead = self.ahead if packed else ()  # without checkpoints they will come again
        return State(self.known, self.stride, ahead, packed).plain()

    def take(self, record: Record) -> Report | None:
        """What is new in a record of its training.

        Raises:
            TrialError: The record breaks a rule.
        """
        rules = self.rules
        found = rules.judge.next(replace(self.known, step=self.at), record)
        begins_late = found.step > self.known.step + self.stride
        if not self.at and self.checkpoints is not None and self.state.packed and begins_late:
            raise TrialError(f"its checkpoints led from step {self.known.step} to {found.step}")
        self.at = found.step
        if found.step <= self.known.step or self.dropped:
            return None
        if rules.steps is not None and found.step > rules.steps:
            return None
        if rules.until is not None and found.step > rules.until:
            self.ahead.append({**record, "step": found.step})
            return None
        self.stride = max(self.stride, found.step - self.known.step)
        self.known = found
        return rules.judge.report(found)

    def end(self, returned: Record | None) -> Report | None:
        """What its training returned, once that has ended by itself.

        Raises:
            TrialError: It has no score.
        """
        judge, before = self.rules.judge, self.known
        unfinished = before.step < (self.rules.steps or math.inf)
        led_nowhere = before.step == self.began and unfinished and returned is None
        if self.state.packed and led_nowhere and not self.is_over:
            raise TrialError(f"its checkpoints led from step {before.step} to its end")
        if returned is not None and not self.is_over:
            self.known = judge.returned(before, returned)
        if self.known.value is None:
            waits = f" up to step {self.rules.until}" if self.rests else ""
            raise TrialError(
                f"it reported no {judge.score.name}{waits}, by which trials are ranked"
            )
        return None if self.known == before else judge.report(self.known)


class Cohort:
    """Trials that are trained at once.

    Args:
        run: How.
        rules: What holds for all.
        parameters: Of each trial.
        seeds: Of each trial.
        start: What each goes on from, as `train` returned it; empty to begin.
        folder: For files of these trials, removed with them; to be made by those that need it.
        saver: Takes down how they stand, now and then.
        printed: The last lines that the training of a trial has printed.
    """

    def __init__(
        self,
        run: Run,
        rules: Rules,
        parameters: Sequence[Mapping[str, Value]],
        seeds: Sequence[int],
        start: Sequence[bytes],
        folder: Path,
        saver: Saver | None = None,
        printed: Callable[[Given], str] = lambda _: "",
    ) -> None:
        self._run, self._rules, self._folder, self._saver = run, rules, folder, saver
        self._printed = printed
        states = [State.of(one) for one in start] or [State(Progress()) for _ in seeds]
        self._trials = [
            _Trial(place, *given, rules)
            for place, given in enumerate(zip(parameters, seeds, states, strict=True))
        ]

    def train(self) -> Reports:
        """As `search.objective.port.Trainer.train`."""
        try:
            for trial in self._trials:
                for record in trial.state.ahead:
                    yield from self._tell(trial, trial.take(record))
            left, number = [trial for trial in self._trials if not trial.rests], 0
            while left:
                yield from self._attempt(left, self._folder / str(number))
                left, number = [trial for trial in left if trial.begins_again()], number + 1
            states = self._states()
            for trial in self._trials:
                if trial.failure is not None and not trial.dropped:
                    report = self._rules.judge.failed(trial.known, reason(trial.failure))
                    yield from self._tell(trial, report)
        finally:
            if self._folder.exists():
                shutil.rmtree(self._folder, ignore_errors=True)
        return states

    def _attempt(self, trials: Sequence[_Trial], folder: Path) -> Sent:
        """Train some trials once; those that fail have a failure then."""
        given = [trial.begin(folder / str(trial.place)) for trial in trials]
        try:
            asked = Asked(_all_over(trials), self._is_due)
            with closing(self._run(given, self._rules.until, asked)) as attempt:
                yield from self._records(trials, attempt)
        except TrialError as error:
            for trial in trials:
                if not trial.is_over:
                    trial.failure = error
        for trial, one in zip(trials, given, strict=True):
            failure = trial.failure
            if failure is not None and not failure.output:  # such as of reports that break a rule
                trial.failure = type(failure)(failure.reason, self._printed(one))

    def _records(self, trials: Sequence[_Trial], attempt: Attempt) -> Sent:
        returned: Sequence[Record | None] = ()
        behind: list[dict[int, Report]] = []
        states: dict[int, bytes] | None = None
        while True:
            try:
                event = next(attempt)
            except StopIteration as end:
                returned = end.value
                break
            if isinstance(event, Paused):
                behind, states = self._stand_still(trials, event)
                continue  # the training goes on, before anything is stored
            if behind or states is not None:
                yield from self._after_it_stood(behind, states)
                behind, states = [], None
            if event is None:
                yield from self._send({})
                continue
            place, record = event
            yield from self._taken(trials[place], partial(trials[place].take, record))
            if all(trial.failure is not None for trial in trials):
                return
        for trial, one in zip(trials, returned, strict=True):
            if trial.failure is None and not trial.dropped:
                yield from self._taken(trial, partial(trial.end, one))

    def _taken(self, trial: _Trial, take: Callable[[], Report | None]) -> Sent:
        if trial.failure is not None:
            return
        try:
            report = take()
        except TrialError as error:
            trial.failure = error
        else:
            yield from self._tell(trial, report)

    def _tell(self, trial: _Trial, report: Report | None) -> Sent:
        yield from self._send({} if report is None else {trial.place: report})

    def _send(self, reports: Mapping[int, Report]) -> Sent:
        going = yield reports
        if going is not None:
            for trial in self._trials:
                trial.dropped = trial.dropped or trial.place not in going

    def _after_it_stood(
        self, behind: Sequence[dict[int, Report]], states: dict[int, bytes] | None
    ) -> Sent:
        """Tell what was reported until a training stood still, and offer how it stood."""
        for reports in behind[:-1]:
            yield from self._send(reports)
        if states is not None and self._saver is not None:
            self._saver.offer(partial(dict, states))
        yield from self._send(behind[-1] if behind else {})

    def _is_due(self) -> bool:
        return self._saver is not None and self._saver.due()

    def _stand_still(
        self, trials: Sequence[_Trial], paused: Paused
    ) -> tuple[list[dict[int, Report]], dict[int, bytes] | None]:
        """What a training that stands still had reported, and what its trials go on from.

        Those that have failed begin anew where this is used. There is nothing where a folder is too
        large or cannot be read: then it is not tried again.
        """
        behind = []
        for place, record in paused.records:
            trial = trials[place]
            try:
                report = None if trial.failure is not None else trial.take(record)
            except TrialError as error:
                trial.failure = error
                continue
            if report is not None:
                behind.append({trial.place: report})
        left = [trial for trial in self._trials if not trial.dropped]
        try:
            return behind, {
                one.place: one.now() if one.failure is None else one.state.plain() for one in left
            }
        except TrialError:
            self._saver = None
            return behind, None

    def _states(self) -> dict[int, bytes]:
        """What the trials go on from that rest."""
        states = {}
        for trial in self._trials:
            if not trial.rests or trial.failure is not None or trial.dropped:
                continue
            try:
                states[trial.place] = trial.now()
            except TrialError as error:
                trial.failure = error
        return states


def _all_over(trials: Iterable[_Trial]) -> Callable[[], bool]:
    return lambda: all(trial.is_over for trial in trials)


def reason(error: TrialError) -> str:
    """Why a trial failed, with the end of what it printed, as text that any database keeps."""
    first = _storable(error.reason)[:MOST_REASON]
    output = _storable(error.output)
    room = MOST_REASON - len(first) - 2
    if not output or room <= 0:
        return first
    return f"{first}\n{output if len(output) <= room else '…' + output[-room:]}"


def _storable(text: str) -> str:
    """A user's text without control characters and halves of characters."""
    return "".join(
        one if one.isprintable() or one == "\n" else "\N{REPLACEMENT CHARACTER}" for one in text
    )
