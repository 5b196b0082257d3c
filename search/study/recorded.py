"""Studies as a database keeps them: whole, and read without any rule of study files.

A rule that became stricter must not make a recorded search unreadable, so nothing is checked here:
each value is put back where `recorded_form` took it from.
"""

from typing import Any

from search.study.file import Study
from search.study.kinds import kind_named
from search.study.recorded_tables import constructed
from search.study.stages import Stage


def recorded_form(study: Study) -> dict[str, Any]:
    """A study as plain values for JSON, with all that was resolved."""
    return {
        "kind": study.objective.kind,
        "name": study.name,
        "description": study.description,
        "seed": study.seed,
        "hours": study.hours,
        "objective": study.objective.recorded(),
        "stages": [stage.model_dump(mode="json") for stage in study.stages],
        "final": study.final.model_dump(mode="json"),
    }


def recorded_study(form: dict[str, Any]) -> Study:
    """The study that `recorded_form` wrote."""
    kind = kind_named(form["kind"])
    training = kind.DOCUMENT.model_fields["training"].annotation
    final = kind.DOCUMENT.model_fields["final"].annotation
    stages = [
        constructed(Stage, stage | {"training": constructed(training, stage["training"])})
        for stage in form["stages"]
    ]
    return Study.model_construct(
        name=form["name"],
        description=form["description"],
        seed=form["seed"],
        hours=form.get("hours"),
        objective=kind.recorded(form["objective"]),
        stages=tuple(stages),
        final=constructed(final, form["final"]),
    )
