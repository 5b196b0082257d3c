"""Generations: planned alike by whoever plans them, and each better than chance."""

import dataclasses
import json
import math
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from search.errors import KlayerError
from search.plan.generations import (
    GenerationPlan,
    generations,
    plan_generation,
    rehearsed_generations,
)
from search.plan.plan import (
    LARGEST_COHORT,
    StagePlan,
    Step,
    expected_trials,
    plan,
    steps,
)
from search.plan.seeds import derive
from search.plan.trial import Trial
from search.space.space import Box, Interval, Point
from search.study.file import Study, study_of

ROOT = Path(__file__).parents[3]
LEARNING = ("tpe", "cmaes", "gp")

RATE = {"low": 1e-5, "high": 1.0}
NUMBERS: dict[str, Any] = {
    "learning_rate": RATE,
    "weight_decay": {"low": 1e-7, "high": 1e-1},
    "momentum": {"low": 0.0, "high": 0.99, "log": False},
    "width_1": {"low": 10, "high": 200, "step": 10},
}
KINDS = NUMBERS | {"activation": ["relu", "elu"], "batch_size": [50, 100]}

Objective = Callable[[Point], float | None]


def study_with(sampler: str, seed: int = 1, **stage: Any) -> Study:
    generation = {"generation": 8} if sampler in LEARNING else {}
    whole = {"name": "only", "sampler": sampler, "trials": 64} | generation | stage
    whole.setdefault("box", KINDS if sampler != "cmaes" else NUMBERS)
    if "boxes" in whole:
        del whole["box"]
    return study_of({"name": "own", "seed": seed, "stages": [whole]})


def smooth(point: Point) -> float:
    """An accuracy with its best at η = 0.005, λ = 1e-4, momentum 0.7 and 130 units."""
    rate = math.log10(float(point["learning_rate"])) + 2.3
    decay = math.log10(float(point["weight_decay"])) + 4
    momentum, width = float(point["momentum"]) - 0.7, float(point["width_1"]) - 130
    lost = 0.05 * rate**2 + 0.01 * decay**2 + 0.1 * momentum**2 + 2e-6 * width**2
    return 0.9 - lost - (0.03 if point.get("activation") == "relu" else 0.0)


def kept(_: Point) -> None:
    """No trial is dropped."""


def valued(
    made: StagePlan | GenerationPlan,
    boxes: tuple[Box, ...],
    objective: Objective,
    dropped: Callable[[Point], int | None] = kept,
) -> list[Trial]:
    return [
        Trial("only", t.number, p, objective(p), boxes[t.box], dropped(p))
        for t in made.trials
        for p in [t.parameters]
    ]


def searched(
    study: Study,
    objective: Objective,
    dropped: Callable[[Point], int | None] = kept,
    until: int | None = None,
) -> tuple[StagePlan, list[GenerationPlan], list[Trial]]:
    """The only stage of a study: its plan, its generations and all results.

    Args:
        study: The study.
        objective: What each point is worth; None where its training diverges.
        dropped: After how many epochs a point is dropped; None where it is not.
        until: Ends it after so many generations.
    """
    step = steps(study)[0]
    first = plan(study, step, [])
    later: list[GenerationPlan] = []
    results = valued(first, first.boxes, objective, dropped)
    for number in range(1, until or step.generations):
        later.append(plan_generation(study, step, number, first.boxes, results))
        results += valued(later[-1], first.boxes, objective, dropped)
    return first, later, results


def changed(results: Iterable[Trial], **fields: Callable[[Trial], Any]) -> list[Trial]:
    return [
        dataclasses.replace(one, **{name: make(one) for name, make in fields.items()})
        for one in results
    ]


