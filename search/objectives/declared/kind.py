"""How the user's own training is read from its study file; commands and functions add to it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from search.objective.port import Objective
from search.objectives.declared import hyperparameters
from search.objectives.declared.hyperparameters import Declared, Registry
from search.objectives.declared.metrics import MetricTable
from search.objectives.declared.objective import DeclaredObjective
from search.objectives.declared.tables import DeclaredDocument, ResourcesTable, TrainingTable
from search.space.space import Box, Interval
from search.study.checks import own_ranges
from search.study.contenders import contenders
from search.study.faults import Fault, shown
from search.study.learning import LEARNING
from search.study.recorded_tables import constructed
from search.study.stages import Stage
from search.study.tables import Document

Own = TypeVar("Own", bound=DeclaredObjective)


def registry(document: Mapping[str, Any]) -> Registry:
    """The hyperparameters that a document declares; none where they are faulty."""
    return hyperparameters.registry(document.get("hyperparameters"))


def objective(
    kind: type[Own], tables: Document, folder: Path, _data_folder: Path | None = None
) -> Own:
    """What a document declares that stands in a folder."""
    return kind.of(own(tables), folder)


def recorded(kind: type[Own], form: Mapping[str, Any]) -> Own:
    """What `DeclaredObjective.recorded` wrote, unchecked."""
    return kind(
        constructed(kind.PROGRAM, form["program"]),
        Declared.of_recorded(form["hyperparameters"]),
        tuple(constructed(MetricTable, table) for table in form["metrics"]),
        constructed(ResourcesTable, form["resources"]),
        constructed(TrainingTable, form["training"]),
        form["base"],
    )


def own(tables: Document) -> DeclaredDocument:
    """The tables of a document, as those of the user's own training."""
    if not isinstance(tables, DeclaredDocument):
        raise TypeError(f"not the tables of a user's own training: {type(tables).__name__}")
    return tables


def faults_between(
    tables: Document,
    objective: Objective,
    stages: Sequence[Stage],
    boxes: Mapping[str, Box],
) -> Iterator[Fault]:
    """What of the stages does not fit the training that is declared."""
    yield from _steps(tables, stages)
    for place, stage in enumerate(stages):
        for fault in _alone(objective, stage):
            yield fault.under("stages", place, "halving")
    yield from _fixed(tables, stages, boxes)


def _steps(tables: Document, stages: Sequence[Stage]) -> Iterator[Fault]:
    """Ranges of stages that change the scale of what is declared."""
    declared = own(tables).hyperparameters.box
    for place, stage in enumerate(stages):
        for key, name, extent in own_ranges(stage):
            whole = declared.ranges[name]
            if not isinstance(extent, Interval) or not isinstance(whole, Interval):
                continue
            if extent.step is not None and (extent.low - whole.low) % (whole.step or 1):
                right = f"give {whole.low:g} and steps of {whole.step} above it"
                yield Fault(("stages", place, *key, "low"), f"found {extent.low:g}; {right}")


def _alone(objective: Objective, stage: Stage) -> Iterator[Fault]:
    """A halving that compares trials of a cohort, where each is alone in its cohort."""
    alone = objective.fit(stage.training, {}).most == 1
    if stage.halving is not None and stage.halving.among == "cohort" and alone:
        learns = stage.sampler in LEARNING
        right = 'give a sampler that does not learn, and "stage"' if learns else 'give "stage"'
        right += ", or a cohort above 1" if objective.kind == "function" else ""
        yield Fault(("among",), f'found "cohort", but each trial is trained alone; {right}')


def _fixed(tables: Document, stages: Sequence[Stage], boxes: Mapping[str, Box]) -> Iterator[Fault]:
    """Hyperparameters that are searched and given a fixed value at once."""
    final = own(tables).final
    for place, stage in enumerate(stages):
        for name in boxes[stage.name].ranges:
            if name in stage.training.parameters:
                found = f"found {shown(stage.training.parameters[name])}, but {stage.name} searches"
                text = f"{found} {name}; leave it out here, or out of the box"
                yield Fault(("stages", place, "training", "parameters", name), text)
    searched = {name for stage in contenders(stages) for name in boxes[stage].ranges}
    own_parameters = set(final.training.parameters) - set(own(tables).training.parameters)
    for name in sorted(searched & own_parameters):
        found = f"found {shown(final.training.parameters[name])}, but finalists bring a value of"
        text = f"{found} {name}; leave it out"
        yield Fault(("final", "training", "parameters", name), text)
