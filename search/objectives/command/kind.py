"""How a command is declared in a study file."""

from functools import partial

from search.objectives.command.objective import CommandObjective
from search.objectives.command.tables import CommandDocument
from search.objectives.declared import kind as declared
from search.objectives.declared.kind import faults_between, registry

__all__ = ["DOCUMENT", "faults_between", "objective", "recorded", "registry"]

DOCUMENT = CommandDocument
objective = partial(declared.objective, CommandObjective)
recorded = partial(declared.recorded, CommandObjective)
