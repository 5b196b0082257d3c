"""How trials of a search stand: those that compare, the best of them, and why there is none yet.

The values of the final are of another kind than the scores. Nothing here reads them, and nothing is
ranked by them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from search.ledger.records import RecordedTrial, StageState
from search.objective.metric import ABSENT
from search.plan import verdicts
from search.plan.ranking import Spread, over_seeds
from search.space.space import Point
from search.study.ranges import write_box
from search.views.plots.data import SearchData

FEWEST_TO_WEIGH = 4  # trials of a stage, of whose best something can be said
ENDED = ("complete", "pruned", "diverged", "failed")


def searched(data: SearchData) -> list[RecordedTrial]:
    """The trials of the stages that search, by stage and number."""
    places = {stage.step.name: place for place, stage in enumerate(data.searched())}
    mine = [trial for trial in data.trials if trial.stage in places]
    return sorted(mine, key=lambda trial: (places[trial.stage], trial.number))


def complete(trials: Sequence[RecordedTrial]) -> list[RecordedTrial]:
    """Those that were trained to their end, and have a value."""
    return [one for one in trials if one.state == "complete" and one.value is not None]


def comparable(data: SearchData) -> list[RecordedTrial]:
    """As `verdicts.comparable`, in the order of the plan."""
    return verdicts.comparable(data.search.study, searched(data))


def chosen(data: SearchData) -> Point | None:
    """The configuration that the final or, without one, the finished finalists say is the best."""
    first, last = trained_anew(data), data.stages[-1]
    if first is not None:
        return first.parameters
    if last.step.kind != "finalists" or last.state != "finished":
        return None
    return data.ranking.chosen(data.of_stage(last.step.name))


def winner(data: SearchData) -> RecordedTrial | None:
    """The best trial of the configuration that the search has chosen; None before that."""
    last, valued = data.stages[-1], comparable(data)
    if last.step.kind == "search":
        return data.ranking.best(valued) if last.state == "finished" else None
    point = chosen(data)
    return data.ranking.best(one for one in valued if one.parameters == point)


def best(data: SearchData) -> RecordedTrial | None:
    """The winner; before there is one, the best so far."""
    return winner(data) or data.ranking.best(comparable(data))


def trained_anew(data: SearchData) -> RecordedTrial | None:
    """The winner's trial in the final; None before that is planned."""
    finals = {stage.step.name for stage in data.stages if stage.step.kind == "final"}
    return next((one for one in data.trials if one.stage in finals and one.number == 0), None)


def has_value(data: SearchData) -> bool:
    """Whether a trial of a stage that searches was trained to its end, and has a value."""
    return any(t.state == "complete" and t.value is not None for t in data.trials)


def has_boxes(data: SearchData) -> bool:
    """Whether a stage that searches is planned."""
    return any(stage.boxes for stage in data.searched())


def has_reports(data: SearchData) -> bool:
    """Whether a trial has a curve, or the beginning of one."""
    return any(stage.steps_done for stage in data.stages)


def has_choice(data: SearchData) -> bool:
    """Whether a stage has trials enough to tell which of several hyperparameters mattered."""
    ended: Counter[str] = Counter(t.stage for t in data.trials if t.state == "complete")
    return any(ended[t.stage] >= FEWEST_TO_WEIGH and len(t.box.ranges) > 1 for t in data.trials)


def has_reruns(data: SearchData) -> bool:
    """Whether a finalist's seed was trained to its end."""
    ended = {trial.stage for trial in data.trials if trial.state in ENDED}
    return any(s.step.kind == "finalists" and s.step.name in ended for s in data.stages)


def has_final(data: SearchData) -> bool:
    """Whether the winner was trained anew."""
    final = trained_anew(data)
    return final is not None and final.state == "complete"


def spread(data: SearchData) -> Spread | None:
    """How the chosen configuration did over its fresh seeds; None before, or without re-runs."""
    reruns = [
        t for s in data.stages if s.step.kind == "finalists" for t in data.of_stage(s.step.name)
    ]
    point = chosen(data)
    return next((one for configuration, one in over_seeds(reruns) if configuration == point), None)


def stage_value(data: SearchData, stage: StageState) -> str:
    """What the best of a stage is worth, and as what that was measured: single, or a mean.

    Of the finalists it is the chosen one's mean, since the best single seed is a lucky one; of the
    final what the evaluation says.
    """
    if stage.step.kind == "finalists":
        found = spread(data)
        if found is None or found.mean is None:
            return ABSENT
        return f"mean {data.score.around(found.mean, found.standard_deviation)}"
    value = None if stage.best is None else stage.best.value
    evaluated = data.objective.evaluation if stage.step.kind == "final" else None
    if value is None:
        return ABSENT
    if evaluated is None:
        return f"single {data.score.text(value)}"
    return f"{evaluated.words} {evaluated.text(value)}"


def to_come(data: SearchData) -> StageState | None:
    """The next stage that searches, with the boxes that it would have were it planned now.

    None where all are planned, or nothing tells.
    """
    # One for which no time was left is finished, and has none.
    left = (one for one in data.searched() if not one.boxes and one.state != "finished")
    stage = next(left, None)
    if stage is None or not complete(searched(data)):
        return None
    boxes, why = verdicts.ahead(
        data.search.study, stage.step, [t for t in data.trials if t.state in ENDED]
    )
    return replace(stage, boxes=tuple(map(write_box, boxes)), explanation=why) if boxes else None


def absent(data: SearchData) -> str:
    """Why there is nothing to see, and what to do about it."""
    if data.search.failure is not None:
        return f"The search cannot go on: {data.search.failure}"
    trials = searched(data)
    ended = [trial for trial in trials if trial.state in ENDED]
    if ended and not any(trial.value is not None for trial in ended):
        failed = any(one.state == "failed" for one in ended)
        what = "diverged or failed" if failed else "diverged"
        said = f"None of the {len(ended)} finished trials has a value: all {what}."
        advice = data.objective.advice
        return f"{said} {advice[:1].upper()}{advice[1:]}." if advice else said
    if data.search.stopped_at is not None:
        return "The search was stopped before a trial was finished; `klayer run` goes on with it."
    if not trials:
        return "No stage is planned yet. `klayer run` or `klayer worker` begins with the first."
    return "No trial is finished yet. This fills in as workers train: see `klayer workers`."
