"""The study file of a function: its `[objective]`."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from search.objectives.declared.tables import DeclaredDocument, ProgramTable
from search.study.faults import Fault, faulty, shown

_FORM = re.compile(r"[^:]*[^:\s]\.py:[^\W\d]\w*|[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def _function(raw: object) -> object:
    if isinstance(raw, str) and not _FORM.fullmatch(raw):
        right = 'give a file or a module and its function: "train.py:train", "package.module:train"'
        raise faulty([Fault((), f"found {shown(raw)}; {right}")])
    return raw


class FunctionTable(ProgramTable):
    """`[objective]` of a function: it is called for each trial, in a process that stays alive."""

    kind: Literal["function"] = Field(description="a Python function of your own")
    function: Annotated[str, BeforeValidator(_function)] = Field(
        description='the function, as "train.py:train" or "package.module:train"; it is called as '
        "train(parameters, seed, report), and with `checkpoints`, a folder, if it takes that"
    )
    python: str | None = Field(
        default=None,
        min_length=1,
        description="the Python that runs it, 3.9 or later, which needs nothing of klayer: a name "
        "in PATH, or a path from the folder of the study file on, such as .venv/bin/python; "
        "unless said, the one that runs klayer",
    )
    cohort: int = Field(
        default=1,
        ge=1,
        le=100_000,
        description="how many trials it is called with at once; above 1 it is called as "
        "train(points, seeds, report) with lists, and reports as report(place, ...)",
    )


class FunctionDocument(DeclaredDocument):
    """A whole study file of a function."""

    objective: FunctionTable = Field(description="what is trained")
