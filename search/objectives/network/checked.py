"""A study of a network as its checks read it: the tables that are right on their own, together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from search.objectives.network.facts import Facts
from search.objectives.network.objective import NetworkObjective
from search.objectives.network.sections import NetworkDocument, NetworkSection, TrainingSection
from search.space.space import Box, Range
from search.study.checks import own_ranges
from search.study.contenders import contenders
from search.study.faults import Key
from search.study.stages import Stage


@dataclass(frozen=True)
class Part:
    """A stage or the final: what its trials are trained with.

    Attributes:
        key: Its place in the file.
        training: Its whole training.
        boxes: What its trials were drawn from: the `reach` of stages.
    """

    key: Key
    training: TrainingSection
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Checked:
    """What is checked.

    Attributes:
        objective: The network, and the sizes of its data.
        tables: The document.
        stages: The resolved stages.
        boxes: The `reach` of each stage, by name.
    """

    objective: NetworkObjective
    tables: NetworkDocument
    stages: Sequence[Stage]
    boxes: Mapping[str, Box]

    @property
    def facts(self) -> Facts:
        """The sizes of the data."""
        return self.objective.facts

    @property
    def network(self) -> NetworkSection:
        """What [network] says."""
        return self.objective.network

    @property
    def base(self) -> TrainingSection:
        """What [training] says."""
        return self.tables.training

    def class_names(self) -> tuple[str, ...]:
        """The names of the classes."""
        if self.objective.data.is_own:
            return self.objective.classes
        from search.objectives.network.data import class_names

        return class_names(self.objective.data.source)

    @property
    def chosen(self) -> tuple[Stage, ...]:
        """The stages that finalists come from."""
        names = contenders(self.stages)
        return tuple(stage for stage in self.stages if stage.name in names)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The stages, in order, and the final."""
        boxes = tuple(self.boxes[stage.name] for stage in self.chosen)
        return (
            *(
                Part(("stages", place), stage.training, (self.boxes[stage.name],))
                for place, stage in enumerate(self.stages)
            ),
            Part(("final",), self.tables.final.training, boxes),
        )

    @property
    def trainings(self) -> tuple[tuple[Key, TrainingSection], ...]:
        """[training], and the whole training of each part; each with the place of its table."""
        of_parts = (((*one.key, "training"), one.training) for one in self.parts)
        return (("training",), self.base), *of_parts

    @property
    def trained(self) -> Iterator[tuple[Key, TrainingSection, Stage]]:
        """Each training with a stage whose points it is of: first the stages, then the final."""
        for place, stage in enumerate(self.stages):
            yield ("stages", place), stage.training, stage
        for stage in self.chosen:
            yield ("final",), self.tables.final.training, stage

    def searched(self, *names: str) -> Iterator[tuple[Key, Stage, str, Range]]:
        """Each range that stages themselves write; only of these names, where some are given."""
        for place, stage in enumerate(self.stages):
            for key, name, extent in own_ranges(stage):
                if name in names or not names:
                    yield ("stages", place, *key), stage, name, extent
