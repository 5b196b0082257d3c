"""What the ledger hands out: frozen values, one a row or a small group of rows."""

from dataclasses import dataclass
from typing import Any, Literal

from search.outcome import Assignment
from search.plan.plan import Step
from search.study.file import Study
from search.study.space import Point

TrialState = Literal["waiting", "running", "complete", "pruned", "diverged"]


@dataclass(frozen=True)
class Search:
    """One search as the ledger holds it. Times are seconds since 1970, UTC.

    Attributes:
        id: Its key in the database.
        study: What was asked for.
        study_hash: SHA-256 of the study's canonical form.
        data_fingerprint: Hash of the training images that it runs on.
        environment: Versions and machine, as when it was first run.
        created_at: When it was recorded.
        finished_at: When its last stage was finished; None before.
        result: The test report as plain values; None before.
    """

    id: int
    study: Study
    study_hash: str
    data_fingerprint: str
    environment: dict[str, Any]
    created_at: float
    finished_at: float | None
    result: dict[str, Any] | None


@dataclass(frozen=True)
class Claim:
    """A worker's hold on one cohort, as good as its lease.

    Attributes:
        cohort_id: Which cohort.
        attempt: How many claims of this cohort there have been; the ledger takes results only for
            the latest.
        owner: Who holds it.
        step: The stage that the cohort belongs to.
        numbers: Its trials' numbers in the stage's plan.
        trials: What is to be trained, in the same order.
        order_seed: Of the draws that the trials share.
        start: Epochs that they have been trained already.
        stop: Epochs after which they rest at a rung; None where they are trained to the end.
        checkpoints: What each goes on from, in the same order; empty where `start` is 0.
    """

    cohort_id: int
    attempt: int
    owner: str
    step: Step
    numbers: tuple[int, ...]
    trials: tuple[Assignment, ...]
    order_seed: int
    start: int = 0
    stop: int | None = None
    checkpoints: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class PlanningClaim:
    """A worker's hold on the planning of one stage, or of its next rung, as good as its lease.

    Attributes:
        stage_id: Which stage.
        attempt: How many claims of its planning there have been; only the latest may open it.
        owner: Who holds it.
        step: The stage itself.
        rung: How many rungs lie before what is to be planned; 0 is the stage itself.
    """

    stage_id: int
    attempt: int
    owner: str
    step: Step
    rung: int = 0


@dataclass(frozen=True)
class Trial:
    """One trial as the ledger holds it.

    Attributes:
        id: Its key in the database.
        stage: Name of its stage.
        number: Its place in the stage's plan.
        state: Waiting (also at a rung), running, complete, pruned by halving, or diverged.
        value: What it is worth, or was when it was pruned; None unless complete or pruned.
        parameters: Its point.
        seed: Of its own draws.
        order_seed: Of the draws that it shares with its cohort.
        reason: Why it diverged; None otherwise.
        finished_at: Seconds since 1970, UTC; None before.
        pruned_after: Epochs after which it was pruned; None otherwise.
    """

    id: int
    stage: str
    number: int
    state: TrialState
    value: float | None
    parameters: Point
    seed: int
    order_seed: int
    reason: str | None
    finished_at: float | None
    pruned_after: int | None = None


@dataclass(frozen=True)
class StageState:
    """How one stage stands.

    Attributes:
        step: Which stage.
        state: Unplanned, planning, open or finished.
        explanation: Why its boxes are what they are; empty before it is planned.
        boxes: Its boxes as the study file would write them; empty before it is planned.
        trials: How many it has, or will have as far as is known.
        finished: How many are complete, pruned or diverged.
        pruned: How many of those were pruned.
        diverged: How many of those diverged.
        running: How many are being trained.
        epochs_done: Epochs of all its trials that are recorded.
        epochs_total: Epochs of all its trials, as far as is known: where halving compares those of
            a cohort and the stage is not planned yet, as if all its trials could be one stack.
        epochs_each: Epochs of a trial that is trained to its end.
        best: Its best complete trial; of the final, whose values are test accuracies, the winner.
        opened_at: When it was planned.
        finished_at: When its last trial was in.
    """

    step: Step
    state: Literal["unplanned", "planning", "open", "finished"]
    explanation: str
    boxes: tuple[dict[str, Any], ...]
    trials: int
    finished: int
    pruned: int
    diverged: int
    running: int
    epochs_done: int
    epochs_total: int
    epochs_each: int
    best: Trial | None
    opened_at: float | None
    finished_at: float | None
