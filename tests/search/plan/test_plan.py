"""A plan is a pure function of the study and what is finished, whoever makes it and when."""

import random
from collections.abc import Sequence

import pytest

from search.errors import KlayerError
from search.plan.plan import (
    LARGEST_COHORT,
    StagePlan,
    Step,
    expected_trials,
    plan,
    seed_spreads,
    steps,
)
from search.plan.samplers import distributions
from search.plan.trial import Trial
from search.space.space import Box, Choices, Interval
from search.study.file import Study, study_of
from search.study.reading import load

OVERRIDES = ("final.finalists=3", "final.seeds=2")


def study_with(*overrides: str) -> Study:
    return load("digits", [*OVERRIDES, *overrides])


def valued(made: StagePlan, values: Sequence[float | None]) -> list[Trial]:
    """The results of a stage's plan, were these its values."""
    return [
        Trial(made.step.name, trial.number, trial.parameters, value, made.boxes[trial.box])
        for trial, value in zip(made.trials, values, strict=True)
    ]


def rising(made: StagePlan) -> list[Trial]:
    return valued(made, [(n + 1) / (len(made.trials) + 1) for n in range(len(made.trials))])


def step(study: Study, name: str) -> Step:
    return next(one for one in steps(study) if one.name == name)


def up_to(study: Study, name: str) -> list[Trial]:
    """Results of all stages before the one of that name, later trials being better."""
    results: list[Trial] = []
    for one in steps(study):
        if one.name == name:
            break
        results += rising(plan(study, one, results))
    return results


def test_the_stages_of_a_search_in_order() -> None:
    found = [(one.number, one.name, one.kind) for one in steps(study_with())]
    assert found == [
        (1, "coarse", "search"),
        (2, "fine", "search"),
        (3, "finest", "search"),
        (4, "finalists", "finalists"),
        (5, "final", "final"),
    ]


def test_one_finalist_with_one_seed_is_not_run_again() -> None:
    study = study_with("final.finalists=1", "final.seeds=1")
    assert [one.name for one in steps(study)] == ["coarse", "fine", "finest", "final"]


@pytest.mark.parametrize("name", ["coarse", "fine", "finest", "finalists", "final"])
def test_a_plan_does_not_depend_on_who_makes_it_or_in_which_order_trials_came_in(name: str) -> None:
    study = study_with()
    results = up_to(study, name)
    made = plan(study, step(study, name), results)
    shuffled = list(results)
    stages = list(dict.fromkeys(one.stage for one in results))
    random.Random(3).shuffle(shuffled)
    shuffled.sort(key=lambda one: stages.index(one.stage))  # inside their stages, in any order
    again = plan(study_of(study.canonical()), step(study, name), shuffled)
    assert again == made


@pytest.mark.parametrize("name", ["coarse", "fine", "finest", "finalists", "final"])
def test_a_plan_is_whole(name: str) -> None:
    study = study_with()
    one = step(study, name)
    made = plan(study, one, up_to(study, name))
    assert [trial.number for trial in made.trials] == list(range(expected_trials(study, one)))
    assert sorted(n for cohort in made.cohorts for n in cohort) == list(range(len(made.trials)))
    assert max(map(len, made.cohorts)) <= LARGEST_COHORT
    assert all(made.boxes[trial.box].contains(trial.parameters) for trial in made.trials)
    assert all(len({made.trials[n].order_seed for n in cohort}) == 1 for cohort in made.cohorts)
    assert made.explanation


def test_another_seed_gives_other_points_and_other_seeds() -> None:
    one, other = (
        plan(study, step(study, "coarse"), []) for study in (study_with(), study_with("seed=2"))
    )
    assert not {t.seed for t in one.trials} & {t.seed for t in other.trials}
    assert one.trials[0].parameters != other.trials[0].parameters
    assert one.trials[0].order_seed != other.trials[0].order_seed


def test_trials_of_a_search_stage_share_their_order_and_not_their_seeds() -> None:
    study = study_with()
    made = plan(study, step(study, "coarse"), [])
    assert len({trial.seed for trial in made.trials}) == len(made.trials)
    assert len({trial.order_seed for trial in made.trials}) == 1


