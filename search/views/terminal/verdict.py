"""Three questions on a search, a line each: is its best sure, does it improve, what comes next.

`search.plan.verdicts` decides; here it is said. Pages, `klayer status`, the end of a run and
reports have the same lines.
"""

import shlex
from collections.abc import Sequence

from search.errors import StudyFileError
from search.ledger import DEFAULT_STORAGE
from search.ledger.records import RecordedTrial, Search, StageState
from search.ledger.states import NOT_PLANNED
from search.objective.metric import Metric
from search.plan.plan import FINALISTS
from search.plan.ranking import ranking_of
from search.plan.verdicts import (
    ERRORS,
    Certainty,
    Improvement,
    ahead,
    certainty,
    edges,
    improvement,
)
from search.runtime.formatting import ago, number, plural
from search.space.space import Interval
from search.study.extension import with_more_trials
from search.study.file import Study

SURE, IMPROVING, NEXT = "How sure that is", "Does it improve", "What comes next"


def verdict(
    search: Search,
    stages: Sequence[StageState],
    trials: Sequence[RecordedTrial],
    best: RecordedTrial | None,
    clock: float,
    where: str = "",
) -> list[tuple[str, str]]:
    """The questions that there is an answer to, with it.

    Args:
        search: Which search.
        stages: How its stages stand.
        trials: All its trials.
        best: The winner, or the best so far; None before a trial has a value.
        clock: The database's time.
        where: What commands need to find the database, such as " --storage URL".
    """
    study, rows = search.study, []
    if best is not None:
        sure = certainty(study, trials, best, search.data.held_out)
        told = "" if sure is None else _sure(study, sure)
        rows += [(SURE, told)] if told else []
    found = improvement(study, trials)
    if found is not None:
        rows.append((IMPROVING, _improving(found, search, clock, best)))
    rows.append((NEXT, _next(search, stages, trials, best, where)))
    return rows


def where(shown: str) -> str:
    """What a command needs to find a database, for a shell.

    Args:
        shown: Its URL, without a password.
    """
    return "" if shown == DEFAULT_STORAGE else f" --storage {shlex.quote(shown)}"


def _sure(study: Study, sure: Certainty) -> str:
    score: Metric = study.objective.score
    said = []
    if sure.seeds is not None and sure.seeds.mean is not None and sure.gap is not None:
        mean = score.around(sure.seeds.mean, sure.seeds.standard_deviation)
        over = plural(len(sure.seeds.values), "fresh seed")
        lucky = ranking_of(study).better(sure.single, sure.seeds.mean)
        luck = f"{score.text(abs(sure.gap))} of its best single value was luck"
        said.append(f"{mean} over {over}: {luck if lucky else 'its single value was no luck'}")
    if sure.noise is not None and sure.among > 1:
        reach = f"within {score.text(ERRORS * sure.noise)} of its best single value"
        error = "two standard deviations over the seeds of all finalists"
        if sure.rows is not None:
            error = f"two standard errors of {sure.rows:,} validation rows"
        if sure.group > 1:
            many = f"{sure.group:,} of {sure.among:,} configurations lie {reach}"
            said.append(f"{many} ({error}), so they are one group")
        else:
            said.append(f"none of the {sure.among - 1:,} others lies {reach} ({error})")
    return "; ".join(said)


def _improving(
    found: Improvement[RecordedTrial],
    search: Search,
    clock: float,
    best: RecordedTrial | None,
) -> str:
    holder = f"{found.holder.stage} #{found.holder.number}"
    value = search.study.objective.score.text(found.holder.value)
    worse = ""
    if found.no_better:
        listed, many = " and ".join(found.no_better), len(found.no_better) > 1
        worse = f"; {listed} {'are' if many else 'is'} no better"
    if best is not None and (best.stage, best.number) != (found.holder.stage, found.holder.number):
        chosen = f"{best.stage} #{best.number}"
        worse += (
            f"; {chosen} reached it too, and is chosen over fresh seeds"
            if best.value == found.holder.value
            else f"; over fresh seeds {chosen} is better"
        )
    if search.finished_at is not None:
        return f"{value} was set by {holder}, trial {found.place:,} of {found.ended:,}{worse}"
    when = ago(clock - (found.holder.finished_at or 0.0))
    since = f"set by {holder}, {plural(found.since, 'trial')} and {when}"
    return f"{'it may' if found.goes_on else 'not lately'}: {value} was {since}{worse}"


