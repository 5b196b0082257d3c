"""How a function is declared in a study file."""

from functools import partial

from search.objectives.declared import kind as declared
from search.objectives.declared.kind import faults_between, registry
from search.objectives.function.objective import FunctionObjective
from search.objectives.function.tables import FunctionDocument

__all__ = ["DOCUMENT", "faults_between", "objective", "recorded", "registry"]

DOCUMENT = FunctionDocument
objective = partial(declared.objective, FunctionObjective)
recorded = partial(declared.recorded, FunctionObjective)
