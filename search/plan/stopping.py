"""Whether a stage ends before all its trials, since nothing improves: a function of its results.

As every plan it depends on the trials' numbers, never on clocks, workers or the order in which they
came in. It is asked between generations.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from search.plan.plan import Step, expected_trials
from search.plan.ranking import ranking_of
from search.plan.trial import Trial
from search.runtime.formatting import plural
from search.study.file import Study


@dataclass(frozen=True)
class Ending:
    """Why a stage ends before all its trials.

    Attributes:
        rule: The key of the study file by which it does.
        text: For people, in one sentence.
        left_out: How many trials were never trained.
    """

    rule: str
    text: str
    left_out: int


def ending(study: Study, step: Step, results: Sequence[Trial]) -> Ending | None:
    """How a stage ends here; None where it goes on.

    The best value that counts is that of the first trial which was better than the one before by
    more than `min_delta`. Trials without a value bring nothing better, nor do those that halving
    dropped, whose values do not compare.

    Args:
        study: The whole study.
        step: Which stage.
        results: The finished trials of all its generations so far, in any order.
    """
    stop = study.stages[step.number - 1].stop if step.kind == "search" else None
    if stop is None:
        return None
    ranking, score = ranking_of(study), study.objective.score
    best: Trial | None = None
    for trial in sorted(results, key=lambda one: one.number):
        if trial.value is None or trial.pruned_after is not None:
            continue
        margin = ranking.sign * stop.min_delta
        if best is None or ranking.better(trial.value + margin, best.value):
            best = trial
    if best is None or len(results) - 1 - best.number < stop.after:
        return None
    planned, in_all = len(results), expected_trials(study, step)
    text = f"stopped after {planned:,} of {plural(in_all, 'trial')}: none of the last "
    text += (
        f"{planned - 1 - best.number:,} was better than #{best.number}, {score.text(best.value)}"
    )
    if stop.min_delta:
        text += f", by more than {score.text(stop.min_delta)}"
    return Ending("stop", text, in_all - planned)
