"""What the ledger hands out: frozen values, one a row or a small group of rows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from search.errors import LedgerError
from search.ledger.states import TrialStatus
from search.objective.data_card import DataCard
from search.objective.report import Assignment
from search.plan.plan import Kind, Step
from search.plan.trial import Trial
from search.runtime.environment import code_version
from search.study.file import Study

WorkerKind = Literal["worker", "launcher"]


@dataclass(frozen=True)
class Extended:
    """One change of a recorded study (`search.ledger.extending`).

    Attributes:
        at: When, in seconds since 1970, UTC.
        by: Who, as user@host.
        changes: What differs, a line each.
        study_hash: SHA-256 of the study's canonical form before.
        study_text: The study file before, as it was read.
    """

    at: float
    by: str
    changes: tuple[str, ...]
    study_hash: str
    study_text: str


@dataclass(frozen=True)
class Search:
    """One search as the ledger holds it. Times are seconds since 1970, UTC.

    Attributes:
        id: Its key in the database.
        study: What was asked for.
        study_hash: SHA-256 of the study's canonical form.
        data: What is known of the data that it runs on.
        environment: Versions and machine, as when it was first run.
        created_at: When it was recorded.
        finished_at: When its last stage was finished; None before.
        result: What the evaluation says, as plain values; None before, or without one.
        stopped_at: When it was asked to stop; None unless it stands still since.
        failure: Why it cannot go on, or ended without an evaluation; None unless that is so.
        metrics: The names of the metrics that its trials report, in the order of the record.
        extensions: How the study was changed since it was recorded, oldest first.
        klayer: The version that works on it.
    """

    id: int
    study: Study
    study_hash: str
    data: DataCard
    environment: dict[str, Any]
    created_at: float
    finished_at: float | None
    result: dict[str, Any] | None
    stopped_at: float | None = None
    failure: str | None = None
    metrics: tuple[str, ...] = ()
    extensions: tuple[Extended, ...] = ()
    klayer: str = ""

    @property
    def data_fingerprint(self) -> str:
        """Hash of what is trained on, or of what stands for it."""
        return self.data.fingerprint


@dataclass(frozen=True)
class Presence:
    """A process that works on searches, as it makes itself known.

    Attributes:
        name: No other has it; the owner of what it claims.
        kind: Whether it trains and plans, or started others that do and plans for them.
        host: The name of its machine.
        machine: Which running kernel that is (`search.ledger.host`).
        process: Its process id there.
        search_id: The one search that it serves; None for all.
        launcher: The name of the launcher that started it; None if nobody did.
        sees_launcher: Whether it sees by itself that its launcher is gone, as a child does.
        lease_seconds: When it has not been heard of for so long, it is lost.
        klayer: Its version.
    """

    name: str
    kind: WorkerKind
    host: str
    machine: str
    process: int
    search_id: int | None
    launcher: str | None
    lease_seconds: float
    sees_launcher: bool = False
    klayer: str = field(default_factory=code_version)


@dataclass(frozen=True)
class WorkerState:
    """How one worker stands. Times are seconds since 1970, UTC.

    Attributes:
        name: Its name.
        kind: Whether it is a worker or a launcher.
        host: The name of its machine.
        process: Its process id there.
        search: The one search that it serves; None for all.
        started_at: When it began.
        seen_at: When it was last heard of.
        lost: Whether that is longer ago than its lease: it was killed, or cut off.
        work: What it holds, such as "coarse #0 to #3"; None where it waits.
        working_on: The search of what it holds.
        since: Since when it holds that; None where that is not known, or nothing.
        klayer: Its version.
    """

    name: str
    kind: WorkerKind
    host: str
    process: int
    search: str | None
    started_at: float
    seen_at: float
    lost: bool
    work: str | None
    working_on: str | None
    since: float | None
    klayer: str

    def works_for(self, name: str) -> bool:
        """Whether it works on a search of that name, or waits for work of that one."""
        if self.kind != "worker" or self.lost:
            return False
        return name in (self.working_on, self.search)


@dataclass(frozen=True)
class StageRef:
    """Which stage of a search, as it was recorded.

    Attributes:
        id: Its key in the database.
        number: Its place in the search, from 1.
        name: As in the study file.
        kind: What it is for.
    """

    id: int
    number: int
    name: str
    kind: Kind


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A worker's hold on a piece of work, as good as its lease.

    Attributes:
        stage: The stage that it belongs to.
        owner: Who holds it.
        attempt: How many claims of this work there have been; the ledger takes what comes of it
            only from the latest.
        budget_of: The key of the search, if it has a budget by the clock, to which the time counts.
    """

    stage: StageRef
    owner: str
    attempt: int
    budget_of: int | None = None

    @property
    def named(self) -> str:
        """The work, for people."""
        return self.stage.name


