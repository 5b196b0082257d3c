"""`strategy = "auto"`: a whole search from ranges and a number of trainings.

It is written out as stages and a final before anything else reads the file, so a search of it is
recorded, planned and resumed as any other: a Gaussian process, of whose trials the best race over
fresh seeds. docs/search-quality.md compares it with other searches.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, ValidationError

from search.study.faults import Fault, Key, faulty, near, shown
from search.study.messages import faults_of
from search.study.race import rounds
from search.study.stage_table import MOST_TRIALS
from search.study.table import Table

STRATEGIES = ("auto",)
FEWEST_TRAININGS = 24
STAGE = "search"

# From how many trainings on how many candidates come down to how many finalists, by how many seeds.
_RACES = ((256, 32, 4, 15), (96, 16, 4, 9), (48, 8, 4, 5), (0, 4, 2, 3))
_MOST_AT_ONCE = 32
_CHOSEN = ("candidates", "finalists", "seeds")


class BudgetTable(Table):
    """`[budget]`: what a search may cost."""

    trainings: int = Field(
        ge=FEWEST_TRAININGS,
        le=MOST_TRIALS,
        description="how many trainings, those of the race over fresh seeds included; the winner's "
        "last training comes on top",
    )


def written_out(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document with its strategy written out as stages and a final; one without as it is.

    Raises:
        PydanticCustomError: With every fault of the strategy.
    """
    if "strategy" not in document:
        return dict(document)
    if faults := [*_faults(document)]:
        raise faulty(faults)
    rest = {key: value for key, value in document.items() if key not in ("strategy", "budget")}
    box = rest.pop("box", None)
    trainings = document["budget"]["trainings"]
    _, *race = next(one for one in _RACES if trainings >= one[0])
    trials = trainings - sum(one.trials for one in rounds(*race))
    generation = min(-(-trials // 4), _MOST_AT_ONCE)
    stage = {"name": STAGE, "sampler": "gp", "trials": trials, "generation": generation}
    stage |= {} if box is None else {"box": box}
    final = {**rest.get("final", {}), **dict(zip(_CHOSEN, race, strict=True))}
    return {**rest, "stages": [stage], "final": final}


def as_written(key: Key) -> Key:
    """The key of a fault in what was written out, as the file itself has it."""
    if key[:2] != ("stages", 0):
        return key
    if key[2:3] == ("boxes",):
        return ("box", *key[4:])
    return key[2:] if key[2:3] == ("box",) else ("strategy",)


def _faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    asked = document["strategy"]
    if asked not in STRATEGIES:
        hint = near(asked, STRATEGIES) if isinstance(asked, str) else 'give "auto"'
        yield Fault(("strategy",), f"found {shown(asked)}, which is no strategy; {hint}")
    if "stages" in document:
        right = "give one of the two: a strategy plans the stages"
        yield Fault(("strategy",), f"found beside stages; {right}")
    final = document.get("final", {})
    if not isinstance(final, Mapping):
        yield Fault(("final",), f"found {shown(final)}; give a table")
    for key in _CHOSEN:
        if isinstance(final, Mapping) and key in final:
            right = "leave it out: the strategy chooses it, by the budget"
            yield Fault(("final", key), f"found beside a strategy; {right}")
    if "budget" not in document:
        right = "give how many trainings the search may take, such as budget = {trainings = 64}"
        yield Fault(("budget",), f"missing; {right}")
        return
    try:
        BudgetTable.model_validate(document["budget"])
    except ValidationError as error:
        yield from (fault.under("budget") for fault in faults_of(error, BudgetTable))
