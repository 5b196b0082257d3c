"""The plan: what each stage trains, as a pure function of the study and what is finished.

Every worker that plans a stage makes the same plan: it depends on the study file, its seed and the
results of earlier stages, never on workers, clocks or the order in which trials came in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from search.objective.fit import Fit
from search.objective.port import Training
from search.plan import learned
from search.plan.cohorts import cohorts
from search.plan.finalists import finalists, winner
from search.plan.ranking import Spread, over_seeds
from search.plan.reasons import left_out
from search.plan.samplers import Drawn
from search.plan.seeds import derive
from search.plan.trial import Trial
from search.plan.zoom import zoom
from search.runtime.formatting import plural
from search.space.joining import fitted, overlaid
from search.space.space import Box, Choices, Point
from search.study.contenders import contenders
from search.study.file import Stage, Study
from search.study.halving import Halving
from search.study.race import Round, rounds
from search.study.results import parted

# Beyond 8 members a stack gains little, and beyond 16 its weights leave the processor's cache.
LARGEST_COHORT = 8

FINALISTS, FINAL = "finalists", "final"

Kind = Literal["search", "finalists", "final"]


@dataclass(frozen=True)
class Step:
    """One entry of a search's table of contents: `number` counts from 1.

    Its trials are planned in `generations` parts, each when all of the part before is finished.
    Where they are `known` from before, none is trained.
    """

    number: int
    name: str
    kind: Kind
    training: Training
    halving: Halving | None = None
    generations: int = 1
    known: bool = False


@dataclass(frozen=True)
class PlannedTrial:
    """One training to be done.

    Attributes:
        number: Its place in the stage's plan, from 0.
        box: The place of its box among the stage's boxes.
        parameters: Its point of the search space.
        seed: Of its own draws, such as initial weights.
        order_seed: Of the draws that it shares with its cohort, such as the order of the rows.
    """

    number: int
    box: int
    parameters: Point
    seed: int
    order_seed: int


@dataclass(frozen=True)
class StagePlan:
    """What one stage trains.

    Attributes:
        step: Which stage.
        boxes: What its trials were drawn from.
        explanation: Why its boxes, or its trials, are what they are.
        trials: By number; of a stage of several generations those of the first.
        cohorts: Numbers of the trials that are trained together.
        stop: Steps after which all its trials wait for each other; None if they do not.
        values: Of its trials, where they are known from before; empty where they are trained.
    """

    step: Step
    boxes: tuple[Box, ...]
    explanation: str
    trials: tuple[PlannedTrial, ...]
    cohorts: tuple[tuple[int, ...], ...]
    stop: int | None = None
    values: tuple[float, ...] = ()


def steps(study: Study) -> tuple[Step, ...]:
    """The stages of a search in order: the file's, the finalists' if any are re-run, the final.

    Where the objective has nothing to say of the chosen ones, there is no final.
    """
    final = study.final
    listed: list[tuple[str, Kind, Training, Halving | None, int, bool]] = [
        (
            stage.name,
            "search",
            stage.training,
            stage.halving,
            learned.generations(stage),
            stage.sampler == "results",
        )
        for stage in study.stages
    ]
    if final.rounds:
        listed.append((FINALISTS, "finalists", final.training, None, len(final.rounds), False))
    if study.objective.evaluates is not None:
        listed.append((FINAL, "final", final.training, None, 1, False))
    return tuple(Step(number, *entry) for number, entry in enumerate(listed, start=1))


def step_of(study: Study, number: int) -> Step:
    """One of the stages of a search, by its number."""
    return steps(study)[number - 1]


def expected_trials(study: Study, step: Step) -> int:
    """How many trials a stage will have, as far as the study file alone can tell.

    Fewer come where fewer configurations than the asked-for finalists have a value.
    """
    final = study.final
    if step.kind == "search":
        return study.stages[step.number - 1].trials
    if step.kind == "finalists":
        return sum(one.trials for one in final.rounds)
    return final.finalists if study.objective.evaluates == "finalists" else 1


def trials_in_all(study: Study, made: StagePlan) -> int:
    """How many trials a stage that is planned will have, those of its later generations too."""
    if made.step.kind == "finalists":
        return sum(one.trials for one in race(study, len(made.boxes)))
    return expected_trials(study, made.step) if made.step.generations > 1 else len(made.trials)


def plan(study: Study, step: Step, results: Sequence[Trial]) -> StagePlan:
    """The plan of one stage.

    Args:
        study: The whole study.
        step: Which stage; one of `steps(study)`.
        results: All finished trials of all earlier stages.

    Raises:
        KlayerError: The earlier stages give nothing to go on from: all their trials diverged.
    """
    if step.kind == "finalists":
        return _finalists_plan(study, step, results)
    if step.kind == "final":
        return _final_plan(study, step, results)
    stage = study.stages[step.number - 1]
    boxes, explanation = _boxes(study, stage, results)
    trials = search_trials(study, stage, learned.ask(study, stage, boxes, 0, []))
    if step.known:
        values = tuple(parted(one)[1] for one in stage.results)
        together = (tuple(range(len(trials))),)
        return StagePlan(step, boxes, explanation, trials, together, values=values)
    stop = next(iter(_stops(study, step)), None)
    return StagePlan(step, boxes, explanation, trials, search_cohorts(study, stage, trials), stop)


def preview(study: Study, step: Step, results: Sequence[Trial]) -> tuple[tuple[Box, ...], str]:
    """The boxes that a stage which searches would have, and why, from the trials so far.

    Raises:
        KlayerError: The trials give nothing to go on from.
    """
    return _boxes(study, study.stages[step.number - 1], results)


def _stops(study: Study, step: Step) -> list[int]:
    """The steps at whose end all trials of a stage wait for each other."""
    halving = step.halving
    if halving is None or halving.among != "stage":
        return []
    return [study.objective.rung(step.training, halving.unit, at) for at in halving.at]


def search_trials(
    study: Study, stage: Stage, drawn: Sequence[Drawn], first: int = 0
) -> tuple[PlannedTrial, ...]:
    """The trials of a stage that train the points `drawn`, numbered from `first` on."""
    order_seed = derive(study.seed, "stage", stage.name, "order")
    return tuple(
        PlannedTrial(
            number,
            one.box,
            one.parameters,
            derive(study.seed, "stage", stage.name, "trial", number),
            order_seed,
        )
        for number, one in enumerate(drawn, start=first)
    )


def search_cohorts(
    study: Study, stage: Stage, trials: Sequence[PlannedTrial]
) -> tuple[tuple[int, ...], ...]:
    """The numbers of those of the `trials` that are trained together.

    Where a clock may cut the stage, the cohort of its first trial is the first, and not the most
    costly: otherwise none but the widest networks would be trained.
    """
    fits = [study.objective.fit(stage.training, trial.parameters) for trial in trials]
    found = (
        tuple(trials[place].number for place in cohort) for cohort in cohorts(fits, LARGEST_COHORT)
    )
    return tuple(found if study.hours is None else sorted(found))


def _boxes(study: Study, stage: Stage, results: Sequence[Trial]) -> tuple[tuple[Box, ...], str]:
    if stage.zoom is None:
        return stage.boxes, _as_declared(stage)
    rule = stage.zoom
    sources = [result for result in results if result.stage in rule.sources]
    zoomed = zoom(rule, sources, study.natural_limits(stage), study.objective)
    whole, sentence = zoomed.box, zoomed.sentence
    for box in stage.boxes:
        before, whole = whole, overlaid(whole, box)
        sentence += f"\nas the study file says: {', '.join(box.ranges)}"
        for line in left_out(before, whole):
            sentence += f"\n{line}"
    return (whole,), sentence


def _as_declared(stage: Stage) -> str:
    if stage.sampler == "points":
        count = len(stage.points)
        return "the study file lists " + ("this point" if count == 1 else f"these {count} points")
    lines = ["as the study file says"]
    if stage.sampler == "results":
        given = f"{plural(len(stage.results), 'result')} of {stage.source or 'the study file'}"
        lines = [f"{given}, from before this search; the study file gives the box"]
    for number, box in enumerate(stage.boxes, start=1):
        which = f"box {number}, " if len(stage.boxes) > 1 else ""
        lines += [f"{which}{name}: {box.described(name)}" for name in box.ranges]
    return "\n".join(lines)


def _configurations(study: Study, results: Sequence[Trial]) -> tuple[list[Trial], tuple[Box, ...]]:
    named = _compared(study, results)
    given = [one for one in results if one.stage in named]
    count = study.final.candidates or study.final.finalists
    chosen = finalists(given, count, study.objective)
    return chosen, tuple(_listed(result) for result in chosen)


def _compared(study: Study, results: Sequence[Trial]) -> tuple[str, ...]:
    """The stages that finalists come from; the last stages may have had no time for any trial."""
    begun = {one.stage for one in results}
    stages = study.stages
    while len(stages) > 1 and stages[-1].name not in begun:
        stages = stages[:-1]
    return contenders(stages)


def _stages_in_words(study: Study, results: Sequence[Trial]) -> str:
    """Where finalists come from; with the reason, where that is not from every stage."""
    named = _compared(study, results)
    if len(named) == len(study.stages):
        return "all stages"
    if study.stages[-1].name not in named:
        return f"{' and '.join(named)}, since no time was left for the stages behind"
    return f"{' and '.join(named)}, whose values compare with the last stage's"


def _listed(result: Trial) -> Box:
    """A box that holds one point, under the conditions that it was drawn under."""
    ranges = {name: Choices((value,)) for name, value in result.parameters.items()}
    return fitted(ranges, result.box.conditions)


def _finalists_plan(study: Study, step: Step, results: Sequence[Trial]) -> StagePlan:
    """Each finalist over the same fresh seeds; of a race the candidates, in its first round."""
    chosen, boxes = _configurations(study, results)
    first, *others = race(study, len(chosen))
    points = {place: result.parameters for place, result in enumerate(chosen)}
    trials, stacks = round_of(study, step, points, first.seeds, 0)
    named = ", ".join(f"{result.stage} #{result.number}" for result in chosen)
    explanation = (
        f"the best {len(chosen)} configurations of {_stages_in_words(study, results)} ({named}), "
    )
    if others:
        left = ", ".join(f"the best {one.candidates} with {one.seeds.stop}" for one in others)
        explanation += f"in a race: all with {plural(first.seeds.stop, 'fresh seed')}, {left}"
    else:
        explanation += f"each over {plural(study.final.seeds, 'fresh seed')}"
    return StagePlan(step, boxes, explanation, trials, stacks)


def race(study: Study, candidates: int) -> tuple[Round, ...]:
    """The rounds of the finalists, of whom there may be fewer than the study file asks for."""
    final = study.final
    return rounds(candidates, min(candidates, final.finalists), final.seeds)


def round_of(
    study: Study, step: Step, points: Mapping[int, Point], seeds: range, first: int
) -> tuple[tuple[PlannedTrial, ...], tuple[tuple[int, ...], ...]]:
    """The trials of a round of the finalists, and which of them are trained together.

    Args:
        study: The whole study.
        step: The finalists'.
        points: By their boxes, those that are trained.
        seeds: The numbers of the seeds; each of the points is trained with every one of them.
        first: The number of the first trial.
    """
    pairs = [(seed, box) for seed in seeds for box in points]
    trials = tuple(
        PlannedTrial(
            number,
            box,
            points[box],
            derive(study.seed, FINALISTS, "seed", seed),
            derive(study.seed, FINALISTS, "order", seed),
        )
        for number, (seed, box) in enumerate(pairs, start=first)
    )
    fits = [
        _in_order(trial, study.objective.fit(step.training, trial.parameters)) for trial in trials
    ]
    stacks = cohorts(fits, LARGEST_COHORT)
    return trials, tuple(tuple(trials[place].number for place in one) for one in stacks)


def _in_order(trial: PlannedTrial, fit: Fit) -> Fit:
    """How a trial fits into a stack whose members must also share their order."""
    return replace(fit, key=(trial.order_seed, fit.key))


def _final_plan(study: Study, step: Step, results: Sequence[Trial]) -> StagePlan:
    """The winner, and with `ensemble` the other finalists behind it, as one cohort."""
    chosen, boxes = _configurations(study, results)
    spreads = seed_spreads(results)
    order = list(range(min(len(chosen), study.final.finalists)))
    where = _stages_in_words(study, results)
    explanation = f"{chosen[0].stage} #{chosen[0].number} has the best value of {where}"
    if spreads:
        best = winner({place: spread.values for place, spread in spreads.items()}, study.objective)
        most = len(spreads[best].values)
        others = [place for place in sorted(spreads) if len(spreads[place].values) == most]
        order = [best, *(place for place in others if place != best)]
        explanation = _why(study, chosen[best], spreads[best], len(others))
    if study.objective.evaluates != "finalists":
        order = order[:1]
    trials = tuple(
        PlannedTrial(
            number,
            number,
            chosen[place].parameters,
            derive(study.seed, FINAL, "seed", number),
            derive(study.seed, FINAL, "order"),
        )
        for number, place in enumerate(order)
    )
    boxes = tuple(boxes[place] for place in order)
    return StagePlan(step, boxes, explanation, trials, (tuple(range(len(trials))),))


def _why(study: Study, chosen: Trial, spread: Spread, among: int) -> str:
    said = study.objective.score.around(spread.mean, spread.standard_deviation)
    seeds = plural(len(spread.values), "fresh seed")
    best = f"{chosen.stage} #{chosen.number} has the best mean"
    return f"{best} of {among} finalists: {said} over {seeds}"


def seed_spreads(results: Sequence[Trial]) -> dict[int, Spread]:
    """How each finalist did over its seeds, by its place among the finalists; {} before that."""
    found = over_seeds(result for result in results if result.stage == FINALISTS)
    return {place: spread for place, (_, spread) in enumerate(found)}
