"""A network and its images, open in the process that trains."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from search.objective.data_card import DataCard
from search.objective.port import Reports, Saver
from search.objective.report import Assignment, Evaluation, Report
from search.objectives.network import final, trials, within_memory
from search.objectives.network.data import Dataset, open_data
from search.objectives.network.final import Winner
from search.objectives.network.memory import too_large
from search.objectives.network.objective import NetworkObjective
from search.objectives.network.sections import TrainingSection


@dataclass(frozen=True)
class NetworkTrainer:
    """Fulfils `search.objective.port.Trainer`; pickling it carries paths, not arrays."""

    objective: NetworkObjective
    data: Dataset

    @classmethod
    def opened(
        cls, objective: NetworkObjective, seed: int, folder: Path | None
    ) -> "NetworkTrainer":
        """With its images standardised, or found standardised.

        Raises:
            DataError: The images are missing, broken or not what they should be.
        """
        return cls(objective, open_data(objective, seed, folder))

    @property
    def card(self) -> DataCard:
        """What is to be known of the images without opening them."""
        return self.data.card

    def train(
        self,
        training: TrainingSection,
        trials_: Sequence[Assignment],
        order_seed: int,
        start: Sequence[bytes] = (),
        until: int | None = None,
        saver: Saver | None = None,
    ) -> Reports:
        """As `Trainer.train`: the trials are one stack, where that fits into memory."""

        def some(places: Sequence[int], saver: Saver | None = None) -> Reports:
            given = [trials_[place] for place in places]
            begun = [start[place] for place in places] if start else ()
            return trials.train(
                self.objective, training, given, order_seed, self.data, begun, until, saver
            )

        every = range(len(trials_))
        alone = [partial(some, [place]) for place in every]
        reasons = [too_large(self.objective, training, one.parameters) for one in trials_]
        return within_memory.train(some(every, saver), alone, reasons)

    def evaluate(
        self,
        training: TrainingSection,
        trials_: Sequence[Assignment],
        order_seed: int,
        start: Mapping[int, bytes] = MappingProxyType({}),
        saver: Saver | None = None,
    ) -> Generator[Mapping[int, Report], Sequence[int] | None, Evaluation]:
        """As `Trainer.evaluate`: the test images are read for the first time."""
        return final.evaluate(
            self.objective, training, trials_, order_seed, self.data, start, saver
        )

    def retrain(
        self,
        training: TrainingSection,
        trials_: Sequence[Assignment],
        order_seed: int,
        *,
        finalists: bool = False,
    ) -> Generator[Mapping[int, Report], None, Winner]:
        """Train the winner, or all finalists, once more as `evaluate` did, without the test."""
        return final.retrain(
            self.objective, training, trials_, order_seed, self.data, finalists=finalists
        )

    def close(self) -> None:
        """Nothing was started."""