def next_generation(study: Study, results: Sequence[Trial]) -> GenerationPlan:
    step = steps(study)[0]
    size = study.stages[0].generation or 0
    boxes = plan(study, step, []).boxes
    return plan_generation(study, step, len(results) // size, boxes, results)


@pytest.mark.parametrize("sampler", LEARNING)
def test_a_generation_does_not_depend_on_who_plans_it_or_how_trials_came_in(sampler: str) -> None:
    study = study_with(sampler)
    _, _, results = searched(study, smooth, until=4)
    made = next_generation(study, results)
    shuffled = list(results)
    random.Random(3).shuffle(shuffled)
    through_json = changed(
        shuffled,
        parameters=lambda one: json.loads(json.dumps(dict(one.parameters), sort_keys=True)),
    )
    again = study_of(json.loads(json.dumps(study.canonical())))
    assert next_generation(again, through_json) == made
    assert [type(value) for value in made.trials[0].parameters.values()] == [
        type(value) for value in results[0].parameters.values()
    ]


CHILD = """
import hashlib
from tests.search.plan.test_generations import searched, smooth, study_with
for sampler in ("tpe", "cmaes", "gp"):
    _, later, _ = searched(study_with(sampler, trials=40), smooth)
    print(sampler, hashlib.sha256(repr(later).encode()).hexdigest())
"""


def test_every_process_plans_the_same() -> None:
    """Whatever its hashes of words and its BLAS threads."""
    said = set()
    for place in (1, 2):
        changes = {"PYTHONHASHSEED": str(place), "OPENBLAS_NUM_THREADS": str(place)}
        environment = os.environ | changes | {"PYTHONPATH": str(ROOT)}
        ran = subprocess.run(
            [sys.executable, "-c", CHILD], env=environment, capture_output=True, check=True
        )
        said.add(ran.stdout)
    (lines,) = said
    assert len(lines.splitlines()) == len(LEARNING)


@pytest.mark.parametrize("sampler", LEARNING)
def test_another_seed_gives_other_generations(sampler: str) -> None:
    one, other = (searched(study_with(sampler, seed), smooth)[1] for seed in (1, 2))
    for left, right in zip(one, other, strict=True):
        assert not {t.seed for t in left.trials} & {t.seed for t in right.trials}
        assert left.trials[0].parameters != right.trials[0].parameters


@pytest.mark.parametrize("sampler", LEARNING)
def test_on_the_same_results_other_seeds_and_other_boxes_draw_other_points(sampler: str) -> None:
    twice = {"boxes": [{"learning_rate": RATE}] * 2, "generation": 16}
    study = study_with(sampler, **twice)
    (box, _) = study.stages[0].boxes
    rates = [10 ** -(1 + number // 2 / 8) for number in range(16)]
    results = [Trial("only", n, {"learning_rate": r}, r, box) for n, r in enumerate(rates)]
    drawn = [
        [t.parameters["learning_rate"] for t in next_generation(one, results).trials[place::2]]
        for one in (study, study_with(sampler, seed=2, **twice))
        for place in (0, 1)
    ]
    assert len({rate for rates in drawn for rate in rates}) == 4 * 8


@pytest.mark.parametrize("sampler", LEARNING)
@pytest.mark.parametrize(("trials", "sizes"), [(64, [8] * 8), (20, [8, 8, 4]), (17, [8, 8, 1])])
def test_generations_are_whole_and_the_last_one_takes_what_is_left(
    sampler: str, trials: int, sizes: list[int]
) -> None:
    study = study_with(sampler, trials=trials)
    first, later, _ = searched(study, smooth)
    step = steps(study)[0]
    parts: list[StagePlan | GenerationPlan] = [first, *later]
    assert [len(part.trials) for part in parts] == sizes
    assert [part.generation for part in later] == list(range(1, len(sizes)))
    assert step.generations == generations(study.stages[0]) == len(sizes)
    assert expected_trials(study, step) == trials
    every = [trial for part in parts for trial in part.trials]
    assert [trial.number for trial in every] == list(range(trials))
    assert len({trial.seed for trial in every}) == trials
    assert len({trial.order_seed for trial in every}) == 1
    for part in parts:
        assert sorted(n for cohort in part.cohorts for n in cohort) == [
            trial.number for trial in part.trials
        ]
        assert max(map(len, part.cohorts)) <= LARGEST_COHORT


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_a_sampler_that_does_not_learn_has_one_generation(sampler: str) -> None:
    study = study_with(sampler)
    assert [step.generations for step in steps(study)] == [1, 1]
    assert generations(study.stages[0]) == 1
    assert len(plan(study, steps(study)[0], []).trials) == 64


def test_seeds_of_trials_do_not_depend_on_the_sampler() -> None:
    random_ones = plan(study_with("random"), steps(study_with("random"))[0], []).trials
    first, later, _ = searched(study_with("tpe"), smooth)
    every = [*first.trials, *(trial for part in later for trial in part.trials)]
    assert [(t.seed, t.order_seed) for t in every] == [(t.seed, t.order_seed) for t in random_ones]
    assert every[9].seed == derive(1, "stage", "only", "trial", 9)


@pytest.mark.parametrize("sampler", LEARNING)
@pytest.mark.parametrize("lost", [0, 7, None])
def test_results_that_are_not_those_of_all_earlier_generations_are_refused(
    sampler: str, lost: int | None
) -> None:
    study = study_with(sampler)
    first, _, results = searched(study, smooth, until=2)
    given = [*results, results[-1]] if lost is None else results[:lost] + results[lost + 1 :]
    with pytest.raises(KlayerError, match="only: generation 2 needs the results of trials 0 to 15"):
        plan_generation(study, steps(study)[0], 2, first.boxes, given)


SEEDS = range(5)


@pytest.mark.parametrize("sampler", LEARNING)
def test_it_learns(sampler: str) -> None:
    """The last generation is far better than chance, in the mean and at its best, for each seed."""
    for seed in SEEDS:
        values = {
            name: [one.value or 0 for one in searched(study_with(name, seed), smooth)[2][-8:]]
            for name in (sampler, "random")
        }
        assert statistics.fmean(values[sampler]) > statistics.fmean(values["random"]) + 0.05
        assert max(values[sampler]) > max(values["random"])


def test_tpe_learns_words() -> None:
    """Of two activations alike in all else the better one is taken more and more."""

    def by_word(point: Point) -> float:
        return 0.9 if point["activation"] == "elu" else 0.6

    taken = [
        one.parameters["activation"]
        for seed in SEEDS
        for one in searched(study_with("tpe", seed), by_word)[2][-16:]
    ]
    assert taken.count("elu") > 0.8 * len(taken)


@pytest.mark.parametrize("sampler", LEARNING)
def test_every_point_lies_in_its_box(sampler: str) -> None:
    study = study_with(sampler)
    _, _, results = searched(study, smooth)
    assert all(one.box.contains(one.parameters) for one in results)
    assert {(int(one.parameters["width_1"]) - 10) % 10 for one in results} == {0}
    assert {type(one.parameters["width_1"]) for one in results} == {int}
    assert len({one.parameters["width_1"] for one in results}) > 3


@pytest.mark.parametrize("dropped", [kept, lambda _: 2])
@pytest.mark.parametrize("sampler", LEARNING)
def test_where_trainings_diverge_fewer_trials_go(
    sampler: str, dropped: Callable[[Point], int | None]
) -> None:
    """They do in 2 of 5 decades; all else is alike. Dropped trials still are the better ones."""

    def breaks(point: Point) -> float | None:
        return None if float(point["learning_rate"]) > 0.01 else 0.5

    def share(name: str) -> float:
        lost = [
            one.value is None
            for seed in SEEDS
            for one in searched(study_with(name, seed), breaks, dropped)[2][-32:]
        ]
        return lost.count(True) / len(lost)

    assert share("random") > 0.35
    assert share(sampler) < 0.15


@pytest.mark.parametrize("sampler", LEARNING)
def test_a_stage_of_which_all_diverged_so_far_goes_on(sampler: str) -> None:
    study = study_with(sampler, trials=32)
    _, later, _ = searched(study, lambda _: None)
    points = [tuple(t.parameters.values()) for part in later for t in part.trials]
    assert len(set(points)) == 24


@pytest.mark.parametrize("sampler", LEARNING)
def test_trials_that_were_dropped_count_behind_all_others(sampler: str) -> None:
    """What halving drops early has other values: the next points do not depend on them."""
    study = study_with(sampler, halving={"keep": 0.5, "at": [1, 4], "among": "cohort"})
    _, _, results = searched(study, smooth, until=4)
    best = sorted(results, key=lambda one: -(one.value or 0))[:16]

    def after(one: Trial) -> int | None:
        return None if one in best else 1 + 3 * (one.number % 2)

    pruned = changed(results, pruned_after=after)
    inflated = changed(pruned, value=lambda o: (o.value or 0) + (0.5 if o.pruned_after else 0))
    assert next_generation(study, inflated) == next_generation(study, pruned)
    unpruned = changed(inflated, pruned_after=lambda _: None)
    assert next_generation(study, unpruned) != next_generation(study, inflated)


@pytest.mark.parametrize("sampler", LEARNING)
def test_of_dropped_trials_those_that_were_trained_for_longer_rank_first(sampler: str) -> None:
    """All are dropped: the sampler goes where that is late, whatever the values."""
    study = study_with(sampler, box={"learning_rate": RATE}, trials=80)

    def middle(late: Callable[[float], bool]) -> float:
        def dropped(point: Point) -> int:
            return 4 if late(float(point["learning_rate"])) else 1

        _, _, results = searched(study, lambda point: float(point["learning_rate"]), dropped)
        rates = [float(one.parameters["learning_rate"]) for one in results[-40:]]
        return statistics.median(map(math.log10, rates))

    assert middle(lambda rate: rate < 1e-3) < -2.8
    assert middle(lambda rate: rate > 1e-3) > -1.5


BOXES = [{"learning_rate": {"low": 10.0**low, "high": 10.0 ** (low + 1)}} for low in (-4, -2, -1)]


TARGETS = (-3.9, -1.2, -0.1)


def near(point: Point) -> float:
    """What is best in each of the three boxes: 10 to the power of its target."""
    position = math.log10(float(point["learning_rate"]))
    box = 0 if position < -3 else 1 if position < -1 else 2
    return 0.9 - 0.3 * abs(position - TARGETS[box])


@pytest.mark.parametrize("sampler", LEARNING)
@pytest.mark.parametrize("trials", [60, 53])
def test_boxes_take_turns_and_learn_from_their_own_trials_alone(sampler: str, trials: int) -> None:
    study = study_with(sampler, boxes=BOXES, generation=12, trials=trials)
    first, later, results = searched(study, near)
    every = [*first.trials, *(trial for part in later for trial in part.trials)]
    assert [trial.box for trial in every] == [number % 3 for number in range(trials)]
    assert all(first.boxes[t.box].contains(t.parameters) for t in every)

    def turned(one: Trial) -> float:
        return -(one.value or 0) if one.number % 3 == 1 else one.value or 0

    made, other = (
        next_generation(study, given)
        for given in (results[:36], changed(results[:36], value=turned))
    )
    for box in range(3):
        left, right = ([t.parameters for t in one.trials if t.box == box] for one in (made, other))
        assert (left == right) == (box != 1)


@pytest.mark.parametrize("sampler", LEARNING)
def test_each_box_learns(sampler: str) -> None:
    gained: dict[int, list[float]] = {0: [], 1: [], 2: []}
    for seed in SEEDS:
        study = study_with(sampler, seed, boxes=BOXES, generation=24, trials=120)
        _, _, results = searched(study, near)
        for box, gains in gained.items():
            values = [one.value or 0 for one in results[box::3]]
            gains.append(statistics.fmean(values[-8:]) - statistics.fmean(values[:8]))
    assert min(statistics.fmean(gains) for gains in gained.values()) > 0.03


def test_points_of_a_generation_keep_apart() -> None:
    """Without that TPE would ask for the same one or two of ten, all at once."""
    sizes = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    for seed in SEEDS:
        study = study_with("tpe", seed, box={"batch_size": sizes}, trials=24)
        _, later, _ = searched(study, lambda point: 0.9 - 0.001 * float(point["batch_size"]))
        for part in later:
            assert len({trial.parameters["batch_size"] for trial in part.trials}) >= 4


def test_a_zoomed_box_is_learned_in() -> None:
    study = study_of(
        {
            "name": "own",
            "stages": [
                {"name": "wide", "trials": 8, "box": {"learning_rate": RATE}},
                {
                    "name": "only",
                    "sampler": "tpe",
                    "trials": 24,
                    "generation": 8,
                    "zoom": {"rule": "decades", "decades": 0.5},
                    "box": {"activation": ["relu", "elu"]},
                },
            ],
        }
    )
    wide, step = steps(study)[:2]
    before = [
        Trial(
            "wide", t.number, t.parameters, -abs(math.log10(t.parameters["learning_rate"]) + 2), b
        )  # type: ignore[arg-type]
        for made in [plan(study, wide, [])]
        for b in made.boxes
        for t in made.trials
    ]
    first = plan(study, step, before)
    (box,) = first.boxes
    extent = box.ranges["learning_rate"]
    assert isinstance(extent, Interval)
    assert math.log10(extent.high / extent.low) == pytest.approx(1)
    results = valued(first, first.boxes, lambda point: float(point["learning_rate"]))
    made = plan_generation(study, step, 1, first.boxes, results)
    assert [trial.number for trial in made.trials] == list(range(8, 16))
    assert all(box.contains(trial.parameters) for trial in made.trials)


@pytest.mark.parametrize("sampler", LEARNING)
def test_ranges_of_one_value_stay_as_they_are(sampler: str) -> None:
    fixed = {"momentum": {"low": 0.9, "high": 0.9}, "width_1": {"low": 50, "high": 50}}
    for box in (fixed, fixed | {"learning_rate": RATE}):
        _, _, results = searched(study_with(sampler, box=box, trials=24), lambda _: 0.5)
        assert {one.parameters["momentum"] for one in results} == {0.9}
        assert {one.parameters["width_1"] for one in results} == {50}


@pytest.mark.parametrize("sampler", LEARNING)
def test_a_rehearsal_has_the_generations_with_points_all_over_the_box(sampler: str) -> None:
    study = study_with(sampler, trials=60)
    first = plan(study, steps(study)[0], [])
    rehearsed = rehearsed_generations(study, first)
    assert [len(part.trials) for part in rehearsed] == [8] * 6 + [4]
    assert [part.generation for part in rehearsed] == list(range(1, 8))
    numbers = [n for part in rehearsed for cohort in part.cohorts for n in cohort]
    assert sorted(numbers) == list(range(8, 60))
    rates = [float(t.parameters["learning_rate"]) for part in rehearsed for t in part.trials]
    assert 0.3 < statistics.fmean(rate < 10**-2.5 for rate in rates) < 0.7
    last = steps(study)[-1]
    final = plan(study, last, valued(first, first.boxes, smooth))
    assert rehearsed_generations(study, final) == ()


def test_trials_that_cannot_be_one_stack_are_in_different_cohorts() -> None:
    study = study_with("tpe")
    first, _, results = searched(study, lambda _: 0.5, until=3)
    step: Step = steps(study)[0]
    made = plan_generation(study, step, 3, first.boxes, results)
    sizes = {trial.number: trial.parameters["batch_size"] for trial in made.trials}
    assert [len({sizes[n] for n in cohort}) for cohort in made.cohorts] == [1] * len(made.cohorts)
    assert sorted(sizes) == list(range(24, 32))
    assert len(set(sizes.values())) == 2
