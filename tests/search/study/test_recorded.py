"""A recorded study is read back whole, by no rule of study files."""

import json
from typing import Any

import pytest

from search.errors import StudyFileError
from search.study.file import study_of
from search.study.reading import load, shipped
from search.study.recorded import recorded_form, recorded_study


def stored(form: dict[str, Any]) -> dict[str, Any]:
    """As a database gives it back."""
    read: dict[str, Any] = json.loads(json.dumps(form))
    return read


@pytest.mark.parametrize("name", [one.name for one in shipped()])
def test_a_study_is_read_back_as_it_was(name: str) -> None:
    study = load(name)
    read = recorded_study(stored(recorded_form(study)))
    assert read == study
    assert read.canonical() == study.canonical()
    assert [stage.boxes for stage in read.stages] == [stage.boxes for stage in study.stages]
    assert hash(read.stages[0].boxes) == hash(study.stages[0].boxes)


def test_a_rule_that_became_stricter_does_not_make_it_unreadable() -> None:
    form = stored(recorded_form(load("digits")))
    form["objective"]["network"]["widths"] = [0]
    form["stages"][0]["name"] = "final"  # a reserved name
    form["stages"][0]["trials"] = 0
    form["final"]["finalists"] = 5_000
    read = recorded_study(form)
    with pytest.raises(StudyFileError):
        study_of(read.canonical())
    assert read.objective.network.widths == (0,)
    assert [stage.name for stage in read.stages] == ["final", "fine", "finest"]
    assert (read.stages[0].trials, read.final.finalists) == (0, 5_000)


def test_a_key_that_came_later_has_its_default() -> None:
    form = stored(recorded_form(load("digits")))
    del form["objective"]["network"]["batch_norm_decay"]
    del form["stages"][0]["training"]["jitter"]
    read = recorded_study(form)
    assert read.objective.network.batch_norm_decay == 0.99
    assert read.stages[0].training.jitter == 0.0