@dataclass(frozen=True)
class CohortCheckpoint:
    """How a cohort stood amid its training, for another worker that goes on from there.

    Attributes:
        steps: By trial number, the last step whose report counts.
        notes: What its worker knew of the trials besides their reports, as plain values.
        states: By number, what those trials go on from that are not at their ends.
    """

    steps: Mapping[int, int]
    notes: Mapping[str, Any]
    states: Mapping[int, bytes]

    def is_further_than(self, steps: Mapping[int, int]) -> bool:
        """Whether a trial has come further than it had in an earlier one, by number."""
        return any(step > steps.get(number, 0) for number, step in self.steps.items())


@dataclass(frozen=True, kw_only=True)
class CohortClaim(Claim):
    """A claim of a cohort.

    Attributes:
        cohort_id: Which cohort.
        lost: With how many workers it was lost since it last came further.
        numbers: Its trials' numbers in the stage's plan.
        ids: Their keys in the database, in the same order.
        trials: What is to be trained, in the same order.
        order_seed: Of the draws that the trials share.
        start: Steps that they have been trained already.
        stop: Steps after which they rest at a rung; None where they are trained to the end.
        start_states: What each was put down as then, in the same order; empty where `start` is 0.
        checkpoint: Where the cohort goes on instead, as an earlier worker of it stored it; None
            where none has.
        metrics: The names of the metrics that are stored of each report.
        score: The one of them that ranks.
    """

    cohort_id: int
    lost: int
    numbers: tuple[int, ...]
    ids: tuple[int, ...]
    trials: tuple[Assignment, ...]
    order_seed: int
    start: int = 0
    stop: int | None = None
    start_states: tuple[bytes, ...] = ()
    checkpoint: CohortCheckpoint | None = None
    metrics: tuple[str, ...] = ()
    score: str = ""

    @property
    def named(self) -> str:
        """For people: the stage, and the numbers of its trials."""
        return named(self.stage.name, min(self.numbers), max(self.numbers), len(self.numbers))


@dataclass(frozen=True, kw_only=True)
class PlanningClaim(Claim):
    """A claim of the planning of a stage, or of what follows in it.

    Attributes:
        rung: How many rungs lie before what is to be planned; 0 is the stage itself.
        generation: How many generations lie before what is to be planned; 0 is the stage itself.
    """

    rung: int = 0
    generation: int = 0

    @property
    def named(self) -> str:
        """For people: the stage, and what of it."""
        if self.rung:
            return f"{self.stage.name}, rung {self.rung}"
        if self.generation:
            return f"{self.stage.name}, generation {self.generation + 1}"
        return self.stage.name


@dataclass(frozen=True)
class TrialResult:
    """How one trial of a cohort stands when the cohort is handed in: at its end, or at a rung.

    Attributes:
        number: Which trial.
        value: Its score, at the end, at the rung, or where it was pruned; None where it has none.
        reason: Why it has none: it diverged or failed; None otherwise.
        pruned_after: Steps after which it was pruned; None where it was trained to its end.
        failed: Whether it has no value by a fault of its own, such as a score that is missing or a
            program that ended with an error, or since too many workers were lost with it, rather
            than that it diverged.
        checkpoint: What it goes on from, where it rests at a rung; None where it is at its end.

    Raises:
        LedgerError: It has a value and a reason, or neither; the value is no finite number; or it
            rests without a value, or where it was pruned.
    """

    number: int
    value: float | None
    reason: str | None = None
    pruned_after: int | None = None
    failed: bool = False
    checkpoint: bytes | None = None

    def __post_init__(self) -> None:
        one_of_both = (self.value is None) == (self.reason is not None)
        if not one_of_both or (self.value is not None and not math.isfinite(self.value)):
            raise LedgerError(
                f"trial {self.number} ends with a finite value or with a reason why it has none, "
                f"not with value {self.value} and reason {self.reason}"
            )
        if self.checkpoint is not None and (self.value is None or self.pruned_after is not None):
            raise LedgerError(
                f"trial {self.number} rests at a rung with a value and is not pruned there yet; "
                f"it was given value {self.value}, and as pruned after {self.pruned_after} steps"
            )

    @property
    def state(self) -> TrialStatus:
        """What the trial is from now on."""
        if self.reason is not None:
            return "failed" if self.failed else "diverged"
        if self.checkpoint is not None:
            return "waiting"
        return "complete" if self.pruned_after is None else "pruned"


@dataclass(frozen=True, kw_only=True)
class RecordedTrial(Trial):
    """One trial as the ledger holds it.

    Attributes:
        id: Its key in the database.
        state: Waiting (also at a rung), running, complete, pruned by halving, diverged, failed, or
            skipped: never trained, since the time ran out.
        seed: Of its own draws.
        order_seed: Of the draws that it shares with its cohort.
        reason: Why it has no value: it diverged, or failed; None otherwise.
        finished_at: Seconds since 1970, UTC; None before.
    """

    id: int
    state: TrialStatus
    seed: int
    order_seed: int
    reason: str | None
    finished_at: float | None


