"""What `stop` of a stage may say: after how many trials that bring nothing better it ends.

It is looked at between generations, whose sizes the file fixes: so a stage ends after the same
trials whatever the number of workers. Whether it ends is decided in `search.plan.stopping`.
"""

from collections.abc import Iterator

from pydantic import Field

from search.study.faults import Fault
from search.study.halving import Halving
from search.study.learning import LEARNING
from search.study.table import MOST, Table

IN_PARTS = ("random", "sobol")
"""The samplers that do not learn, but whose trials are planned in generations beside a `stop`."""


class Stop(Table):
    """Ends a stage whose trials bring nothing better any more."""

    after: int = Field(
        ge=1,
        le=MOST,
        description="how many trials in a row, by their numbers, bring nothing better before the "
        "stage ends; counted from its first value on",
    )
    min_delta: float = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        description="by how much a value must be better, in the score's own unit as exports have "
        "it, such as 0.001 for a tenth of a per cent",
    )


def stop_faults(
    stop: Stop | None, sampler: str, trials: int | None, halving: Halving | None
) -> Iterator[Fault]:
    """What of a stage does not fit its `stop`.

    Args:
        stop: What the file says; None where it does not.
        sampler: How the stage's trials are drawn.
        trials: How many at most; None where the file does not say.
        halving: When trials that fall behind are dropped.
    """
    if stop is None:
        return
    if sampler not in (*LEARNING, *IN_PARTS):
        right = 'leave it out, or give "random", "sobol", "tpe", "cmaes" or "gp"'
        found = f'found beside sampler = "{sampler}", all of whose points are wanted'
        yield Fault(("stop",), f"{found}; {right}")
    elif trials is not None and stop.after >= trials:
        right = "give fewer than the stage has, or leave stop out"
        yield Fault(("stop", "after"), f"found {stop.after} of {trials} trials; {right}")
    if halving is not None and halving.among == "stage" and sampler in IN_PARTS:
        found = 'found "stage" beside stop, which looks at results before all trials have begun'
        yield Fault(("halving", "among"), f'{found}; give "cohort"')
