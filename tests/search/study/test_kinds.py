"""A kind of objective is found by its name, and a wrong name costs one message."""

import sys
from typing import Any

import pytest

from search.errors import StudyFileError
from search.study import kinds
from search.study.file import study_of
from search.study.kinds import DEFAULT, kind_of
from search.study.reading import load
from search.study.tables import Document

STAGES = [{"trials": 2, "box": {"learning_rate": {"low": 0.01, "high": 0.1}}}]


def told(objective: Any) -> str:
    with pytest.raises(StudyFileError) as caught:
        study_of({"name": "x", "objective": objective, "stages": STAGES})
    return str(caught.value)


def test_without_a_word_the_default_is_meant() -> None:
    assert kind_of({}) is kind_of({"objective": {"kind": DEFAULT}}) is kind_of({"objective": {}})
    assert load("digits").objective.kind == DEFAULT


def test_a_kind_has_tables_and_hyperparameters() -> None:
    kind = kind_of({})
    assert issubclass(kind.DOCUMENT, Document)
    registry = kind.registry({})
    assert {registry.find(name).name for name in registry.names()} == set(registry.names())  # type: ignore[union-attr]


def test_a_name_that_is_almost_right_is_corrected() -> None:
    assert told({"kind": "netwrok"}) == (
        'objective.kind: found "netwrok", which is no kind of objective; did you mean network?'
    )


@pytest.mark.parametrize("kind", [3, True, [], {"a": 1}, ""])
def test_what_is_no_name_is_refused(kind: Any) -> None:
    assert "which is no kind of objective; " in told({"kind": kind})


def test_a_kind_is_loaded_only_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kinds._KINDS, "other", "a_module_that_is_not_there")
    kind_of({})
    assert "a_module_that_is_not_there" not in sys.modules
    with pytest.raises(ModuleNotFoundError):
        kind_of({"objective": {"kind": "other"}})
