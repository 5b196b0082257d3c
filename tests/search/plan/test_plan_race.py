"""A race of the finalists: who goes on, with which seeds, and who wins."""

from collections.abc import Mapping, Sequence

import pytest

from search.errors import KlayerError
from search.plan.generations import GenerationPlan, plan_generation, rehearsed_generations
from search.plan.plan import (
    StagePlan,
    Step,
    expected_trials,
    plan,
    steps,
    trials_in_all,
)
from search.plan.ranking import Ranking
from search.plan.trial import Trial
from search.study.file import Study
from search.study.reading import load

RACE = ("final.candidates=8", "final.finalists=2", "final.seeds=7")
WORTH = {0: 0.1, 1: 0.2, 2: None, 3: 0.6, 4: 0.5, 5: 0.7, 6: 0.3, 7: 0.4}


def step(study: Study, name: str) -> Step:
    return next(one for one in steps(study) if one.name == name)


def searched(study: Study, most: int = 100) -> list[Trial]:
    """Results of all stages that search, later trials being better; only some have a value."""
    results: list[Trial] = []
    for one in steps(study):
        if one.kind == "search":
            made = plan(study, one, results)
            results += [
                Trial(one.name, t.number, t.parameters, t.number / 100, made.boxes[t.box])
                for t in made.trials
            ]
    valued = {id(one) for one in results[:most]}
    return [
        one if id(one) in valued else Trial(one.stage, one.number, one.parameters, None, one.box)
        for one in results
    ]


def run(
    made: StagePlan, part: StagePlan | GenerationPlan, worth: Mapping[int, float | None]
) -> list[Trial]:
    return [
        Trial("finalists", t.number, t.parameters, worth[t.box], made.boxes[t.box])
        for t in part.trials
    ]


def raced(
    study: Study, results: Sequence[Trial], worth: Mapping[int, float | None]
) -> tuple[list[Trial], list[StagePlan | GenerationPlan]]:
    """The trials of the finalists, and the plans of all rounds.

    Args:
        study: The study.
        results: Of the stages that search.
        worth: What each candidate reaches with every seed, by its place.
    """
    its = step(study, "finalists")
    made = plan(study, its, results)
    parts: list[StagePlan | GenerationPlan] = [made]
    reruns = run(made, made, worth)
    while len(reruns) < trials_in_all(study, made):
        following = plan_generation(study, its, len(parts), made.boxes, reruns[::-1])
        parts.append(following)
        reruns += run(made, following, worth)
    return reruns, parts


def test_the_better_half_goes_on_with_further_seeds_and_the_best_mean_wins() -> None:
    study = load("digits", RACE)
    results = searched(study)
    reruns, parts = raced(study, results, WORTH)
    ran = [[trial.box for trial in part.trials] for part in parts]
    assert ran == [list(range(8)), [3, 4, 5, 7] * 2, [3, 5] * 4]
    assert len(reruns) == expected_trials(study, step(study, "finalists")) == 24
    assert [one.number for one in reruns] == list(range(24))
    cohorts = [number for part in parts for cohort in part.cohorts for number in cohort]
    assert sorted(cohorts) == list(range(24))
    seeds = [{t.seed for t in part.trials} for part in parts]
    assert [len(one) for one in seeds] == [1, 2, 4]
    assert len(set.union(*seeds)) == 7
    made = plan(study, step(study, "final"), [*results, *reruns])
    assert [t.parameters for t in made.trials] == [reruns[n].parameters for n in (5, 3)]
    assert "the best mean of 2 finalists: 70.00 % ± 0.00 over 7 fresh seeds" in made.explanation
    first = parts[0]
    assert isinstance(first, StagePlan)
    assert first.explanation.endswith(
        "in a race: all with 1 fresh seed, the best 4 with 3, the best 2 with 7"
    )


def test_fewer_configurations_than_candidates_race_in_fewer_rounds() -> None:
    study = load("digits", RACE)
    _, parts = raced(study, searched(study, most=3), WORTH)
    assert [len(part.trials) for part in parts] == [3 * 2, 2 * 5]
    (alone,) = raced(study, searched(study, most=1), WORTH)[1]
    assert len(alone.trials) == 7


def test_a_round_needs_the_results_of_all_before_it() -> None:
    study = load("digits", RACE)
    made = plan(study, step(study, "finalists"), searched(study))
    with pytest.raises(KlayerError, match="finalists: round 2 needs the results of trials 0 to 7"):
        plan_generation(study, made.step, 1, made.boxes, run(made, made, WORTH)[1:])


def test_a_rehearsed_race_has_its_rounds() -> None:
    study = load("digits", RACE)
    made = plan(study, step(study, "finalists"), searched(study))
    rounds = rehearsed_generations(study, made)
    assert [[t.box for t in one.trials] for one in rounds] == [[0, 1, 2, 3] * 2, [0, 1] * 4]
    assert [t.number for one in rounds for t in one.trials] == list(range(8, 24))


def test_one_that_a_race_has_dropped_never_wins() -> None:
    ranking = Ranking("maximize")
    assert ranking.winner({0: [0.9], 1: [0.5, 0.4], 2: [0.6, 0.2]}) == 1
    assert ranking.by_seeds({0: [0.9], 1: [None, 0.4], 2: [0.6, 0.2]}) == [2, 1, 0]
