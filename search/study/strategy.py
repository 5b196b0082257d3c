"""`strategy = "auto"`: a whole search from ranges and a number of trainings.

It is written out as stages and a final before anything else reads the file, so a search of it is
recorded, planned and resumed as any other: half of the trials look everywhere, half within what the
best quarter of those span, and the best of all race over fresh seeds. docs/search-quality.md
compares it with other searches.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from search.study.budget import Budget
from search.study.faults import Fault, Key, faulty, near, shown
from search.study.learning import start_points
from search.study.messages import faults_of
from search.study.race import rounds

STRATEGIES = ("auto",)
COARSE, FINE = "coarse", "fine"
QUANTILE = 0.25

# From how many trainings on how many candidates come down to how many finalists, by how many seeds.
_RACES = ((256, 32, 4, 15), (96, 16, 4, 9), (48, 8, 4, 3), (0, 4, 2, 3))
_FEWEST_AT_ONCE, _MOST_AT_ONCE = 4, 32
_CHOSEN = ("candidates", "finalists", "seeds")


def written_out(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document with its strategy written out as stages and a final; one without as it is.

    Raises:
        PydanticCustomError: With every fault of the strategy.
    """
    if "strategy" not in document:
        if unread := [*_without_a_strategy(document)]:
            right = 'give strategy = "auto", which reads it, or leave it out'
            raise faulty([Fault(key, f"found without a strategy; {right}") for key in unread])
        return dict(document)
    if faults := [*_faults(document)]:
        raise faulty(faults)
    rest = {key: value for key, value in document.items() if key not in ("strategy", "budget")}
    box = rest.pop("box", None)
    budget = dict(document["budget"])
    trainings = budget.pop("trainings")
    rest |= {"budget": budget} if budget else {}
    _, *race = next(one for one in _RACES if trainings >= one[0])
    trials = trainings - sum(one.trials for one in rounds(*race))
    coarse = {"name": COARSE, "sampler": "sobol", "trials": trials // 2}
    coarse |= {} if box is None else {"box": box}
    fine = {"name": FINE, **_closer(trials - trials // 2)}
    final = {**rest.get("final", {}), **dict(zip(_CHOSEN, race, strict=True))}
    return {**rest, "stages": [coarse, fine], "final": final}


def _without_a_strategy(document: Mapping[str, Any]) -> Iterator[Key]:
    """The keys of a document that only a strategy reads."""
    budget = document.get("budget")
    if isinstance(budget, Mapping) and "trainings" in budget:
        yield ("budget", "trainings")
    if "box" in document:
        yield ("box",)


def _closer(trials: int) -> dict[str, Any]:
    """The stage that looks closer; it learns from its own trials where they are enough for that."""
    zoom = {"rule": "quantile", "quantile": QUANTILE}
    at_once = min(max(_FEWEST_AT_ONCE, -(-trials // 16)), _MOST_AT_ONCE)
    if trials <= start_points("tpe", trials, at_once, 1):
        return {"sampler": "sobol", "trials": trials, "zoom": zoom}
    return {"sampler": "tpe", "trials": trials, "generation": at_once, "zoom": zoom}


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
        budget = Budget.model_validate(document["budget"])
    except ValidationError as error:
        yield from (fault.under("budget") for fault in faults_of(error, Budget))
        return
    if budget.trainings is None:
        right = "give how many trainings the search may take, such as 64"
        yield Fault(("budget", "trainings"), f"missing; {right}")