def test_trials_that_cannot_be_one_stack_are_in_different_cohorts() -> None:
    study = study_with("stages.coarse.box.batch_size=[50, 100]")
    made = plan(study, step(study, "coarse"), [])
    for cohort in made.cohorts:
        assert len({made.trials[n].parameters["batch_size"] for n in cohort}) == 1
    assert {trial.parameters["batch_size"] for trial in made.trials} == {50, 100}


def test_the_widest_are_first_unless_a_clock_may_leave_the_others_out() -> None:
    changes = ("stages.coarse.trials=40", "stages.coarse.box.width_1={low = 10, high = 200}")
    free, timed = (study_with(*changes, *more) for more in ((), ("budget.hours=1",)))
    made, by_the_clock = (plan(one, step(one, "coarse"), []) for one in (free, timed))

    def width(cohort: tuple[int, ...]) -> int:
        return max(int(made.trials[n].parameters["width_1"]) for n in cohort)

    costs = [len(one) * width(one) for one in made.cohorts]
    assert costs == sorted(costs, reverse=True)
    assert set(made.cohorts) == set(by_the_clock.cohorts)
    firsts = [one[0] for one in by_the_clock.cohorts]
    assert firsts == sorted(firsts)
    assert firsts != [one[0] for one in made.cohorts]


def test_the_next_box_is_zoomed_from_the_stages_it_names() -> None:
    study = study_with()
    results = up_to(study, "fine")
    made = plan(study, step(study, "fine"), results)
    (box,) = made.boxes
    best = max(results, key=lambda one: one.value or 0)
    assert box.contains(best.parameters)
    assert "spanned by the best 8" in made.explanation
    old = study.stages[0].boxes[0].ranges["learning_rate"]
    new = box.ranges["learning_rate"]
    assert isinstance(old, Interval)
    assert isinstance(new, Interval)
    assert new.high / new.low < old.high / old.low


def test_each_finalist_runs_over_the_same_fresh_seeds() -> None:
    study = study_with()
    results = up_to(study, "finalists")
    made = plan(study, step(study, "finalists"), results)
    ranked = sorted(results, key=lambda one: -(one.value or 0))
    assert made.trials[0].parameters == ranked[0].parameters
    first, second = made.trials[:3], made.trials[3:]
    assert [t.parameters for t in first] == [t.parameters for t in second]
    assert len({t.seed for t in first}) == len({t.seed for t in second}) == 1
    assert first[0].seed != second[0].seed
    assert first[0].order_seed != second[0].order_seed
    known = {t.seed for t in plan(study, step(study, "coarse"), []).trials}
    assert not {t.seed for t in made.trials} & known
    assert made.boxes[1] == Box(
        {name: Choices((value,)) for name, value in made.trials[1].parameters.items()}
    )


def test_the_best_mean_over_the_seeds_wins_and_leads_the_final() -> None:
    study = study_with()
    results = up_to(study, "finalists")
    reruns = plan(study, step(study, "finalists"), results)
    # finalist 0: .5 and .9, mean .7; finalist 1: .8 and .8; finalist 2: .6 and diverged
    results += valued(reruns, [0.5, 0.8, 0.6, 0.9, 0.8, None])
    spreads = seed_spreads(results)
    assert [spread.values for spread in spreads.values()] == [(0.5, 0.9), (0.8, 0.8), (0.6, None)]
    made = plan(study, step(study, "final"), results)
    order = [trial.parameters for trial in made.trials]
    assert order == [reruns.trials[n].parameters for n in (1, 0, 2)]
    assert made.cohorts == ((0, 1, 2),)
    assert "the best mean of 3 finalists: 80.00 % ± 0.00 over 2 fresh seeds" in made.explanation
    alone = plan(study_with("final.ensemble=false"), step(study, "final"), results)
    assert [trial.parameters for trial in alone.trials] == order[:1]
    assert alone.trials == made.trials[:1]


def test_without_reruns_the_best_value_wins() -> None:
    study = study_with("final.finalists=1", "final.seeds=1")
    results = up_to(study, "final")
    made = plan(study, step(study, "final"), results)
    best = max(results, key=lambda one: one.value or 0)
    assert [trial.parameters for trial in made.trials] == [best.parameters]
    assert made.explanation == f"{best.stage} #{best.number} has the best value of all stages"