def _next(
    search: Search,
    stages: Sequence[StageState],
    trials: Sequence[RecordedTrial],
    best: RecordedTrial | None,
    where: str,
) -> str:
    name, edge = search.study.name, "" if best is None else _edge(best, trials)
    if search.failure is not None:
        return f"it cannot go on by itself; {_remedy(search, trials, where)}"
    failed = sum(stage.failed for stage in stages)
    if search.finished_at is not None and failed:
        few = plural(failed, "trial")
        return f"{few} failed; klayer retry {name}{where} lets them be trained again{edge}"
    if search.finished_at is not None:
        file = f"klayer report {name}{where} --output {name}.html"
        return f"nothing is left to train; {file} writes all of it down{_more(search, where)}{edge}"
    again = ""
    if search.stopped_at is not None:
        begun = next((one for one in stages if one.state == "open"), None)
        left = 0 if begun is None else begun.trials - begun.finished
        rest = f" with {plural(left, 'trial')} of {begun.step.name}" if begun and left else ""
        again = f"klayer run {name}{where} goes on{rest}"
    stage = next((one for one in stages if one.state in NOT_PLANNED), None)
    if stage is None:
        return f"{again or f'{stages[-1].step.name} is the last to come'}{edge}"
    said = f"{again}; then " if again else ""
    said += f"{stage.step.name}, {plural(stage.trials, 'trial')}"
    if stage.step.name == FINALISTS:
        return f"{said} of the best configurations over fresh seeds{edge}"
    ended = [one for one in trials if one.finished_at is not None]
    boxes, _ = ahead(search.study, stage.step, ended)
    for box in boxes:
        ranges = ", ".join(f"{key} {_brief(box.ranges[key])}" for key in box.ranges)
        said += f", if planned now in {ranges}" if trials else f", in {ranges}"
    return f"{said}{edge}"


def _more(search: Search, where: str) -> str:
    """A command that adds a stage of as many trials as the last has, where one can be like that."""
    trials = search.study.stages[-1].trials
    try:
        with_more_trials(search.study, trials)
    except StudyFileError:
        return ""
    return f", klayer extend {search.study.name}{where} --trials {trials} adds a stage"


def _brief(extent: object) -> str:
    if isinstance(extent, Interval):
        return f"[{number(extent.low)}, {number(extent.high)}]"
    options = getattr(extent, "options", ())
    return f"of {len(options)}" if len(options) > 4 else " or ".join(map(str, options))


def _edge(best: RecordedTrial, trials: Sequence[RecordedTrial]) -> str:
    boxes = {id(one.box): one.box for one in trials}
    found = edges(best, boxes.values())
    said = " and ".join(found)
    return f". The best has {said}: better ones may lie beyond" if found else ""


def _remedy(search: Search, trials: Sequence[RecordedTrial], where: str) -> str:
    """A command that helps, and works from any folder: it needs the database alone."""
    name, study = search.study.name, search.study
    if any(one.state == "failed" for one in trials):
        retry = f"klayer retry {name}{where} and klayer run {name}{where}"
        return f"once the cause is mended, {retry} train the failed trials again"
    first = study.stages[0]
    for box in first.boxes if len(first.boxes) == 1 and not first.points else ():
        for key in study.objective.usual_order:
            extent = box.ranges.get(key)
            if isinstance(extent, Interval) and extent.log:
                middle = extent.unscaled(sum(map(extent.scaled, (extent.low, extent.high))) / 2)
                lower = f"stages.{first.name}.box.{key}.high={middle:.2g}"
                return f"klayer run {name}{where} --name {name}-2 --set {lower} searches lower ones"
    return f"klayer run {name}{where} --name {name}-2 --set KEY=VALUE searches with a change"
