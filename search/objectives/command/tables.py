"""The study file of a command: its `[objective]`, and whether that knows what it names."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from search.errors import StudyFileError
from search.objectives.command.arguments import placeholders
from search.objectives.declared.hyperparameters import RESERVED
from search.objectives.declared.tables import DeclaredDocument, ProgramTable
from search.study.faults import Fault, faulty, near, shown
from search.study.table import List


class CommandTable(ProgramTable):
    """`[objective]` of a command: a program that is run once for each trial."""

    kind: Literal["command"] = Field(description="a program of your own, in any language")
    command: List[Annotated[str, Field(max_length=10_000)]] = Field(
        min_length=1,
        max_length=1_000,
        strict=False,
        description="the program and its arguments. A hyperparameter's name in braces stands for "
        "its value, {seed} for the trial's seed, {checkpoints} for a folder to keep files in, and "
        "{parameters} for a file with all values as one JSON object; an argument whose value a "
        "trial lacks is left out, and {{ and }} stand for braces",
    )


class CommandDocument(DeclaredDocument):
    """A whole study file of a command."""

    objective: CommandTable = Field(description="what is trained")

    @model_validator(mode="after")
    def _names_what_there_is(self) -> "CommandDocument":
        faults = [fault.under("objective", "command") for fault in _faults(self)]
        if faults:
            raise faulty(faults)
        return self


def _faults(document: CommandDocument) -> Iterator[Fault]:
    trainings = [document.training, document.final.training]
    trainings += [stage.training for stage in document.stages]
    fixed = {name for training in trainings for name in training.parameters}
    known = [*document.hyperparameters.registry.names(), *sorted(fixed), *RESERVED]
    for place, argument in enumerate(document.objective.command):
        if "\0" in argument:
            yield Fault((place,), "found a NUL character; leave it out")
            continue
        try:
            names = placeholders([argument])
        except StudyFileError:
            right = "give a name, such as {learning_rate}, or {{ and }} for braces themselves"
            yield Fault((place,), f"found {shown(argument)}; {right}")
            continue
        for name in sorted(names - set(known)):
            found = f"found {shown('{' + name + '}')}, which is no hyperparameter"
            yield Fault((place,), f"{found}; {near(name, known)}")
    if not document.objective.command[0]:
        yield Fault((0,), 'found ""; give a program')