def test_without_seeds_all_finalists_go_straight_to_the_final_by_their_values() -> None:
    study = study_with("final.finalists=3", "final.seeds=0")
    assert [one.name for one in steps(study)] == ["coarse", "fine", "finest", "final"]
    final = step(study, "final")
    results = up_to(study, "final")
    made = plan(study, final, results)
    best = sorted(results, key=lambda one: -(one.value or 0))[:3]
    assert [trial.parameters for trial in made.trials] == [one.parameters for one in best]
    assert len(made.trials) == expected_trials(study, final) == 3


@pytest.mark.parametrize("name", ["fine", "finalists", "final"])
def test_nothing_but_diverged_trials_is_an_error(name: str) -> None:
    study = study_with()
    coarse = plan(study, step(study, "coarse"), [])
    lost = valued(coarse, [None] * len(coarse.trials))
    with pytest.raises(KlayerError, match="diverged"):
        plan(study, step(study, name), lost)


def test_listed_points_are_explained() -> None:
    points = "[{learning_rate=0.1}, {learning_rate=0.2}]"
    only = f"stages=[{{name='only', sampler='points', points={points}}}]"
    study = study_with(only, "final.finalists=1")
    made = plan(study, step(study, "only"), [])
    assert made.explanation == "the study file lists these 2 points"
    assert [dict(trial.parameters) for trial in made.trials] == [
        {"learning_rate": 0.1},
        {"learning_rate": 0.2},
    ]


def mixed() -> Study:
    """A search whose last stage searches more than its first; the first one's trials are better."""
    return study_of(
        {
            "name": "mixed",
            "stages": [
                {
                    "name": "rates",
                    "trials": 3,
                    "box": {"learning_rate": {"low": 0.01, "high": 0.1}},
                },
                {
                    "name": "both",
                    "trials": 3,
                    "zoom": {"rule": "decades", "decades": 1},
                    "box": {"weight_decay": {"low": 1e-6, "high": 0.01}},
                },
            ],
            "final": {"finalists": 2, "seeds": 2},
        }
    )


def test_a_search_that_widens_its_space_comes_to_its_end() -> None:
    study = mixed()
    results: list[Trial] = []
    for one in steps(study):
        made = plan(study, one, results)
        assert set(distributions(made.boxes)) >= set(made.trials[0].parameters)
        best = 0.9 if one.name == "rates" else 0.5
        results += valued(made, [best - n / 100 for n in range(len(made.trials))])
    finalists = [result for result in results if result.stage == "finalists"]
    assert {tuple(result.parameters) for result in finalists} == {("learning_rate", "weight_decay")}
    assert (
        "both, whose values compare with the last stage's"
        in plan(study, step(study, "finalists"), results).explanation
    )


def test_a_zoom_leaves_learning_rates_that_the_final_can_cycle_up_to() -> None:
    floor = 9e-5
    study = study_of(
        {
            "name": "floors",
            "training": {"learning_rate_min": floor},
            "stages": [
                {
                    "name": "coarse",
                    "trials": 8,
                    "box": {"learning_rate": {"low": 1e-4, "high": 1e-2}},
                },
                {"name": "fine", "trials": 8, "zoom": {"rule": "decades", "decades": 2}},
            ],
            "final": {
                "training": {"schedule": {"kind": "cycles", "cycles": 1, "half_cycle_epochs": 1}}
            },
        }
    )
    coarse = plan(study, step(study, "coarse"), [])
    lowest = min(coarse.trials, key=lambda trial: float(trial.parameters["learning_rate"]))
    results = [
        Trial("coarse", 0, {"learning_rate": 1e-4}, 0.9, coarse.boxes[0]),
        *valued(coarse, [0.1 if trial is lowest else 0.0 for trial in coarse.trials])[1:],
    ]
    (box,) = plan(study, step(study, "fine"), results).boxes
    extent = box.ranges["learning_rate"]
    assert isinstance(extent, Interval)
    assert floor < extent.low < 1e-4  # past the old edge, where the best lies, and no further
