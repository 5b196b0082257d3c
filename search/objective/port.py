"""The port: what searches ask of an objective, whatever it trains.

A study file declares an objective in `[objective]` and the tables that its kind adds; `Objective`
is what they say, as a frozen value. `Objective.open` looks at the data once and gives a `Trainer`,
which trains. Nothing outside an objective's own room knows what a trial consists of.
"""

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol

from search.objective.data_card import DataCard
from search.objective.fit import Fit
from search.objective.metric import Metric
from search.objective.report import Assignment, Evaluation, Finding, Report
from search.space.hyperparameters import Registry
from search.space.space import Point, Range

Training = Any
"""The settings of one stage's trainings, a frozen value that only its objective reads."""

Reports = Generator[Mapping[int, Report], Sequence[int] | None, dict[int, bytes]]
"""What a training yields: reports by place among the assignments, an empty mapping where nothing is
new, so that the caller may stop it. `send` the places of the trials that go on to drop the
others. The value of the generator: what each trial goes on from that came to `until`."""


class Saver(Protocol):
    """Takes down how trials stand amid their training, so that others can go on from there."""

    def due(self) -> bool:
        """Whether it is time to; for trainings that cannot offer at each step."""

    def offer(self, states: Callable[[], Mapping[int, bytes]]) -> None:
        """Offer what each trial goes on from that is not at its end, as of what is yielded next.

        Args:
            states: Gives it by place among the assignments; it is given to `start` there. Called,
                if at all, before the training is resumed.
        """


class Trainer(Protocol):
    """An objective with its data open, in the process that trains. Close it when done."""

    card: DataCard

    def train(
        self,
        training: Training,
        trials: Sequence[Assignment],
        order_seed: int,
        start: Sequence[bytes] = (),
        until: int | None = None,
        saver: Saver | None = None,
    ) -> Reports:
        """Train trials as one cohort.

        A trial whose report has a reason is at its end, and takes part no longer. A trial's last
        value is its result.

        Args:
            training: The settings of their stage.
            trials: One or more, that fit into one cohort.
            order_seed: Of the draws that they share.
            start: What each goes on from, as earlier calls returned it or put it down; empty to
                begin. One cohort's are all of the same step where the objective trains in step.
            until: After how many steps to stop before the end; None to train to the end.
            saver: Takes down how they stand, now and then; None for nobody.
        """

    def evaluate(
        self,
        training: Training,
        trials: Sequence[Assignment],
        order_seed: int,
        start: Mapping[int, bytes] = MappingProxyType({}),
        saver: Saver | None = None,
    ) -> Generator[Mapping[int, Report], Sequence[int] | None, Evaluation]:
        """Train the chosen ones, the winner first, and read what nothing was chosen by.

        Args:
            training: The settings of the final.
            trials: The winner, and those that are trained beside it.
            order_seed: Of the draws that they share.
            start: What those go on from that an earlier call put down, by place; empty to begin.
            saver: As for `train`.
        """

    def close(self) -> None:
        """End what was started, and give back what was opened."""


class Objective(Protocol):
    """What the trials of a study train, as its file declares it.

    Attributes:
        kind: As `[objective]` names it.
        step: What a step is called, such as "epoch".
        metrics: What is reported at each step.
        score: The metric that ranks; one of `metrics`.
        units: What rungs of halving may be counted in; the first unless said.
        evaluates: Who is trained again at the end and given to `Trainer.evaluate`; None where that
            has nothing to say, and no final follows.
        advice: What may help where no trial has a value.
        has_pace: Whether `seconds_per_step` can tell how long a step takes.
        final_factor: How much longer a step of the final takes, as it may have more data.
        usual_order: Hyperparameters in the order in which they are drawn over; others follow.
        plots: The module with the plots that only this objective has, which is imported when one
            is asked for (see `search.views.plots.catalogue`); None where it has none.
        own_data: Whether the data are files of the user's own, which may change.
        reads: The user's files and folders that it is known to read, whether they are there or not.
        evaluation: The metric of the values that an evaluation gives; None without one.
        registry: Its hyperparameters.
    """

    kind: str
    step: str
    metrics: tuple[Metric, ...]
    score: Metric
    units: tuple[str, ...]
    evaluates: Literal["winner", "finalists"] | None
    advice: str
    has_pace: bool
    final_factor: float
    usual_order: tuple[str, ...]
    plots: str | None
    own_data: bool
    reads: Sequence[Path]
    evaluation: Metric | None
    registry: Registry

    def open(self, seed: int, data_folder: Path | None, devices: Sequence[str] = ()) -> Trainer:
        """Look at the data, once.

        Args:
            seed: Of the search; it splits the data.
            data_folder: Where the user keeps data; None for the usual place.
            devices: The graphics processors that it may use, as CUDA names them.

        Raises:
            KlayerError: They are missing, or not what they should be.
        """

    def fit(self, training: Training, point: Point) -> Fit:
        """How a trial fits into a cohort with others."""

    def steps(self, training: Training) -> float | None:
        """How long a training is, in steps; None where that is not known."""

    def rung(self, training: Training, unit: str, count: int) -> int:
        """The step at whose end `count` units are over."""

    def length(self, training: Training, unit: str) -> float | None:
        """How long a training is in a unit; None where that is not known."""

    def compares(self, one: Training, other: Training) -> Sequence[str]:
        """The keys in which two settings differ so that their values do not compare."""

    def limits(
        self, training: Training, ranges: Mapping[str, Range], final: Training | None
    ) -> Mapping[str, tuple[float | None, float | None]]:
        """Bounds that zoomed ranges must keep to beyond those of the registry, low and high.

        Args:
            training: The settings of the zoomed stage.
            ranges: What it may search.
            final: The settings of the final, where its finalists may come from that stage.
        """

    def seconds_per_step(
        self, training: Training, points: Sequence[Point], budget_seconds: float
    ) -> float:
        """About how long one step of a cohort takes on one core, on data that are made up.

        Args:
            training: The settings of its stage.
            points: Its trials.
            budget_seconds: For how long it may be timed.
        """

    def cohort_bytes(self, training: Training, points: Sequence[Point]) -> int | None:
        """About how much memory a cohort needs, beside its data; None where that is not known.

        Args:
            training: The settings of its stage.
            points: Its trials.
        """

    def about(self, searched: Collection[str]) -> Sequence[tuple[str, str]]:
        """What is trained, in rows of a label and a text.

        Args:
            searched: The hyperparameters that any stage searches.
        """

    def measured(self, training: Training, steps: int) -> str:
        """How a trial's score is measured, such as "after 10 epochs".

        Args:
            training: The settings of its stage.
            steps: Of a whole training.
        """

    def findings(self, result: Mapping[str, Any]) -> Sequence[Finding]:
        """What an evaluation says, for people, the most important first.

        Args:
            result: Of the evaluation; empty before, for the first line that is to come.
        """

    def recorded(self) -> dict[str, Any]:
        """All of it as plain values for JSON; its kind reads it back, unchecked.

        `base` is the folder from which its relative paths start, where it has any. It is no part of
        what was asked for, and may change when a search is taken up again.
        """

    def canonical(self) -> dict[str, Any]:
        """Its tables as a study file would write them, with every default."""

    def __eq__(self, other: object) -> bool: ...

    def __hash__(self) -> int: ...
