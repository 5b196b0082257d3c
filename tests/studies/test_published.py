"""Every published experiment has a study, and each row of its figures a trial that can fill it."""

from collections import Counter
from importlib import resources

import pytest

from search.plan.plan import expected_trials, plan, steps
from search.reproduce.published import experiments
from search.reproduce.published_tables import Published
from search.study.file import Study
from search.study.reading import load, shipped
from tests.studies.figures import CHECKS, FIGURES

NAMES = [one.name for one in shipped()]
FOUND = {name: experiments(name) for name in NAMES}
ROWS = [(name, row) for name in NAMES for row in FOUND[name].published]

COUNTS = {"A": 5, "B": 5, "C": 5, "D": 3, "E": 8}
EXPERIMENTS = {f"{letter}{n}" for letter, count in COUNTS.items() for n in range(1, count + 1)}


def test_every_experiment_has_a_row() -> None:
    assert {row.id for _, row in ROWS} == EXPERIMENTS == set(FIGURES)


@pytest.mark.parametrize("experiment", FIGURES)
def test_the_figures_are_those_that_were_published(experiment: str) -> None:
    found = [
        (row.stage or dict(row.point), row.measure, row.said if row.value is None else row.value)
        for _, row in ROWS
        if row.id == experiment and row.said != "–"
    ]
    assert sorted(found, key=repr) == sorted(FIGURES[experiment], key=repr)


def test_every_published_gradient_check_is_made() -> None:
    found = [
        (check, check.network_of(load(name).objective.network))
        for name in NAMES
        for check in FOUND[name].checks
    ]
    made = [
        (
            check.id,
            network.widths,
            network.batch_norm,
            check.inputs,
            check.rows,
            check.weight_decay,
            check.difference,
            check.published,
        )
        for check, network in found
    ]
    assert sorted(made, key=repr) == sorted(CHECKS, key=repr)


@pytest.mark.parametrize("name", [name for name in NAMES if FOUND[name].published])
def test_the_first_row_of_an_experiment_says_how_it_was_read_and_no_other_repeats_it(
    name: str,
) -> None:
    rows, text = (
        FOUND[name].published,
        (resources.files("studies") / f"{name}.toml").read_text("utf-8"),
    )
    first = {row.id: row.remark for row in reversed(rows)}
    if "Not said" in " ".join(text[: text.index("\n\n")].replace("#", " ").split()):
        assert all("Not said" in remark or "read as" in remark for remark in first.values())
    assert max(Counter(row.remark for row in rows if row.remark).values(), default=1) == 1


@pytest.mark.parametrize("name", [name for name in NAMES if FOUND[name].published])
def test_no_two_rows_of_a_file_have_one_name(name: str) -> None:
    named = Counter((row.id, row.setting) for row in FOUND[name].published)
    assert max(named.values()) == 1


def points(study: Study, row: Published) -> list[dict[str, object]]:
    """What the stage that a row speaks of trains, or the last one, whose trials the final has."""
    known = {step.name: step for step in steps(study)}
    stage = known[row.stage or study.stages[-1].name]
    made = plan(study, stage, [])
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