@dataclass(frozen=True)
class TrialWork:
    """Which worker trained a trial, with its cohort. Times are seconds since 1970, UTC.

    Attributes:
        cohort: The cohort's number in the plan of its stage, or of its rung.
        mates: The numbers of all trials of the cohort, this one included.
        attempts: How often the cohort was claimed.
        lost: How many of those who claimed it were lost with it since it last came further.
        worker: Who has it, or had it last; None before.
        claimed_at: Since when; None before, and once the cohort is given up.
        finished_at: When it was handed in; None before.
    """

    cohort: int
    mates: tuple[int, ...]
    attempts: int
    lost: int
    worker: str | None
    claimed_at: float | None
    finished_at: float | None


@dataclass(frozen=True)
class Training:
    """A trial that a worker holds. Times are seconds since 1970, UTC.

    Attributes:
        stage: Name of its stage.
        number: Which trial of that.
        worker: Who holds it.
        claimed_at: Since when.
        step: Its last report's; 0 before the first.
        steps: Of a trial of its stage that is trained to its end; None where that is not known.
        score: Of the last report; None before the first, or where it was no finite number.
    """

    stage: str
    number: int
    worker: str
    claimed_at: float
    step: int
    steps: float | None
    score: float | None


@dataclass(frozen=True)
class Stint:
    """One worker's time with a cohort, be it handed in, released or lost.

    Times are seconds since 1970, UTC.

    Attributes:
        worker: Who had it.
        stage: Name of its stage.
        numbers: The lowest and the highest number of its trials.
        claimed_at: Since when.
        finished_at: When that ended, or the lease of a worker that was lost; None before.
        steps: Of its trials, those of earlier claims of it included, for the latest claim; else 0.
    """

    worker: str
    stage: str
    numbers: tuple[int, int]
    claimed_at: float
    finished_at: float | None
    steps: int


@dataclass(frozen=True)
class StageState:
    """How one stage stands.

    Attributes:
        step: Which stage.
        state: Unplanned, planning, open (also while what follows in it is planned) or finished.
        explanation: Why its boxes are what they are; empty before it is planned.
        boxes: Its boxes as the study file would write them; empty before it is planned.
        trials: How many it has, or will have as far as is known.
        finished: How many are complete, pruned, diverged or failed.
        pruned: How many of those were pruned.
        diverged: How many of those diverged.
        failed: How many of those failed.
        running: How many are being trained.
        steps_done: Steps of all its trials that are done.
        steps_total: Steps of all its trials, as far as is known: where halving compares those of
            a cohort and the stage is not planned yet, as if all its trials could be one stack.
        steps_each: Steps of a trial that is trained to its end; 0 if that is not known.
        best: Its best complete trial; of the final, whose values are those of the evaluation, the
            winner.
        opened_at: When it was planned.
        finished_at: When its last trial was in.
        skipped: How many more were planned, and never trained, since the time ran out.
        ended: By which `rule` (a key of the study file) it ended before all its trials, how many
            were `left_out`, and `at` which time; None where it did not.
    """

    step: Step
    state: Literal["unplanned", "planning", "open", "finished"]
    explanation: str
    boxes: tuple[dict[str, Any], ...]
    trials: int
    finished: int
    pruned: int
    diverged: int
    failed: int
    running: int
    steps_done: int
    steps_total: int
    steps_each: int
    best: RecordedTrial | None
    opened_at: float | None
    finished_at: float | None
    skipped: int = 0
    ended: Mapping[str, Any] | None = None

    @property
    def cut(self) -> bool:
        """Whether a budget by the clock ended it before all its trials."""
        return self.ended is not None and self.ended["rule"] == "budget"


@dataclass(frozen=True)
class Strays:
    """What others have done to the Optuna study of a stage.

    Attributes:
        stage: The name of the stage.
        study: That of the study.
        missing: Whether it is gone, or another one has its name.
        foreign: The numbers of trials in it that are not klayer's.
        changed: The numbers of klayer's trials that were changed.
    """

    stage: str
    study: str
    missing: bool
    foreign: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()


@dataclass(frozen=True)
class SetAside:
    """A cohort that workers of one host were lost with, and that is left to other hosts for now.

    Attributes:
        cohort: For people, such as "coarse #0 to #3".
        lost: With how many workers it was lost since it last came further.
        host: The last one's; None where it is not known any more.
        seconds: How long it is left to other hosts from now on, where any work on the search.
    """

    cohort: str
    lost: int
    host: str | None
    seconds: float

    @property
    def text(self) -> str:
        """For people."""
        where = "" if self.host is None else f", the last on {self.host}"
        return (
            f"{self.cohort}: {self.lost} workers were lost with it{where}; it is left to other "
            f"hosts for {self.seconds:.0f} s, where any work on this search"
        )


def named(stage: str, lowest: int, highest: int, count: int) -> str:
    """The trials of a cohort for people, such as "coarse #0 to #3" or "coarse #1 and 3 more"."""
    if count == 1:
        return f"{stage} #{lowest}"
    if highest - lowest == count - 1:
        return f"{stage} #{lowest} to #{highest}"
    return f"{stage} #{lowest} and {count - 1} more"
