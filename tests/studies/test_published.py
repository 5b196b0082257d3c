"""Every published experiment has a study, and each row of its figures a trial that can fill it."""

from collections import Counter

import pytest

from search import objective
from search.plan.plan import expected_trials, plan, steps
from search.study.file import Study
from search.study.published import Published, experiments
from search.study.reading import load, shipped

NAMES = [one.name for one in shipped()]
FOUND = {name: experiments(name) for name in NAMES}
ROWS = [(name, row) for name in NAMES for row in FOUND[name].published]

COUNTS = {"A": 5, "B": 5, "C": 5, "D": 3, "E": 8}
EXPERIMENTS = {f"{letter}{n}" for letter, count in COUNTS.items() for n in range(1, count + 1)}
FIGURES = {
    "A1": (36.5, 36.5),
    "A4": (38.65, 38.65, 0.0001, 64, 0.02),
    "B1": (53.37, 53.78, 49.71, 50.44),
    "B3": (50.17, 2.8e-5, 50.49, 5.91e-4, 50.81, 7.15e-4),
    "B5": (52.60, 51.66, 10.00, 50.63, 10.00, 48.03),
    "C3": (52.57,),
    "E6": (50.86, 50.69, 50.86),
    "E8": (48.39, 43.35, 47.79),
}


def test_every_experiment_has_a_row() -> None:
    assert {row.id for _, row in ROWS} == EXPERIMENTS


def test_every_published_gradient_check_is_made() -> None:
    counts = Counter(check.id for found in FOUND.values() for check in found.checks)
    assert counts == {"B0": 4, "D0": 3, "C3": 1}


@pytest.mark.parametrize("experiment", FIGURES)
def test_the_figures_are_those_that_were_published(experiment: str) -> None:
    rows = [row for _, row in ROWS if row.id == experiment]
    assert tuple(row.value for row in rows if row.value is not None) == FIGURES[experiment]


def test_the_best_widths_are_all_compared() -> None:
    widths = [row for _, row in ROWS if row.id == "E3"]
    assert len(widths) == 22
    assert max(row.value or 0 for row in widths) == 52.43


@pytest.mark.parametrize("name", [name for name in NAMES if FOUND[name].published])
def test_no_two_rows_of_a_file_have_one_name(name: str) -> None:
    named = Counter((row.id, row.setting) for row in FOUND[name].published)
    assert max(named.values()) == 1


def points(study: Study, row: Published) -> list[dict[str, object]]:
    """What the stage that a row speaks of trains, or the last one, whose trials the final has."""
    known = {step.name: step for step in steps(study)}
    stage = known[row.stage or study.stages[-1].name]
    made = plan(study, stage, [], objective.grouping(study))
    return [dict(trial.parameters) for trial in made.trials]


@pytest.mark.parametrize(
    ("name", "row"),
    [pytest.param(name, row, id=f"{name}-{row.setting}") for name, row in ROWS if row.point],
)
def test_each_point_is_that_of_one_planned_trial(name: str, row: Published) -> None:
    study = load(name)
    values = row.point.items()
    having = [one for one in points(study, row) if all(one[key] == value for key, value in values)]
    assert len(having) == 1
    assert expected_trials(study, steps(study)[-1]) == len(points(study, row))
